"""Dependent products of a few columns, one thread per row: extents that nothing divides, vectors, all epilogues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from xdsl.dialects.builtin import bf16, f16, f32

from boltir.dialects.cutlass.chain_gemm_simt import ChainGemmSimtAttr
from tests.gpu.chain_cases import ChainCase, Stage, biased, biased_gelu, finished, residual, scaled_silu


def product(name: str, a: tuple[int, int], stages: Sequence[Stage], vector: int, **rest: Any) -> ChainCase:
    extents = (a[1], *(stage.columns for stage in stages))
    math = str(rest.get("element", f16))
    template = ChainGemmSimtAttr.of(math=math, extents=extents, vector=vector, layout_b="column")
    return ChainCase(f"{name}, sm_80", "sm_80", template, a, tuple(stages), **rest)


def cases() -> Iterator[ChainCase]:
    yield product("one column between", (2464, 4), [biased(1), biased(4, biased_gelu)], 4)
    yield product("odd", (100, 7), [biased(5), biased(3, biased_gelu), residual((100,), 9)], 1)
    yield product("bf16", (1000, 16), [biased(8, element=bf16), biased(16, element=bf16)], 8, element=bf16, output=bf16)
    everything = [Stage(6, scaled_silu, (((6,), f32), ((1,), f16), ((6,), f32))), finished((333,), 2)]
    yield product("everything", (333, 32), everything, 2, output=f32)


CASES = tuple(cases())
