"""What the CUTLASS templates accept on which target, and what they say otherwise."""

import re
from collections.abc import Sequence

import pytest
from xdsl.dialects.builtin import bf16, f16, f32, i8, i64
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.conv2d import Conv2dAttr
from boltir.dialects.cutlass.gemm import GemmAttr
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.store import Store, StoreKind
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue, TemplateAttr
from boltir.dialects.fused import Along, Broadcast, Combiner
from boltir.lowering.fused_to_cutlass.mainloops import Tile
from boltir.lowering.fused_to_cutlass.tables import ASYNC_TILES, REGISTER_STAGED_TILES
from boltir.target import Target

AMPERE: dict[str, ParameterValue] = {
    "math": "f16", "threadblock": (128, 128, 32), "warp": (64, 64, 32), "instruction": (16, 8, 16), "stages": 3,
    "swizzle": 1, "alignment_a": 8, "alignment_b": 8, "alignment_c": 8,
}  # fmt: skip
TURING: dict[str, ParameterValue] = {**AMPERE, "instruction": (16, 8, 8), "stages": 2}
HOPPER: dict[str, ParameterValue] = {
    "math": "f16", "tile": (128, 128, 64), "cluster": (1, 1, 1), "schedule": "pingpong",
    "alignment_a": 8, "alignment_b": 8, "alignment_c": 8, "layout_a": "row", "layout_b": "row",
}  # fmt: skip


def gemm(base: dict[str, ParameterValue] = AMPERE, /, **changes: ParameterValue) -> GemmAttr:
    return GemmAttr.of(**{**base, "layout_a": "row", "layout_b": "column", **changes})


def conv2d(base: dict[str, ParameterValue] = AMPERE, /, **changes: ParameterValue) -> Conv2dAttr:
    return Conv2dAttr.of(**{**base, "iterator_algorithm": "optimized", **changes})


def gemm_sm90(**changes: ParameterValue) -> GemmSm90Attr:
    return GemmSm90Attr.of(**{**HOPPER, **changes})


def signature(
    *operands: tuple[str, Attribute],
    inputs: Attribute = f16,
    output: Attribute = f16,
    stores: Sequence[Store] = (),
    accumulators: int = 1,
    general_rank: int = 0,
) -> KernelSignature:
    """Two inputs and one output; operands are (broadcast kind, element type)."""
    kinds, elements = tuple(Broadcast(kind) for kind, _ in operands), tuple(element for _, element in operands)
    return KernelSignature((inputs, inputs), elements, kinds, (output,), tuple(stores), accumulators, general_rank)


PLAIN = signature()
SUMS = Store(StoreKind.REDUCED, combiner=Combiner.SUM, along=Along.ROWS)


def check(template: TemplateAttr, target: str, kernel: KernelSignature = PLAIN) -> None:
    template.check_legal(Target.named(target), kernel)


@pytest.mark.parametrize("target", ["sm_80", "sm_86", "sm_89", "sm_90a"])
def test_the_default_tile_runs_on_every_ampere_like_target(target: str) -> None:
    check(gemm(), target)
    check(conv2d(), target)


def from_tile(tile: Tile, base: dict[str, ParameterValue]) -> dict[str, ParameterValue]:
    alignment = 8 if tile.threadblock[1] >= 64 else 4
    return {**base, "threadblock": tile.threadblock, "warp": tile.warp, "stages": tile.stages, "alignment_c": alignment}


@pytest.mark.parametrize(
    ("tile", "base", "target"),
    [
        *((tile, AMPERE, "sm_80") for tile in ASYNC_TILES),
        *((tile, AMPERE, "sm_80") for tile in REGISTER_STAGED_TILES),
        *((tile, TURING, "sm_75") for tile in REGISTER_STAGED_TILES),
    ],
    ids=str,
)
def test_shipped_tiles_are_legal_with_either_epilogue(tile: Tile, base: dict[str, ParameterValue], target: str) -> None:
    for kernel in (PLAIN, signature(("column", f16), stores=[SUMS]), signature(accumulators=2)):
        check(gemm(from_tile(tile, base)), target, kernel)
    check(conv2d(from_tile(tile, base)), target)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threadblock": (128, 128)}, "threadblock must be three positive numbers, got [128, 128]"),
        ({"warp": (48, 64, 32)}, "threadblock tile [128, 128, 32] is not divisible by warp tile [48, 64, 32]"),
        ({"warp": (64, 4, 32)}, "warp tile [64, 4, 32] is not divisible by instruction [16, 8, 16]"),
        ({"warp": (16, 16, 32)}, "64 warps exceed the 32 of a threadblock"),
        ({"warp": (128, 128, 32)}, "accumulators and fragments of warp tile [128, 128, 32] need 640 registers"),
        ({"warp": (64, 64, 16), "threadblock": (128, 128, 16)}, "even number of instructions along K, got 1"),
        ({"threadblock": (128, 64, 32), "warp": (16, 16, 32)}, "threadblock M = 128 is not a multiple of 256"),
        ({"stages": 1}, "stages must be at least 2, got 1"),
        ({"swizzle": 3}, "swizzle must be 1, 2, 4 or 8, got 3"),
        ({"alignment_b": 3}, "alignment_b must be a power of two, got 3"),
    ],
)
def test_parameters_that_contradict_each_other_have_no_attribute(
    changes: dict[str, ParameterValue], message: str
) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        gemm(**changes)


@pytest.mark.parametrize(
    ("template", "target", "message"),
    [
        (gemm(), "sm_75", "the f16 tensor-core instruction of sm_75 is [16, 8, 8], not [16, 8, 16]"),
        (gemm(TURING), "sm_80", "the f16 tensor-core instruction of sm_80 is [16, 8, 16], not [16, 8, 8]"),
        (gemm(TURING, stages=3), "sm_75", "sm_75 has no cp.async: exactly 2 stages, not 3"),
        (gemm(stages=12), "sm_80", "196608 bytes of shared memory exceed the 166912 of sm_80"),
        (gemm(stages=7), "sm_86", "114688 bytes of shared memory exceed the 101376 of sm_86"),
        (gemm(alignment_a=1), "sm_80", "alignment of A is 2 bytes, cp.async moves at least 4: use 2 stages"),
        (gemm(alignment_b=16), "sm_80", "alignment of B is 16 elements: one access moves at most 16 bytes"),
        (gemm(alignment_c=16), "sm_80", "alignment_c is 32 bytes: one access moves at most 16"),
    ],
)
def test_a_2x_kernel_states_the_targets_limit_it_breaks(template: GemmAttr, target: str, message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        check(template, target)


def test_two_stages_pass_through_registers_and_take_any_alignment() -> None:
    check(gemm(stages=2, alignment_a=1, alignment_b=1, alignment_c=1), "sm_80")


@pytest.mark.parametrize(
    ("threadblock", "warp"),
    [((128, 16, 64), (64, 16, 64)), ((128, 32, 64), (64, 16, 64)), ((256, 16, 32), (128, 16, 32))],
)
def test_narrow_tiles_cannot_store_wide_accesses(threadblock: tuple[int, int, int], warp: tuple[int, int, int]) -> None:
    """CUTLASS ships these tiles; with 8-wide f16 output they store wrong values or do not build."""
    with pytest.raises(VerifyException, match=r"columns wide in accesses of 8 elements; use a smaller alignment_c"):
        check(gemm(threadblock=threadblock, warp=warp), "sm_80")
    check(gemm(threadblock=threadblock, warp=warp, alignment_c=4), "sm_80")


@pytest.mark.parametrize("kernel", [PLAIN, signature(stores=[SUMS])])
def test_wide_warps_cannot_exchange_wide_accesses_of_f16(kernel: KernelSignature) -> None:
    """Nothing of CUTLASS says so: half of the columns are wrong."""
    tile: dict[str, ParameterValue] = {"threadblock": (64, 128, 32), "warp": (16, 128, 32)}
    with pytest.raises(
        VerifyException, match="warps 128 columns wide exchange wrong accumulators for accesses of 8 f16"
    ):
        check(gemm(**tile), "sm_80", kernel)
    check(gemm(**tile, alignment_c=4), "sm_80", kernel)
    check(gemm(**tile, math="bf16"), "sm_80", signature(inputs=bf16, output=bf16))


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (signature(inputs=f32), "math = f16 takes f16 inputs, not f32"),
        (KernelSignature((f16, bf16), (), (), (f16,)), "expected two inputs of one type, got (f16, bf16)"),
        (signature(*[("full", f16)] * 16), "17 operands and outputs of the epilogue exceed 16"),
        (signature(output=i8, stores=[SUMS]), "a reduced store makes f16, bf16 or f32, not i8"),
        (signature(stores=[SUMS], accumulators=2), "a reduced store counts the tiles of one product, not of two"),
        (signature(stores=[Store(StoreKind.PERMUTED, 9, 1)]), "a permuted store has at most 8 dimensions, got 9"),
        (signature(("general", f16), general_rank=9), "general operands have at most 8 dimensions, got 9"),
        (signature(accumulators=3), "the template gemm does not accumulate 3 products"),
    ],
)
def test_the_2x_epilogue_states_what_it_cannot_hold(kernel: KernelSignature, message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        check(gemm(), "sm_80", kernel)


@pytest.mark.parametrize(
    "kernel",
    [
        signature(),
        signature(("row", f32), output=f32),
        signature(("full", f16), ("row", f32), ("full", f16), ("scalar", bf16), ("scalar", f32)),
    ],
)
def test_a_row_sources_of_the_outputs_type_and_scalars_take_cutlass_functor(kernel: KernelSignature) -> None:
    template = gemm(alignment_c=4)
    check(template, "sm_80", kernel)
    assert template.source(kernel) == "gemm"


@pytest.mark.parametrize(
    "kernel",
    [
        signature(*[("full", f16)] * 3),
        signature(("row", f16), ("row", f16)),
        signature(("column", f16)),
        signature(("general", f16), general_rank=2),
        signature(("full", f32)),
        signature(("full", i64)),
        signature(output=i8),
        signature(stores=[SUMS]),
        signature(accumulators=2),
        KernelSignature((f16, f16), (), (), (f16, f32)),
    ],
)
def test_other_operands_and_stores_take_a_visitor(kernel: KernelSignature) -> None:
    check(gemm(), "sm_80", kernel)
    assert gemm().source(kernel) == "gemm_visitor"


def test_the_functor_of_a_convolution_reads_one_full_operand() -> None:
    one, two = signature(("row", f16), ("full", f16)), signature(("full", f16), ("full", f16))
    assert (conv2d().source(one), conv2d().source(two)) == ("conv2d", "conv2d_visitor")
    check(conv2d(), "sm_80", two)


def test_a_convolution_has_one_filter() -> None:
    with pytest.raises(VerifyException, match="the template conv2d does not accumulate 2 products"):
        check(conv2d(), "sm_80", signature(accumulators=2))


@pytest.mark.parametrize(
    ("changes", "kernel", "message"),
    [
        ({"alignment_c": 16}, signature(stores=[SUMS]), "alignment_c is 16: the visitor moves at most 8 at once"),
        ({"alignment_c": 1}, signature(accumulators=2), "accesses of 1 elements in a row, which hold no pairs of 8"),
        (
            {"threadblock": (64, 256, 32), "warp": (64, 32, 32)},
            signature(stores=[SUMS]),
            "a row of a tile within one warp, 8 warps share 8 rows",
        ),
    ],
)
def test_a_visitor_states_which_tile_it_cannot_visit(
    changes: dict[str, ParameterValue], kernel: KernelSignature, message: str
) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        check(gemm(**changes), "sm_80", kernel)


def test_bfloat16_needs_ampere() -> None:
    kernel = signature(inputs=bf16, output=bf16)
    check(gemm(math="bf16"), "sm_80", kernel)
    with pytest.raises(VerifyException, match="sm_75 has no bf16 tensor cores"):
        check(gemm(TURING, math="bf16"), "sm_75", kernel)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alignment_a": 4}, "input and filter are read alike: alignments 4 and 8 differ"),
        (
            {"iterator_algorithm": "fixed_channels", "alignment_a": 2, "alignment_b": 2},
            "fixed_channels reads 4 or 8 channels at once, not 2",
        ),
        ({"iterator_algorithm": "few_channels"}, "few_channels reads 1, 2 or 4 channels at once, not 8"),
    ],
)
def test_iterator_algorithms_bound_the_alignment(changes: dict[str, ParameterValue], message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        conv2d(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tile": (96, 128, 64)}, "pingpong takes tile M = 64, 128, 192, 256, got 96"),
        ({"tile": (64, 128, 64), "schedule": "cooperative"}, "cooperative takes tile M = 128, 256, got 64"),
        ({"tile": (128, 40, 64)}, "tile N must be a multiple of 32 up to 256, got 40"),
        ({"tile": (128, 128, 32)}, "tile K must be 64 or 128 elements (128-byte swizzled rows), got 32"),
        ({"tile": (128, 256, 64)}, "a warpgroup accumulates 128 x 256 in 256 registers per thread, more than 192"),
        ({"cluster": (2, 3, 1)}, "a cluster is powers of two along M and N and 1 along K, got [2, 3, 1]"),
        ({"cluster": (4, 4, 1)}, "a cluster holds at most 8 threadblocks, got 16"),
        (
            {"tile": (64, 64, 64), "schedule": "split_k", "cluster": (2, 1, 1)},
            "split_k makes clusters of the slices of K: cluster must be [1, 1, 1], got [2, 1, 1]",
        ),
        ({"schedule": "split_k"}, "split_k takes tiles of at most 64 x 128 elements, got 128 x 128"),
        ({"alignment_c": 3}, "alignment_c must be a power of two up to 16, got 3"),
    ],
)
def test_hopper_parameters_that_contradict_each_other_have_no_attribute(
    changes: dict[str, ParameterValue], message: str
) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        gemm_sm90(**changes)


@pytest.mark.parametrize(
    ("template", "target", "kernel", "message"),
    [
        (gemm_sm90(), "sm_80", PLAIN, "sm_80 has no wgmma and TMA: use cutlass.gemm"),
        (gemm_sm90(alignment_a=4), "sm_90a", PLAIN, "alignment of A must be 8 elements, got 4"),
        (
            gemm_sm90(tile=(256, 128, 128), schedule="cooperative"),
            "sm_90a",
            signature(("full", f32), output=f32),
            "two stages need 263168 bytes of shared memory, more than the 232448 of sm_90a",
        ),
    ],
)
def test_a_hopper_kernel_states_the_rule_it_breaks(
    template: GemmSm90Attr, target: str, kernel: KernelSignature, message: str
) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        check(template, target, kernel)
