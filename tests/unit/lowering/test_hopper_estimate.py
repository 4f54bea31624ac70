"""Which Hopper kernel the estimate prefers, and what it must never say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin
from xdsl.dialects.func import Func, FuncOp
from xdsl.parser import Parser

from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.sm90 import Schedule
from boltir.dialects.fused import Fused
from boltir.lowering.fused_to_cutlass.choose import choose_templates
from boltir.lowering.fused_to_cutlass.hopper import HOPPER_TILES, fastest_on_hopper, hopper_seconds, slice_counts
from boltir.lowering.fused_to_cutlass.tiles import HopperTile, Problem
from boltir.remarks import Remarks
from boltir.target import Target

H100 = Target.named("sm_90a")


def kernel(tile: HopperTile) -> GemmSm90Attr:
    return GemmSm90Attr.of(
        math="f16", tile=tile.tile, cluster=tile.cluster, schedule=tile.schedule.value, swizzle=1,
        alignment_a=8, alignment_b=8, alignment_c=8, layout_a="row", layout_b="column",
    )  # fmt: skip


KERNELS = tuple(map(kernel, HOPPER_TILES))
SPLIT = next(template for template in KERNELS if template.schedule.data is Schedule.SPLIT_K)
EXTENTS = st.integers(1, 1000).map(lambda blocks: 8 * blocks)
PROBLEMS = st.builds(Problem, EXTENTS, EXTENTS, EXTENTS, st.integers(1, 16))


@given(st.sampled_from(KERNELS), PROBLEMS, EXTENTS)
def test_more_work_never_takes_less_time(template: GemmSm90Attr, problem: Problem, more: int) -> None:
    slices = slice_counts(template, 2)[-1]
    time = hopper_seconds(template, slices, problem, H100)
    for larger in (
        Problem(problem.m + more, problem.n, problem.k, problem.batch),
        Problem(problem.m, problem.n + more, problem.k, problem.batch),
        Problem(problem.m, problem.n, problem.k + more, problem.batch),
        Problem(problem.m, problem.n, problem.k, problem.batch + 1),
    ):
        assert hopper_seconds(template, slices, larger, H100) >= time


@given(st.sampled_from(KERNELS), PROBLEMS)
def test_no_kernel_beats_the_hardware(template: GemmSm90Attr, problem: Problem) -> None:
    seconds = hopper_seconds(template, slice_counts(template, 2)[-1], problem, H100)
    assert seconds > 2 * problem.m * problem.n * problem.k * problem.batch / H100.tensor_flops


@given(PROBLEMS)
def test_the_choice_can_be_launched(problem: Problem) -> None:
    template, integers = fastest_on_hopper(KERNELS, problem, H100)
    template.check_launch({"k": problem.k, "lda": 8, "ldb": 8, "ldd": 8, **integers})


@pytest.mark.parametrize(
    ("problem", "tile", "schedule"),
    [
        (Problem(49, 512, 512), (64, 64, 64), Schedule.WARP_SPECIALIZED),
        (Problem(1280, 768, 768), (64, 128, 64), Schedule.WARP_SPECIALIZED),
        (Problem(32, 1000, 4096), (64, 64, 64), Schedule.SPLIT_K),
    ],
    ids=str,
)
def test_measured_landmarks(problem: Problem, tile: tuple[int, ...], schedule: Schedule) -> None:
    template, _ = fastest_on_hopper(KERNELS, problem, H100)
    assert (template.tile.data, template.schedule.data) == (tile, schedule)


def test_few_tiles_of_a_long_sum_are_split_and_many_or_short_ones_are_not() -> None:
    def is_split(problem: Problem) -> bool:
        return fastest_on_hopper(KERNELS, problem, H100)[0].schedule.data is Schedule.SPLIT_K

    assert is_split(Problem(64, 512, 4608))
    assert not is_split(Problem(64, 512, 256))
    assert not is_split(Problem(8192, 8192, 4608))


def test_slices_are_at_least_two_and_no_more_than_a_cluster_or_the_steps_hold() -> None:
    assert list(slice_counts(SPLIT, 1)) == []
    assert list(slice_counts(SPLIT, 3)) == [2, 3]
    assert list(slice_counts(SPLIT, 100)) == [2, 3, 4, 5, 6, 7, 8]
    assert list(slice_counts(KERNELS[0], 100)) == [1]


def test_a_remark_says_that_k_is_split() -> None:
    network = """
      func.func @main(%x: tensor<49x4608xf16>, %w: tensor<512x4608xf16>) -> tensor<49x512xf16> {
        %y = fused.gemm(%x, %w : tensor<49x4608xf16>, tensor<512x4608xf16>) {transpose_b = true} -> tensor<49x512xf16> {
        ^bb0(%sum: f32):
          fused.yield %sum : f32
        }
        func.return %y : tensor<49x512xf16>
      }
    """
    context, remarks = Context(), Remarks()
    for dialect in (Builtin, Func, Fused):
        context.load_dialect(dialect)
    function = Parser(context, network).parse_module().body.block.first_op
    assert isinstance(function, FuncOp)
    choose_templates(function, H100, remarks)
    (remark,) = remarks
    assert remark.message.endswith("; its few tiles share 8 slices of K")
