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


@pytest.mark.parametrize(
    ("rows", "extents", "tile", "microseconds"),
    [
        (1000, (72, 48, 32), (48, 2, 3, 0, 1), 2.3),
        (16384, (256, 64, 16), (64, 2, 4, 0, 1), 4.9),
        (8192, (96, 384, 96), (128, 1, 2, 0, 1), 6.7),
        (32768, (64, 256, 64), (64, 4, 3, 0, 1), 8.1),
        (8192, (192, 768, 192), (128, 2, 3, 4, 2), 12.5),
        (32768, (576, 128, 64), (128, 2, 3, 0, 1), 17.3),
        (128320, (96, 32, 96), (32, 2, 8, 0, 1), 20.0),
        (3000, (64, 64, 96, 128), (64, 2, 3, 0, 1), 3.1),
    ],
)
def test_what_was_measured_on_an_h100(
    rows: int, extents: tuple[int, ...], tile: tuple[int, int, int, int, int], microseconds: float
) -> None:
    found = expected(own_template(extents, tile), rows, problem(rows, extents), H100)
    assert 1e6 * found.seconds == pytest.approx(microseconds, rel=0.35)


@pytest.mark.parametrize(
    ("rows", "extents", "tile", "microseconds"),
    [
        (8192, (96, 384, 96), (128, 1, 2, 0, 1), 7.7),
        (32768, (64, 256, 64), (64, 4, 3, 0, 1), 10.5),
        (32768, (64, 256, 64), (128, 2, 2, 0, 1), 10.9),
        (8192, (192, 768, 192), (128, 2, 3, 4, 2), 17.1),
    ],
)
def test_what_was_measured_with_a_gelu(
    rows: int, extents: tuple[int, ...], tile: tuple[int, int, int, int, int], microseconds: float
) -> None:
    with_gelu = replace(problem(rows, extents), instructions=(BIAS_AND_GELU, 1))
    found = expected(own_template(extents, tile), rows, with_gelu, H100)
    assert 1e6 * found.seconds == pytest.approx(microseconds, rel=0.1)


@given(PROBLEMS, st.integers(3, 60))
def test_more_instructions_never_take_less_time(found: ChainProblem, count: int) -> None:
    products = len(found.extents) - 1
    more = replace(found, instructions=(count,) * products)
    for candidate in candidates(found):
        longer = expected(candidate.template, found.rows, more, H100)
        assert longer.seconds * ROUNDING >= candidate.estimate.seconds


def own_template(extents: tuple[int, ...], tile: tuple[int, int, int, int, int]) -> ChainGemmSm90Attr:
    chunk, consumers, stages, slots, split = tile
    return ChainGemmSm90Attr.of(
        math="f16", extents=extents, chunk=chunk, consumers=consumers, stages=stages, slots=slots, split=split,
        layout_b="column",
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
