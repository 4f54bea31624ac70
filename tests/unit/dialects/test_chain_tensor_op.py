"""What the kernels of dependent products of CUTLASS 2.x accept, and what they say otherwise."""

import re
from collections.abc import Sequence

import pytest
from xdsl.dialects.builtin import bf16, f16, f32
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.chain_conv2d import ChainConv2dAttr
from boltir.dialects.cutlass.chain_gemm import ChainGemmAttr
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue, StageSignature
from boltir.dialects.fused import Broadcast
from boltir.target import Target

RF: dict[str, ParameterValue] = {
    "math": "f16", "residence": "rf", "threadblock_m": 64, "threadblock_n": (64, 128), "threadblock_k": (32, 32),
    "warp_m": (16, 16), "warp_n": (64, 128), "instruction": (16, 8, 16), "stages": 3,
}  # fmt: skip
THREE: dict[str, ParameterValue] = {
    **RF, "threadblock_n": (64, 96, 32), "threadblock_k": (32, 32, 32), "warp_m": (16, 16, 16), "warp_n": (64, 96, 32),
}  # fmt: skip
SMEM: dict[str, ParameterValue] = {**RF, "residence": "smem", "warp_m": (32, 32), "warp_n": (32, 64)}
TURING: dict[str, ParameterValue] = {**RF, "instruction": (16, 8, 8), "stages": 2}

Operands = Sequence[tuple[str, Attribute]]


def chain(base: dict[str, ParameterValue] = RF, /, **changes: ParameterValue) -> ChainGemmAttr:
    return ChainGemmAttr.of(**{"layout_b": "column", **base, **changes})


def stage(operands: Operands) -> StageSignature:
    return StageSignature(tuple(element for _, element in operands), tuple(Broadcast(kind) for kind, _ in operands))


def signature(
    first: Operands = (), last: Operands = (), products: int = 2, output: Attribute = f16, element: Attribute = f16
) -> KernelSignature:
    """The operands of the first and of the last epilogue, as (broadcast kind, element type)."""
    stages = (stage(first), *(stage(()) for _ in range(products - 2)))
    operands = stage(last)
    inputs = (element,) * (products + 1)
    return KernelSignature(inputs, operands.epilogue_operands, operands.broadcasts, (output,), stages=stages)


VECTORS = (("row", f32), ("row", f32), ("scalar", f16))
EVERYTHING = (("row", f16), ("column", f32), ("scalar", bf16), ("full", f32), ("row", f32))


@pytest.mark.parametrize(
    ("template", "target", "kernel"),
    [
        (chain(), "sm_80", signature(VECTORS, EVERYTHING, output=f32)),
        (chain(TURING), "sm_75", signature(VECTORS)),
        (chain(), "sm_90a", signature()),
        (chain(layout_b="row"), "sm_80", signature()),
        (chain(THREE), "sm_86", signature(products=3)),
        (chain(SMEM), "sm_80", signature(VECTORS, EVERYTHING)),
        (chain(SMEM, threadblock_n=(64, 256), warp_m=(32, 64), warp_n=(32, 64)), "sm_80", signature()),
        (ChainConv2dAttr.of(**RF), "sm_80", signature()),
        (chain(threadblock_n=(64, 64), warp_n=(64, 64), math="bf16"), "sm_80", signature(element=bf16)),
    ],
)
def test_legal(template: ChainGemmAttr | ChainConv2dAttr, target: str, kernel: KernelSignature) -> None:
    template.check_legal(Target.named(target), kernel)


@pytest.mark.parametrize(
    ("base", "changes", "message"),
    [
        (RF, {"stages": 1}, "stages must be at least 2, got 1"),
        (RF, {"threadblock_k": (32,)}, "threadblock_k must be 2 positive numbers"),
        (RF, {"instruction": (16, 8)}, "instruction must be 3 positive numbers"),
        (RF, {"warp_m": (16, 32)}, "all products are computed by the same warps, the tiles give [4, 2] of them"),
        (
            RF,
            {"warp_m": (24, 24)},
            "product 0: threadblock tile [64, 64, 32] is not divisible by warp tile [24, 64, 32]",
        ),
        (RF, {"threadblock_m": 320}, "640 threads are more than 256"),
        (RF, {"threadblock_k": (16, 32)}, "product 0: a warp tile takes 1 instructions along K"),
        (TURING, {"threadblock_k": (16, 32)}, "takes 2 instructions along K, not an even number from 4 on"),
        (
            RF,
            {"threadblock_n": (96, 64), "warp_n": (96, 64), "threadblock_k": (32, 64)},
            "product 1: threadblock K = 64 does not divide its depth 96",
        ),
        (
            RF,
            {"threadblock_n": (48, 64), "warp_n": (48, 64)},
            "product 1: threadblock K = 32 does not divide its depth 48",
        ),
        (
            RF,
            {"threadblock_n": (64, 48), "warp_n": (64, 48)},
            "product 1: threadblock N = 48 is not a multiple of 32, which 128 threads load at once",
        ),
        (RF, {"warp_n": (32, 128), "warp_m": (32, 16)}, "in registers a warp holds whole rows"),
        (
            RF,
            {"threadblock_n": (256, 256), "warp_n": (256, 256)},
            "accumulators take 256 registers per thread, more than the 192 that fit beside everything else; use smem",
        ),
        (THREE, {"residence": "smem"}, "through shared memory go chains of 2 products, not 3; use rf"),
        (SMEM, {"warp_n": (8, 32), "warp_m": (64, 32)}, "product 0: warp_n = 8 is no multiple of 16"),
        (
            THREE,
            {"layout_b": "row"},
            "product 1: a row-major B is swizzled by 64 elements, which threadblock N = 96 is no multiple of",
        ),
    ],
)
def test_parameters_that_do_not_fit_together(
    base: dict[str, ParameterValue], changes: dict[str, ParameterValue], message: str
) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        chain(base, **changes)


@pytest.mark.parametrize(
    ("template", "target", "kernel", "message"),
    [
        (chain(), "sm_75", signature(), "the tensor-core instruction of sm_75 is [16, 8, 8], not [16, 8, 16]"),
        (chain(TURING, stages=3), "sm_75", signature(), "sm_75 has no cp.async: exactly 2 stages, not 3"),
        (
            chain(threadblock_k=(64, 64), stages=2),
            "sm_80",
            signature(),
            "sm_80 fills stages by cp.async: at least 3, not 2",
        ),
        (chain(stages=9), "sm_86", signature(), "110592 bytes of shared memory exceed the 101376 of sm_86"),
        (
            chain(threadblock_n=(64, 96), warp_n=(64, 96)),
            "sm_80",
            signature(),
            "1 warps cannot store rows of a threadblock 96 columns wide in accesses of 8 elements",
        ),
        (chain(), "sm_80", signature([("column", f16)]), "epilogue 0 reads a value per row, only the last one can"),
        (chain(), "sm_80", signature([("row", f16)] * 3), "epilogue 0 reads 3 vectors of columns"),
        (chain(), "sm_80", signature([("row", f16), ("row", f32)]), "up to 2 of one type"),
        (chain(), "sm_80", signature([("full", f16)]), "full operands are for the last epilogue of a chain only"),
    ],
)
def test_kernels_that_a_target_cannot_run(
    template: ChainGemmAttr, target: str, kernel: KernelSignature, message: str
) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        template.check_legal(Target.named(target), kernel)


def launch(**changes: int) -> dict[str, int]:
    return {"m": 1000, "n0": 64, "k0": 72, "n1": 128, **changes}


@pytest.mark.parametrize("n1", [8, 96, 128])
def test_the_last_product_may_be_narrower_than_its_tile(n1: int) -> None:
    chain().check_launch(launch(n1=n1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n0": 32}, "threadblock_n = [64, 128] must begin with the columns of the products, [32]"),
        ({"n1": 136}, "the last product has 136 columns, a threadblock only 128"),
        ({"n1": 100}, "product 1: 100 columns are no multiple of 8, which one access moves"),
        ({"k0": 70}, "k0 = 70 is no multiple of 8, which one access moves"),
        ({"m": 0}, "the chain has no rows"),
    ],
)
def test_launches_of_other_extents(changes: dict[str, int], message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        chain().check_launch(launch(**changes))
