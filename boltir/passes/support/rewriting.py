"""What passes within the graph level share: visiting operations, applying patterns, cleaning up."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.pattern_rewriter import GreedyRewritePatternApplier, PatternRewriteWalker, RewritePattern

from boltir.dialects.graph.base import GraphOp


def apply_patterns(module: ModuleOp, *patterns: RewritePattern) -> None:
    """Apply `patterns` until none matches."""
    PatternRewriteWalker(GreedyRewritePatternApplier(list(patterns))).rewrite_module(module)


def apply_once(module: ModuleOp, pattern: RewritePattern) -> None:
    """Show `pattern` every operation that is there now, once."""
    PatternRewriteWalker(pattern, apply_recursively=False).rewrite_module(module)


def functions(module: ModuleOp) -> Iterator[FuncOp]:
    """The functions of `module` that have a body."""
    for op in module.ops:
        if isinstance(op, FuncOp) and op.body.blocks:
            yield op


def graph_ops(module: ModuleOp) -> list[GraphOp]:
    """The graph operations of `module`, operands before uses."""
    return [op for function in functions(module) for op in function.body.walk() if isinstance(op, GraphOp)]


def erase_unused(ops: list[GraphOp]) -> None:
    """Erase those of `ops`, which are in order, whose result nobody uses."""
    for op in reversed(ops):
        if op.result.first_use is None:
            op.detach()
            op.erase()
