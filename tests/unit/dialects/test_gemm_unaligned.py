"""The rules of the product of unaligned rows."""

import re

import pytest
from xdsl.dialects.builtin import bf16, f16
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass import Store, StoreKind
from boltir.dialects.cutlass.gemm_unaligned import GemmUnalignedAttr
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue
from boltir.dialects.fused import Broadcast
from boltir.target import Target

PLAIN = KernelSignature((f16, f16), (), (), (f16,))
PARAMETERS: dict[str, ParameterValue] = {"math": "f16", "alignment_c": 2, "layout_a": "row", "layout_b": "column"}
LAUNCH = {
    "m": 77, "n": 1000, "k": 333, "batch": 3, "lda": 333, "ldb": 333, "ldd": 1000,
    "batch_stride_a": 77 * 333, "batch_stride_b": 0, "batch_stride_d": 77 * 1000,
}  # fmt: skip


def template(**changes: ParameterValue) -> GemmUnalignedAttr:
    return GemmUnalignedAttr.of(**{**PARAMETERS, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"math": "tf32"}, "the template multiplies 16-bit operands, not tf32"),
        ({"layout_a": "column"}, "rows along K are read: A must be row-major, B column-major"),
        ({"layout_b": "row"}, "rows along K are read: A must be row-major, B column-major"),
        ({"alignment_c": 8}, "alignment_c must be 1, 2 or 4, got 8"),
    ],
)
def test_parameters_that_break_a_rule_are_refused(changes: dict[str, ParameterValue], message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        template(**changes)


@pytest.mark.parametrize(
    ("target", "signature", "message"),
    [
        ("sm_75", PLAIN, "sm_75 has no mma of 16 x 8 x 16"),
        ("sm_80", KernelSignature((bf16, bf16), (), (), (f16,)), "math = f16 takes f16 inputs, not bf16"),
        (
            "sm_80",
            KernelSignature((f16, f16), (f16,), (Broadcast.GENERAL,), (f16,)),
            "the template reads no operands with strides",
        ),
        (
            "sm_80",
            KernelSignature((f16, f16), (), (), (f16,), (Store(StoreKind.COLUMNS),)),
            "the template gemm_unaligned has no columns store",
        ),
    ],
)
def test_kernels_that_break_a_rule_are_refused(target: str, signature: KernelSignature, message: str) -> None:
    with pytest.raises(VerifyException, match=re.escape(message)):
        template().check_legal(Target.named(target), signature)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n": 999}, "n = 999 is no multiple of 2, which one access moves"),
        ({"batch_stride_d": 80000}, "the matrices of a batch must follow one another in D"),
        ({"batch": 2**26}, "6442450944 tiles exceed the largest grid"),
    ],
)
def test_launches_that_break_a_rule_are_refused(changes: dict[str, int], message: str) -> None:
    template().check_launch(LAUNCH)
    with pytest.raises(VerifyException, match=re.escape(message)):
        template().check_launch(LAUNCH | changes)


def test_a_launch_has_a_block_per_tile() -> None:
    assert template().blocks(LAUNCH) == 3 * 3 * 32
    assert template().flops(LAUNCH) == 2 * 3 * 77 * 1000 * 333
