"""A chain of two products at the fused level, and the templates that it may become."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from boltir.compiler import compiler_context
from boltir.dialects.cutlass import CHOICE_ATTRIBUTE, ChoiceAttr
from boltir.dialects.fused import ChainOp
from boltir.profiler.candidates import AnyCandidate, candidates_for
from boltir.profiler.problem import kernels_of
from boltir.target import Target

TEXT = """
func.func @main(
    %x: tensor<{m}x64xf16>, %w0: tensor<32x64xf16>, %bias: tensor<32xf16>, %w1: tensor<16x32xf16>
) -> tensor<{m}x16xf16> {{
  %y = fused.chain(%x, %w0, %bias, %w1
      : tensor<{m}x64xf16>, tensor<32x64xf16>, tensor<32xf16>, tensor<16x32xf16>)
      {{residence = #fused.residence {residence}}} -> tensor<{m}x16xf16> {{
  ^bb0(%a: tensor<{m}x64xf16>, %b0: tensor<32x64xf16>, %v: tensor<32xf16>, %b1: tensor<16x32xf16>):
    %h = fused.gemm(%a, %b0 : tensor<{m}x64xf16>, tensor<32x64xf16>) epilogue(%v : tensor<32xf16>) [row]
        {{transpose_b = true}} -> tensor<{m}x32xf16> {{
    ^bb1(%sum: f32, %offset: f32):
      %z = arith.addf %sum, %offset : f32
      fused.yield %z : f32
    }}
    %r = fused.gemm(%h, %b1 : tensor<{m}x32xf16>, tensor<16x32xf16>) {{transpose_b = true}} -> tensor<{m}x16xf16> {{
    ^bb2(%sum: f32):
      fused.yield %sum : f32
    }}
    fused.yield %r : tensor<{m}x16xf16>
  }}
  func.return %y : tensor<{m}x16xf16>
}}
"""


def chain_module(rows: int = 128, residence: str = "rf") -> ModuleOp:
    """[rows, 64] x [64, 32] + bias, x [32, 16]."""
    return Parser(compiler_context(), TEXT.format(m=rows, residence=residence)).parse_module()


def chain_of(module: ModuleOp) -> ChainOp:
    (op,) = kernels_of(module)
    assert isinstance(op, ChainOp)
    return op


def templates_for(module: ModuleOp, target: Target) -> Sequence[AnyCandidate]:
    """What the chain may become."""
    return candidates_for(chain_of(module), target).legal


def choose(module: ModuleOp, candidate: AnyCandidate) -> ChainOp:
    """Attach a template to the chain."""
    chain = chain_of(module)
    chain.attributes[CHOICE_ATTRIBUTE] = ChoiceAttr.of(candidate.template, candidate.arguments)
    return chain
