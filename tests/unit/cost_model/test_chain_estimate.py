"""What the cost model must say of any kernel of dependent products."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import f16

from boltir.cost_model import Estimate, estimate
from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.cutlass.chain_gemm_sm90 import ChainGemmSm90Attr
from boltir.dialects.cutlass.conv2d import CONV2D_PARAMETERS
from boltir.dialects.cutlass.matrix import Layout
from boltir.dialects.cutlass.template import KernelSignature, StageSignature
from boltir.dialects.fused import Broadcast
from boltir.lowering.fused_to_cutlass.chains.candidates import ChainCandidate, chain_candidates
from boltir.lowering.fused_to_cutlass.chains.problem import ChainProblem
from boltir.target import Target

H100, A100 = Target.named("sm_90a"), Target.named("sm_80")
ROUNDING = 1 + 1e-12
BIAS_AND_GELU = 14
"""Instructions, as `epilogue_instructions` counts them."""
WIDTHS = st.sampled_from((32, 64, 96, 128))


def problem(rows: int, extents: tuple[int, ...], residual: bool = False) -> ChainProblem:
    """Products of a matrix [rows, extents[0]], each with the next of so many columns and a bias."""
    stage = StageSignature((f16,), (Broadcast.ROW,))
    products = len(extents) - 1
    last, kinds = ((f16, f16), (Broadcast.ROW, Broadcast.FULL)) if residual else ((f16,), (Broadcast.ROW,))
    stages = (stage,) * (products - 1)
    signature = KernelSignature((f16,) * (products + 1), last, kinds, (f16,), stages=stages)
    return ChainProblem(None, rows, extents, Layout.COLUMN, signature)


PROBLEMS = st.builds(
    problem,
    st.integers(1, 400).map(lambda blocks: 64 * blocks),
    st.lists(WIDTHS, min_size=3, max_size=4).map(tuple),
    st.booleans(),
)


def candidates(given_problem: ChainProblem, target: Target = H100) -> tuple[ChainCandidate, ...]:
    return chain_candidates(given_problem, target).candidates


def expected(template: ChainAttr, rows: int, found: ChainProblem, target: Target) -> Estimate:
    result = estimate(template, {**found.arguments, "m": rows}, found.signature, target, found.instructions)
    assert result is not None
    return result


@given(PROBLEMS, st.sampled_from((H100, A100)))
def test_no_kernel_beats_the_hardware(found: ChainProblem, target: Target) -> None:
    for candidate in candidates(found, target):
        assert candidate.estimate.seconds > candidate.estimate.roof_seconds > 0


@given(PROBLEMS, st.sampled_from((H100, A100)), st.integers(1, 400))
def test_more_rows_never_take_less_time(found: ChainProblem, target: Target, more: int) -> None:
    for candidate in candidates(found, target):
        fewer, all_rows = (expected(candidate.template, m, found, target) for m in (found.rows, found.rows + more))
        assert all_rows.seconds * ROUNDING >= fewer.seconds


@given(PROBLEMS)
def test_faster_hardware_never_takes_longer(found: ChainProblem) -> None:
    for candidate in candidates(found):
        for faster in (
            replace(H100, memory_bandwidth=2 * H100.memory_bandwidth),
            replace(H100, tensor_flops=2 * H100.tensor_flops),
        ):
            assert (
                expected(candidate.template, found.rows, found, faster).seconds <= candidate.estimate.seconds * ROUNDING
            )


@given(PROBLEMS)
def test_intermediates_cost_no_traffic(found: ChainProblem) -> None:
    """A, each B, each bias, and the result; a residual besides."""
    k0, *columns = found.extents
    matrices = 1 + len([kind for kind in found.signature.broadcasts if kind is Broadcast.FULL])
    elements = (
        found.rows * (k0 + matrices * columns[-1]) + sum(k * n for k, n in pairwise(found.extents)) + sum(columns)
    )
    for candidate in candidates(found)[:1]:
        assert candidate.estimate.memory_bytes == 2 * elements
        assert candidate.estimate.flops == 2 * found.rows * sum(k * n for k, n in pairwise(found.extents))


def test_there_are_candidates() -> None:
    for target in (H100, A100):
        assert len(candidates(problem(16384, (256, 64, 32)), target)) > 5


Tile = tuple[int, int, int, int]
"""Chunk, consumers, slots and partners."""
MEASURED: dict[tuple[int, tuple[int, ...]], dict[Tile, float]] = {
    (1000, (72, 48, 32)): {(48, 2, 0, 1): 2.3},
    (16384, (256, 64, 16)): {(64, 2, 0, 1): 4.7},
    (24, (64, 256, 64)): {(64, 2, 0, 2): 2.8},
    (32768, (64, 256, 64)): {(64, 2, 0, 1): 6.7, (128, 2, 0, 1): 6.9, (128, 3, 0, 1): 7.6, (64, 4, 0, 1): 7.8},
    (32768, (576, 128, 64)): {(128, 2, 0, 1): 15.9, (64, 2, 0, 2): 17.7},
    (128320, (96, 32, 96)): {(32, 2, 0, 1): 18.6, (32, 3, 0, 1): 17.8, (32, 1, 0, 1): 20.5},
    (3000, (64, 64, 96, 128)): {(64, 2, 0, 1): 3.1},
}
"""Microseconds on an H100, with a bias and a ReLU behind each product."""
MEASURED_WITH_GELU: dict[tuple[int, tuple[int, ...]], dict[Tile, float]] = {
    (8192, (96, 384, 96)): {(64, 2, 0, 2): 6.3, (128, 1, 0, 1): 7.1, (192, 2, 0, 2): 7.2, (64, 1, 0, 1): 8.7},
    (8192, (128, 512, 128)): {(128, 2, 2, 2): 7.8, (64, 2, 4, 2): 7.9},
    (8192, (192, 768, 192)): {
        (64, 2, 2, 2): 13.6, (128, 1, 1, 1): 14.1, (64, 1, 3, 1): 17.3, (64, 2, 2, 1): 22.8,
    },
    (256, (192, 768, 192)): {(64, 2, 2, 2): 12.0},
    (8192, (256, 1024, 256)): {(64, 2, 2, 2): 20.1},
    (24, (64, 256, 64)): {(64, 2, 0, 2): 3.6, (64, 2, 0, 1): 3.9, (128, 2, 0, 1): 4.0},
    (16384, (64, 256, 64)): {(64, 2, 0, 1): 6.0, (64, 2, 0, 2): 6.5},
    (32768, (64, 256, 64)): {
        (64, 2, 0, 1): 9.5, (128, 2, 0, 1): 10.1, (64, 4, 0, 1): 10.4, (128, 3, 0, 1): 10.9, (64, 2, 0, 2): 11.3,
    },
}  # fmt: skip
"""The same with a bias and a GELU behind the first product, and a bias behind the second."""


def with_gelu(found: ChainProblem) -> ChainProblem:
    return replace(found, instructions=(BIAS_AND_GELU, 1))


ON_H100 = {
    **{f"{rows}, {extents}": (problem(rows, extents), times) for (rows, extents), times in MEASURED.items()},
    **{
        f"{rows}, {extents}, GELU": (with_gelu(problem(rows, extents)), times)
        for (rows, extents), times in MEASURED_WITH_GELU.items()
    },
}
"""Problems, and what was measured of them."""


@pytest.mark.parametrize("name", ON_H100)
def test_what_was_measured_on_an_h100(name: str) -> None:
    found, times = ON_H100[name]
    for tile, microseconds in times.items():
        seconds = expected(own_template(found, tile), found.rows, found, H100).seconds
        assert 1e6 * seconds == pytest.approx(microseconds, rel=0.15)


@pytest.mark.parametrize("name", ON_H100)
def test_the_first_choice_is_as_good_as_the_best_that_was_measured(name: str) -> None:
    found, times = ON_H100[name]
    first = candidates(found)[0].template
    assert isinstance(first, ChainGemmSm90Attr)
    tile = (first.chunk.data, first.consumers.data, first.slots.data, first.partners.data)
    assert times[tile] <= 1.05 * min(times.values())


@given(PROBLEMS, st.integers(3, 60))
def test_more_instructions_never_take_less_time(found: ChainProblem, count: int) -> None:
    products = len(found.extents) - 1
    more = replace(found, instructions=(count,) * products)
    for candidate in candidates(found):
        longer = expected(candidate.template, found.rows, more, H100)
        assert longer.seconds * ROUNDING >= candidate.estimate.seconds


def own_template(found: ChainProblem, tile: Tile) -> ChainGemmSm90Attr:
    """With as many stages as a tile of A has blocks."""
    chunk, consumers, slots, partners = tile
    stages = -(-found.extents[0] // 64)
    return ChainGemmSm90Attr.of(
        math="f16", extents=found.extents, chunk=chunk, consumers=consumers, stages=stages, slots=slots,
        partners=partners, layout_b="column",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "extents", "microseconds"),
    [(16384, (256, 64, 16), 8.3), (32768, (576, 128, 64), 25.1), (128320, (96, 32, 96), 34.3)],
)
def test_templates_for_ampere_that_were_measured_on_an_h100(
    rows: int, extents: tuple[int, ...], microseconds: float
) -> None:
    found = problem(rows, extents)
    chosen = candidates(found, A100)[0].template
    assert 1e6 * expected(chosen, rows, found, H100).seconds == pytest.approx(microseconds, rel=0.2)


@pytest.mark.parametrize(
    ("image", "channels", "columns", "stride", "microseconds"),
    [
        (56, 48, 48, 1, 18.2),
        (56, 64, 64, 1, 20.5),
        (28, 128, 128, 1, 16.2),
        (14, 256, 256, 1, 19.0),
        (56, 64, 256, 1, 34.1),
        (56, 64, 64, 2, 12.1),
    ],
)
def test_convolutions_that_were_measured_on_an_h100(
    image: int, channels: int, columns: int, stride: int, microseconds: float
) -> None:
    found = convolutions(image, channels, columns, stride)
    assert 1e6 * candidates(found)[0].estimate.seconds == pytest.approx(microseconds, rel=0.25)


@pytest.mark.parametrize(("channels", "consumers", "microseconds"), [(192, 2, 19.1), (128, 3, 13.9)])
def test_multiprocessors_idle_where_there_is_no_tile_for_each_consumer(
    channels: int, consumers: int, microseconds: float
) -> None:
    """98 tiles keep 49 multiprocessors busy with two each, or 33 with three."""
    found = candidates(convolutions(14, channels, channels, 1))
    such = next(one for one in found if one.template.values().get("consumers") == consumers)
    assert 1e6 * such.estimate.seconds == pytest.approx(microseconds, rel=0.2)


def convolutions(image: int, channels: int, columns: int, stride: int) -> ChainProblem:
    """Windows of 3 x 3 pixels, and as many channels behind them, for 32 images."""
    pixels = image // stride
    values = (32, image, image, channels, channels, 3, 3, pixels, pixels, 1, 1, stride, stride, 1, 1)
    window = tuple(zip(CONV2D_PARAMETERS, values, strict=True))
    return replace(problem(32 * pixels * pixels, (9 * channels, channels, columns)), window=window)
