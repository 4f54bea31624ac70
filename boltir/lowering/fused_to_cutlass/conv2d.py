"""fused.conv2d -> cutlass.conv2d, or a matrix product where the window is one pixel."""

from boltir.dialects.cutlass.conv2d import Conv2dAttr, IteratorAlgorithm
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS, Layout, bytes_of
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.fused import Conv2dOp
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import static_shape
from boltir.lowering.fused_to_cutlass.gemm import select_matrix_product
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection, signature_of
from boltir.lowering.fused_to_cutlass.tensor_op import attempt_or_blame, legal_templates, output_alignment, seconds_of
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
    values = (*op.inputs, op.outputs[0])
    for value, element in zip(values, (*signature.inputs, *signature.outputs), strict=True):
        size = element_count(static_shape(value)) * bytes_of(element)
        if not 0 < size <= LARGEST_TENSOR:
            return Refusal(f"a tensor of {size} bytes is outside the template's 1 .. {LARGEST_TENSOR}")
    return attempt_or_blame(lambda kernel: _implicit_gemm(op, kernel, target), signature, sources=1)


def _implicit_gemm(op: Conv2dOp, signature: KernelSignature, target: Target) -> Selection | Refusal:
    arguments = _arguments(op)
    algorithm, alignment = iterator_algorithm(arguments["c"], arguments["r"], arguments["s"])
    candidates = legal_templates(
        Conv2dAttr,
        target,
        signature,
        alignment,
        alignment,
        alignment_c=output_alignment(signature, arguments["k"]),
        iterator_algorithm=algorithm.value,
    )
    n, p, q, k = static_shape(op.outputs[0])
    problem = Problem(n * p * q, k, element_count(static_shape(op.inputs[1])) // k)
    template = fastest(candidates, seconds_of(problem, signature, target))
    return template if isinstance(template, Refusal) else Selection(template, arguments)


def iterator_algorithm(channels: int, r: int, s: int) -> tuple[IteratorAlgorithm, int]:
    """How the template finds its operands' addresses, and how many channels one access moves."""
    if channels in (4, 8):
        return IteratorAlgorithm.FIXED_CHANNELS, channels
    if channels < 4:
        return IteratorAlgorithm.FEW_CHANNELS, power_of_two_divisor(2, (channels,))
    alignment = power_of_two_divisor(8, (channels,))
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
    names = (
        "n", "h", "w", "c", "k", "r", "s", "p", "q",
        "pad_top", "pad_left", "stride_h", "stride_w", "dilation_h", "dilation_w",
    )  # fmt: skip
    return dict(zip(names, (n, h, w, c, k, r, s, p, q, *window), strict=True))
