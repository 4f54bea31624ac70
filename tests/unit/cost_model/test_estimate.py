"""What the cost model must say of any kernel, and how well it ranks those that were measured."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import f16, f32

from boltir.cost_model import Bound, Estimate, estimate
from boltir.cost_model.traffic import Raster
from boltir.dialects.cutlass.conv2d import CONV2D_PARAMETERS, Conv2dAttr
from boltir.dialects.cutlass.conv2d_sm90 import Conv2dSm90Attr
from boltir.dialects.cutlass.gemm import GemmAttr
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS, Math
from boltir.dialects.cutlass.simt_movement import PointwiseAttr
from boltir.dialects.cutlass.sm90 import Schedule
from boltir.dialects.cutlass.template import KernelSignature, TemplateAttr
from boltir.dialects.fused import Broadcast
from boltir.lowering.fused_to_cutlass.mainloops import HopperTile, Tile
from boltir.lowering.fused_to_cutlass.tables import ASYNC_TILES, CONV2D_TILES, HOPPER_TILES
from boltir.target import Target

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
H100, A100 = Target.named("sm_90a"), Target.named("sm_80")
PLAIN = KernelSignature((f16, f16), (), (), (f16,))
ROUNDING = 1 + 1e-12
ORDER = {"slices": 2, "swizzle": 1, "raster": Raster.ALONG_M}
"""What the schedules' own launch integers are. CUTLASS's heuristic may turn the order where a matrix grows."""
WHOLE_TILES = 96  # times 8: what every tile's rows and columns divide
ALIGNED = {"alignment_a": 8, "alignment_b": 8, "alignment_c": 8}

Case = tuple[TemplateAttr, dict[str, int]]


def gemm(tile: HopperTile | Tile) -> TemplateAttr:
    kind = GemmSm90Attr if isinstance(tile, HopperTile) else GemmAttr
    return kind.of(**tile.parameters(Math.F16, H100), **ALIGNED, layout_a="row", layout_b="column")


def conv2d(tile: HopperTile | Tile) -> TemplateAttr:
    if isinstance(tile, HopperTile):
        return Conv2dSm90Attr.of(**tile.parameters(Math.F16, H100), **ALIGNED)
    return Conv2dAttr.of(**tile.parameters(Math.F16, H100), **ALIGNED, iterator_algorithm="optimized")


def product(m: int, n: int, k: int, batch: int = 1) -> dict[str, int]:
    return dict(zip(GEMM_PARAMETERS, (m, n, k, batch, k, k, n, m * k, n * k, m * n), strict=True))


def convolution(n: int, image: int, c: int, k: int, window: int = 3) -> dict[str, int]:
    values = (n, image, image, c, k, window, window, image, image, window // 2, window // 2, 1, 1, 1, 1)
    return dict(zip(CONV2D_PARAMETERS, values, strict=True))


def reading(*operands: Broadcast) -> KernelSignature:
    """PLAIN, with 32-bit operands of its epilogue."""
    return replace(PLAIN, epilogue_operands=(f32,) * len(operands), broadcasts=operands)


def expected(case: Case, signature: KernelSignature = PLAIN, target: Target = H100) -> Estimate:
    template, integers = case
    order = {name: ORDER[name] for name in template.launch_parameters if name in ORDER}
    found = estimate(template, {**integers, **order}, signature, target)
    assert found is not None
    return found


WIDE = tuple(tile for tile in ASYNC_TILES if tile.threadblock[1] >= 64)
EXTENTS = st.integers(1, 600).map(lambda blocks: 8 * blocks)
PRODUCTS = st.builds(product, EXTENTS, EXTENTS, EXTENTS, st.integers(1, 16))
CONVOLUTIONS = st.builds(convolution, st.integers(1, 40), st.integers(3, 60), EXTENTS, EXTENTS, st.sampled_from([1, 3]))
CASES = st.one_of(
    st.tuples(st.sampled_from((*HOPPER_TILES, *WIDE)).map(gemm), PRODUCTS),
    st.tuples(st.sampled_from((*CONV2D_TILES, *WIDE)).map(conv2d), CONVOLUTIONS),
)


@given(CASES, st.sampled_from(["m", "n", "k", "batch", "p", "r"]), EXTENTS)
def test_more_work_never_takes_less_time(case: Case, name: str, more: int) -> None:
    template, integers = case
    if name not in integers:
        return
    if name in (("m", "n") if "m" in integers else ("k",)):
        # Measured: rows and columns behind the last one take longer to fill than those there are: tiles must be whole.
        integers, more = {**integers, name: WHOLE_TILES * integers[name]}, WHOLE_TILES * more
    grown = {**integers, name: integers[name] + more}
    assert expected((template, grown)).seconds * ROUNDING >= expected((template, integers)).seconds


@given(CASES)
def test_no_kernel_beats_the_hardware(case: Case) -> None:
    found = expected(case)
    assert found.seconds > found.roof_seconds > 0


@given(CASES, st.sampled_from([Broadcast.FULL, Broadcast.GENERAL, Broadcast.ROW, Broadcast.COLUMN, Broadcast.SCALAR]))
def test_an_epilogue_operand_never_saves_time(case: Case, kind: Broadcast) -> None:
    # The first general operand is read in registers: the shared memory of CUTLASS's epilogue is free for another stage.
    others = (kind,) if kind is Broadcast.GENERAL else ()
    assert expected(case, reading(*others, kind)).seconds * ROUNDING >= expected(case, reading(*others)).seconds


def test_an_operand_read_in_registers_leaves_shared_memory_for_another_stage() -> None:
    tile = conv2d(HopperTile((192, 64, 64), Schedule.PINGPONG))
    case = (tile, convolution(1, 3, 904, 8))
    general = reading(Broadcast.GENERAL)
    assert isinstance(tile, Conv2dSm90Attr)
    assert tile.stages(H100, general) == tile.stages(H100, PLAIN) + 1
    assert expected(case).bound is Bound.LATENCY
    assert expected(case, general).seconds < expected(case).seconds


@given(CASES)
def test_faster_hardware_never_takes_longer(case: Case) -> None:
    for faster in (
        replace(H100, memory_bandwidth=2 * H100.memory_bandwidth),
        replace(H100, tensor_flops=2 * H100.tensor_flops),
        replace(H100, l2_bytes=2 * H100.l2_bytes),
    ):
        assert expected(case, target=faster).seconds <= expected(case).seconds * ROUNDING


def test_the_bound_is_named() -> None:
    large = gemm(HopperTile((128, 256, 64), Schedule.COOPERATIVE))
    narrow = gemm(HopperTile((64, 64, 64), Schedule.WARP_SPECIALIZED))
    assert expected((large, product(8192, 8192, 8192))).bound is Bound.TENSOR_CORES
    assert expected((narrow, product(64, 4096, 4096))).bound is Bound.MEMORY
    assert expected((narrow, product(64, 64, 64))).bound is Bound.LAUNCH
    assert expected((narrow, product(64, 64, 65536))).bound is Bound.LATENCY


def test_a_last_round_of_few_tiles_costs_nearly_a_round() -> None:
    """132 multiprocessors: 12 x 11 tiles keep them busy once, the next row of tiles needs another round."""
    tile = gemm(HopperTile((128, 128, 64), Schedule.COOPERATIVE))
    one, two = (expected((tile, product(128 * rows, 128 * 11, 8192))) for rows in (12, 13))
    assert (one.rounds, two.rounds) == (1, 2)
    assert 1.6 * one.seconds < two.seconds < 2 * one.seconds


def test_slices_of_k_share_a_long_sum() -> None:
    split = gemm(HopperTile((64, 64, 64), Schedule.SPLIT_K))
    long, slices = product(64, 64, 16384), (2, 4, 8)
    times = [estimate(split, {**long, "slices": count}, PLAIN, H100) for count in slices]
    seconds = [time.seconds for time in times if time is not None]
    assert seconds == sorted(seconds, reverse=True)
    assert len(seconds) == len(slices)


def test_other_architectures_have_their_own_rates() -> None:
    case = (gemm(ASYNC_TILES[-1]), product(8192, 8192, 8192))
    assert expected(case, target=A100).seconds > 8192**3 * 2 / A100.tensor_flops


def test_families_that_move_bytes_have_no_model() -> None:
    sum_of_two = PointwiseAttr.of(inputs=0, vector=8, rank=1, strided=(), innermost=())
    assert estimate(sum_of_two, {"size_0": 1024}, PLAIN, H100) is None


def test_the_first_choice_is_close_to_the_best_measured_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """At least 80% within 15% is the promise; 95% is what this version of the model does."""
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    benchmark, times = importlib.import_module("cost_model"), importlib.import_module("kernel_times")
    try:
        problems = times.load()
        judged = [benchmark.judge(problem, benchmark.cost_model, problem.timings) for problem in problems]
    finally:
        for name in ("cost_model", "kernel_times"):
            sys.modules.pop(name, None)
    assert len(judged) >= 200
    assert benchmark.part_close(judged) >= 0.95
