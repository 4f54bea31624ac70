"""fused.conv2d -> cutlass.conv2d_sm90 or cutlass.conv2d, or a matrix product where the window is one pixel."""

from collections.abc import Iterator, Mapping

from boltir.dialects.cutlass.conv2d import CONV2D_PARAMETERS, Conv2dAttr, IteratorAlgorithm
from boltir.dialects.cutlass.conv2d_sm90 import Conv2dSm90Attr
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS, Layout, Math, bytes_of
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.fused import Conv2dOp
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import static_shape
from boltir.lowering.fused_to_cutlass.alignment import epilogue_alignment, output_alignment, power_of_two_divisor
from boltir.lowering.fused_to_cutlass.family import Family
from boltir.lowering.fused_to_cutlass.gemm import product_families
from boltir.lowering.fused_to_cutlass.selection import Refusal, signature_of
from boltir.lowering.fused_to_cutlass.stores import epilogue_integers
from boltir.lowering.fused_to_cutlass.tables import CONV2D_TILES, shipped_tiles
from boltir.lowering.fused_to_cutlass.tensor_cores import crowd, math_of
from boltir.target import Target

LARGEST_TENSOR = 2**31 - 1
"""Bytes that the iterators' 32-bit offsets reach (conv/device/implicit_gemm_convolution.h, can_implement)."""

LARGEST_WINDOW = 32
"""Filter rows and columns for which the optimized iterator has mask bits."""

SWIZZLED = 128
"""Bytes of channels that a step of the mainloop on Hopper multiplies."""


def conv2d_families(op: Conv2dOp, target: Target) -> Iterator[Family | Refusal]:
    """The families for `op`: those of a matrix product where the window is one pixel; ask on after a refusal."""
    groups = op.groups.value.data
    signature, stored = signature_of(op), epilogue_integers(op)
    if groups != 1:
        yield Refusal(f"the implicit-GEMM template takes ungrouped convolutions, this one has {groups} groups")
        return
    if is_matrix_product(op):
        yield from product_families(
            _matrix_product_arguments(op), stored, (Layout.ROW, Layout.COLUMN), signature, target
        )
        return
    if not all(map(element_count, (*map(static_shape, op.inputs), op.result_shape))):
        yield Refusal("a tensor of the convolution is empty")
        return
    math = crowd(signature) or math_of(signature)
    if isinstance(math, Refusal):
        yield math
        return
    arguments = conv2d_arguments(op)
    if target.has_warpgroup_mma:
        yield _hopper_family(arguments, stored, math, signature)
    yield _tensor_op_family(op, arguments, stored, math, signature, target)


def _hopper_family(
    arguments: Mapping[str, int], stored: Mapping[str, int], math: Math, signature: KernelSignature
) -> Family | Refusal:
    step, channels = SWIZZLED // math.bytes, arguments["c"]
    if 2 * channels < step:
        return Refusal(f"c = {channels} fills less than half of the {step} channels that a step on Hopper multiplies")
    alignment = power_of_two_divisor(math.vector, (channels,))
    fixed = (
        ("alignment_a", alignment),
        ("alignment_b", alignment),
        ("alignment_c", epilogue_alignment(arguments["k"], stored)),
    )
    return Family(Conv2dSm90Attr, math, fixed, tuple(arguments.items()), tuple(stored.items()), signature, CONV2D_TILES)


def _tensor_op_family(
    op: Conv2dOp,
    arguments: Mapping[str, int],
    stored: Mapping[str, int],
    math: Math,
    signature: KernelSignature,
    target: Target,
) -> Family | Refusal:
    tensors = [*zip(map(static_shape, op.inputs), signature.inputs, strict=True)]
    for shape, element in (*tensors, *((op.result_shape, element) for element in signature.outputs)):
        size = element_count(shape) * bytes_of(element)
        if size > LARGEST_TENSOR:
            return Refusal(f"a tensor of {size} bytes exceeds the template's {LARGEST_TENSOR}")
    algorithm, alignment = iterator_algorithm(math, arguments["c"], arguments["r"], arguments["s"])
    fixed = (
        ("alignment_a", alignment),
        ("alignment_b", alignment),
        ("alignment_c", output_alignment(signature, arguments["k"], stored)),
        ("iterator_algorithm", algorithm.value),
    )
    tiles = shipped_tiles(math, target, alignment)
    return Family(Conv2dAttr, math, fixed, tuple(arguments.items()), tuple(stored.items()), signature, tiles)


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


def is_matrix_product(op: Conv2dOp) -> bool:
    """A window of one pixel, moved by one pixel, over an unpadded image."""
    _, r, s, _ = static_shape(op.inputs[1])
    return r == s == 1 and op.strides.get_values() == (1, 1) and not any(op.padding.get_values())


def _matrix_product_arguments(op: Conv2dOp) -> dict[str, int]:
    """[N*H*W, C] @ the transposed filter [K, C]."""
    n, h, w, c = static_shape(op.inputs[0])
    k = static_shape(op.inputs[1])[0]
    rows = n * h * w
    return dict(zip(GEMM_PARAMETERS, (rows, k, c, 1, c, c, k, rows * c, k * c, rows * k), strict=True))


def conv2d_arguments(op: Conv2dOp) -> dict[str, int]:
    n, h, w, c = static_shape(op.inputs[0])
    k, r, s, _ = static_shape(op.inputs[1])
    _, p, q, _ = op.result_shape
    top, left, _, _ = op.padding.get_values()
    window = (top, left, *op.strides.get_values(), *op.dilations.get_values())
    return dict(zip(CONV2D_PARAMETERS, (n, h, w, c, k, r, s, p, q, *window), strict=True))
