"""What the CUTLASS templates accept when tensor cores multiply f32 operands as tf32."""

import re

import pytest
from xdsl.dialects.builtin import f16, f32
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.conv2d import Conv2dAttr
from boltir.dialects.cutlass.gemm import GemmAttr
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue, TemplateAttr
from boltir.dialects.fused import Broadcast
from boltir.lowering.fused_to_cutlass.mainloops import HopperTile, Tile
from boltir.lowering.fused_to_cutlass.tables import HOPPER_TILES, TF32_TILES
from boltir.target import Target

AMPERE: dict[str, ParameterValue] = {
    "math": "tf32", "threadblock": (128, 128, 16), "warp": (64, 64, 16), "instruction": (16, 8, 8), "stages": 3,
    "swizzle": 1, "alignment_a": 4, "alignment_b": 4, "alignment_c": 4,
}  # fmt: skip
HOPPER: dict[str, ParameterValue] = {
    "math": "tf32", "tile": (128, 128, 32), "cluster": (1, 1, 1), "schedule": "pingpong",
    "alignment_a": 4, "alignment_b": 4, "alignment_c": 4, "layout_a": "row", "layout_b": "column",
}  # fmt: skip
SINGLE = KernelSignature((f32, f32), (), (), (f32,))
RESIDUAL = KernelSignature((f32, f32), (f32,), (Broadcast.FULL,), (f32,))


def gemm(**changes: ParameterValue) -> GemmAttr:
    return GemmAttr.of(**{**AMPERE, "layout_a": "row", "layout_b": "column", **changes})


def conv2d(**changes: ParameterValue) -> Conv2dAttr:
    return Conv2dAttr.of(**{**AMPERE, "iterator_algorithm": "optimized", **changes})


def gemm_sm90(**changes: ParameterValue) -> GemmSm90Attr:
    return GemmSm90Attr.of(**{**HOPPER, **changes})


def check(template: TemplateAttr, target: str, kernel: KernelSignature = SINGLE) -> None:
    template.check_legal(Target.named(target), kernel)


@pytest.mark.parametrize("tile", TF32_TILES, ids=str)
def test_every_shipped_tile_is_legal(tile: Tile) -> None:
    parameters: dict[str, ParameterValue] = {
        "threadblock": tile.threadblock, "warp": tile.warp, "stages": tile.stages,
    }  # fmt: skip
    for template in (gemm(**parameters), gemm(layout_a="column", layout_b="row", **parameters), conv2d(**parameters)):
        check(template, "sm_80")
        check(template, "sm_90a")


@pytest.mark.parametrize("tile", HOPPER_TILES, ids=str)
def test_every_hopper_tile_is_legal(tile: HopperTile) -> None:
    check(
        gemm_sm90(tile=tile.at_depth_of(Math.TF32), schedule=tile.schedule.value, cluster=tile.cluster),
        "sm_90a",
        RESIDUAL,
    )


def test_hopper_stages_hold_four_bytes_per_element() -> None:
    with pytest.raises(VerifyException, match="two stages need 263168 bytes of shared memory, more than the 232448"):
        check(gemm_sm90(tile=(256, 128, 64), schedule="cooperative"), "sm_90a", RESIDUAL)


@pytest.mark.parametrize(
    ("template", "target", "message"),
    [
        (gemm(), "sm_75", "sm_75 has no tf32 tensor cores"),
        (conv2d(), "sm_75", "sm_75 has no tf32 tensor cores"),
        (gemm(instruction=(16, 8, 16), threadblock=(128, 128, 32), warp=(64, 32, 32)), "sm_80",
         "the tf32 tensor-core instruction of sm_80 is [16, 8, 8], not [16, 8, 16]"),
        (gemm(alignment_a=8), "sm_80", "alignment of A is 8 elements: one access moves at most 16 bytes"),
        (gemm(alignment_c=8), "sm_80", "alignment_c is 32 bytes: one access moves at most 16"),
        (gemm(stages=7), "sm_86", "114688 bytes of shared memory exceed the 101376 of sm_86"),
        (gemm_sm90(), "sm_80", "sm_80 has no wgmma and TMA: use cutlass.gemm"),
        (gemm_sm90(alignment_b=2), "sm_90a", "TMA moves 16-byte rows: alignment of B must be 4 elements, got 2"),
    ],
)  # fmt: skip
def test_a_kernel_states_the_rule_it_breaks(template: TemplateAttr, target: str, message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        check(template, target)


@pytest.mark.parametrize("template", [gemm(), conv2d(), gemm_sm90()], ids=lambda template: template.family)
def test_it_takes_f32_inputs_only(template: TemplateAttr) -> None:
    with pytest.raises(VerifyException, match="math = tf32 takes f32 inputs, not f16"):
        check(template, "sm_90a", KernelSignature((f16, f16), (), (), (f16,)))


def test_a_single_f32_is_wide_enough_for_cp_async() -> None:
    check(gemm(alignment_a=1, alignment_b=1, alignment_c=1), "sm_80")


def test_the_result_may_be_stored_in_half() -> None:
    half = KernelSignature((f32, f32), (), (), (f16,))
    check(gemm(alignment_c=8), "sm_80", half)
    check(gemm_sm90(alignment_c=8), "sm_90a", half)


def test_a_congruous_operand_is_swizzled_by_32_elements() -> None:
    narrow: dict[str, ParameterValue] = {"threadblock": (64, 16, 32), "warp": (32, 16, 32)}
    check(gemm(threadblock=(64, 32, 32), warp=(32, 16, 32), layout_b="row"), "sm_80")
    with pytest.raises(VerifyException, match="a row-major B is swizzled by 32 elements, which threadblock extent 16"):
        gemm(layout_b="row", **narrow)


@pytest.mark.parametrize("layouts", [("row", "row"), ("column", "column"), ("column", "row")])
def test_wgmma_reads_tf32_along_k_only(layouts: tuple[str, str]) -> None:
    with pytest.raises(VerifyException, match="A must be row-major and B column-major"):
        gemm_sm90(layout_a=layouts[0], layout_b=layouts[1])


@pytest.mark.parametrize("depth", [16, 128])
def test_a_hopper_tile_is_one_or_two_swizzled_rows_deep(depth: int) -> None:
    with pytest.raises(VerifyException, match="tile K must be 32 or 64 elements"):
        gemm_sm90(tile=(128, 128, depth))
