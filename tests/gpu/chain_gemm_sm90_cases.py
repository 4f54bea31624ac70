"""Dependent products in one kernel for Hopper: weights that stay or pass through, chunks, partners, all epilogues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects.builtin import bf16, f16, f32

from boltir.dialects.cutlass.chain_gemm_sm90 import ChainGemmSm90Attr
from tests.gpu.chain_cases import ChainCase, Stage, biased, biased_gelu, finished, residual, scaled_silu


@dataclass(frozen=True)
class Plan:
    """How a kernel divides its work and its shared memory (boltir/dialects/cutlass/chain_gemm_sm90.py)."""

    chunk: int = 64
    consumers: int = 2
    stages: int = 4
    slots: int = 0
    partners: int = 1
    layout_b: str = "column"

    def template(self, extents: Sequence[int], math: str) -> ChainGemmSm90Attr:
        return ChainGemmSm90Attr.of(math=math, extents=tuple(extents), **vars(self))


def product(name: str, a: tuple[int, int], stages: Sequence[Stage], plan: Plan, **rest: Any) -> ChainCase:
    template = plan.template([a[1], *(stage.columns for stage in stages)], str(rest.get("element", f16)))
    return ChainCase(f"{name}, sm_90a", "sm_90a", template, a, tuple(stages), **rest)


def cases() -> Iterator[ChainCase]:
    two = [biased(64), biased(16, biased_gelu)]
    yield product("weights stay", (1000, 256), two, Plan())
    yield product("no epilogue", (1000, 96), [Stage(32), Stage(96)], Plan(chunk=32, consumers=4))
    yield product("extents between steps", (777, 72), [biased(40), residual((777,), 24)], Plan(chunk=48, consumers=1))
    yield product("chunks", (20000, 64), [biased(256, biased_gelu), residual((20000,), 64)], Plan(chunk=128))
    yield product("a comes again", (3000, 256), [biased(256), biased(32)], Plan(chunk=64, stages=2, consumers=1))
    yield product("weights pass through", (9001, 192), [biased(256), biased(192)], Plan(stages=3, slots=2))
    yield product("deep", (1001, 576), [biased(128), biased(64)], Plan(128, stages=3))
    yield product("partners", (20001, 96), [biased(384), residual((20001,), 96)], Plan(stages=2, partners=2))
    pairs = Plan(consumers=4, partners=2)
    yield product("two pairs of partners", (30001, 64), [biased(256, biased_gelu), biased(48)], pairs)
    yield product("a chunk each", (3000, 256), [biased(128), biased(32)], Plan(stages=2, partners=2))
    mlp = [biased(768, biased_gelu), residual((20001,), 192)]
    yield product("partners, weights pass through", (20001, 192), mlp, Plan(stages=3, slots=2, partners=2))
    stages = [biased(256, biased_gelu), residual((20001,), 64)]
    yield product("pipelined", (20001, 64), stages, Plan(stages=2))
    odd = [biased(320, element=bf16), biased(96, element=bf16)]
    yield product("pipelined, chunks are odd, bf16", (5000, 40), odd, Plan(stages=3), element=bf16, output=bf16)
    wide = [biased(512, biased_gelu), residual((20001,), 128)]
    streams = Plan(stages=2, slots=4, partners=2)
    yield product("pipelined, partners, weights pass through", (20001, 128), wide, streams)
    row = Plan(48, stages=3, layout_b="row")
    yield product("row-major", (1000, 80), [biased(96), residual((1000,), 48)], row)
    three = [biased(128), biased(96, biased_gelu), residual((1000,), 128)]
    yield product("three", (1000, 64), three, Plan())
    yield product("three pass through", (5000, 128), [biased(256), *three[1:2], residual((5000,), 64)], Plan(slots=3))
    yield product("four", (500, 64), [biased(64), biased(32), *three[1:2], residual((500,), 128)], Plan(stages=2))
    half = [biased(64, element=bf16), biased(64, element=bf16)]
    yield product("bf16", (777, 40), half, Plan(), element=bf16, output=bf16)
    everything = [Stage(64, scaled_silu, (((64,), f32), ((1,), f16), ((64,), f32))), finished((333,), 64)]
    yield product("everything", (333, 64), everything, Plan(), output=f32)
    yield product("everything, partners", (333, 64), everything, Plan(32, partners=2), output=f32)


CASES = tuple(cases())
