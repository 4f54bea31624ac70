"""fused.conv2d -> cutlass.conv2d_sm90 or cutlass.conv2d, or a matrix product where the window is one pixel."""

from collections.abc import Mapping

from boltir.dialects.cutlass.conv2d import CONV2D_PARAMETERS, Conv2dAttr, IteratorAlgorithm
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS, Layout, Math, bytes_of
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.cutlass.tensor_op import TensorOpAttr
from boltir.dialects.fused import Conv2dOp
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import static_shape
from boltir.lowering.fused_to_cutlass.conv2d_sm90 import hopper_conv2d
from boltir.lowering.fused_to_cutlass.gemm import select_matrix_product
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection, signature_of
from boltir.lowering.fused_to_cutlass.tensor_op import (
    attempt_or_blame,
    legal_templates,
    math_of,
    output_alignment,
    seconds_of,
)
from boltir.lowering.fused_to_cutlass.tiles import Problem, fastest, power_of_two_divisor
from boltir.target import Target

LARGEST_TENSOR = 2**31 - 1
"""Bytes that the iterators' 32-bit offsets reach (conv/device/implicit_gemm_convolution.h, can_implement)."""

LARGEST_WINDOW = 32
"""Filter rows and columns for which the optimized iterator has mask bits."""


def select_conv2d(op: Conv2dOp, target: Target) -> Selection | Refusal:
    """The tensor-core kernel for a convolution."""
    groups = op.groups.value.data
    if groups != 1:
        return Refusal(f"the implicit-GEMM template takes ungrouped convolutions, this one has {groups} groups")
    signature = signature_of(op)
    if _is_matrix_product(op):
        return select_matrix_product(_matrix_product_arguments(op), (Layout.ROW, Layout.COLUMN), signature, target)
    if not all(element_count(static_shape(value)) for value in (*op.inputs, op.outputs[0])):
        return Refusal("a tensor of the convolution is empty")
    return attempt_or_blame(lambda kernel: _implicit_gemm(op, kernel, target), signature, sources=1)


def _implicit_gemm(op: Conv2dOp, signature: KernelSignature, target: Target) -> Selection | Refusal:
    """The kernel of 3.x on sm_90a where TMA can read the windows, else of 2.x."""
    arguments, hopper = _arguments(op), None
    if target.has_warpgroup_mma:
        hopper = hopper_conv2d(arguments, signature, target)
        if not isinstance(hopper, Refusal):
            return hopper
    template = _tensor_op_template(op, arguments, signature, target)
    if isinstance(template, Refusal):
        return template
    return Selection(template, arguments, "" if hopper is None else hopper.reason)


def _tensor_op_template(
    op: Conv2dOp, arguments: Mapping[str, int], signature: KernelSignature, target: Target
) -> TensorOpAttr | Refusal:
    for value, element in zip((*op.inputs, op.outputs[0]), (*signature.inputs, *signature.outputs), strict=True):
        size = element_count(static_shape(value)) * bytes_of(element)
        if size > LARGEST_TENSOR:
            return Refusal(f"a tensor of {size} bytes exceeds the template's {LARGEST_TENSOR}")
    math = math_of(signature)
    if isinstance(math, Refusal):
        return math
    algorithm, alignment = iterator_algorithm(math, arguments["c"], arguments["r"], arguments["s"])
    candidates = legal_templates(
        Conv2dAttr,
        target,
        signature,
        alignment_a=alignment,
        alignment_b=alignment,
        alignment_c=output_alignment(signature, arguments["k"]),
        iterator_algorithm=algorithm.value,
    )
    n, p, q, k = static_shape(op.outputs[0])
    problem = Problem(n * p * q, k, element_count(static_shape(op.inputs[1])) // k)
    return fastest(candidates, seconds_of(problem, signature, target))


def iterator_algorithm(math: Math, channels: int, r: int, s: int) -> tuple[IteratorAlgorithm, int]:
    """How the template finds its operands' addresses, and how many channels one access moves."""
    if channels in (4, 8) and channels <= math.vector:
        return IteratorAlgorithm.FIXED_CHANNELS, channels
    if channels < 4:
        return IteratorAlgorithm.FEW_CHANNELS, power_of_two_divisor(2, (channels,))
    alignment = power_of_two_divisor(math.vector, (channels,))
    if alignment == 1 or max(r, s) > LARGEST_WINDOW:
        return IteratorAlgorithm.ANALYTIC, alignment
    return IteratorAlgorithm.OPTIMIZED, alignment


def _is_matrix_product(op: Conv2dOp) -> bool:
    """A window of one pixel, moved by one pixel, over an unpadded image."""
    _, r, s, _ = static_shape(op.inputs[1])
    return r == s == 1 and op.strides.get_values() == (1, 1) and not any(op.padding.get_values())


def _matrix_product_arguments(op: Conv2dOp) -> dict[str, int]:
    """[N*H*W, C] @ the transposed filter [K, C]."""
    n, h, w, c = static_shape(op.inputs[0])
    k = static_shape(op.inputs[1])[0]
    rows = n * h * w
    return dict(zip(GEMM_PARAMETERS, (rows, k, c, 1, c, c, k, rows * c, k * c, rows * k), strict=True))


def _arguments(op: Conv2dOp) -> dict[str, int]:
    n, h, w, c = static_shape(op.inputs[0])
    k, r, s, _ = static_shape(op.inputs[1])
    _, p, q, _ = static_shape(op.outputs[0])
    top, left, _, _ = op.padding.get_values()
    window = (top, left, *op.strides.get_values(), *op.dilations.get_values())
    return dict(zip(CONV2D_PARAMETERS, (n, h, w, c, k, r, s, p, q, *window), strict=True))
