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
from boltir.lowering.fused_to_cutlass.chain import ChainProblem
from boltir.lowering.fused_to_cutlass.chain_candidates import ChainCandidate, chain_candidates
from boltir.target import Target

H100, A100 = Target.named("sm_90a"), Target.named("sm_80")
ROUNDING = 1 + 1e-12
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
    result = estimate(template, {**found.arguments, "m": rows}, found.signature, target)
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
    chunk, consumers, stages, slots, split = tile
    template = ChainGemmSm90Attr.of(
        math="f16", extents=extents, chunk=chunk, consumers=consumers, stages=stages, slots=slots, split=split,
        layout_b="column",
    )  # fmt: skip
    found = expected(template, rows, problem(rows, extents), H100)
    assert 1e6 * found.seconds == pytest.approx(microseconds, rel=0.35)


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
    """Windows of 3 x 3 pixels, and as many channels behind them, for 32 images."""
    pixels = image // stride
    values = (32, image, image, channels, channels, 3, 3, pixels, pixels, 1, 1, stride, stride, 1, 1)
    window = tuple(zip(CONV2D_PARAMETERS, values, strict=True))
    extents = (9 * channels, channels, columns)
    found = replace(problem(32 * pixels * pixels, extents), window=window)
    assert 1e6 * candidates(found)[0].estimate.seconds == pytest.approx(microseconds, rel=0.25)
