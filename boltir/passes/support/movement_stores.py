"""Which kernels that move a result are ways to store it."""

from __future__ import annotations

from xdsl.utils.exceptions import VerifyException

from boltir.dialects.fused import ColumnsAttr, PaddedAttr, PadOp, PermutedAttr, SliceOp, StoreAttr, TransposeOp
from boltir.dialects.graph.enums import PadMode
from boltir.dialects.tensors import Shape, static_shape

Movement = TransposeOp | SliceOp | PadOp


def store_without(kernel: Movement, result: Shape) -> StoreAttr | str:
    """How a result of that shape is stored so that `kernel`, which moves it, has nothing to move; or why it is not."""
    if not kernel.stores_accumulator and not computes_on_elements(kernel):
        return f"{kernel.name} computes on more than what it moves"
    view = static_shape(kernel.inputs[0])
    if isinstance(kernel, TransposeOp):
        return _permuted(kernel, view, result)
    if view[-1:] != result[-1:]:
        return f"{kernel.name} sees columns of another length"
    return _columns(kernel, view) if isinstance(kernel, SliceOp) else _padded(kernel)


def computes_on_elements(kernel: Movement) -> bool:
    """Whether `kernel` stores a function of each element it moves, and of nothing else."""
    loads_more = isinstance(kernel, PadOp) or kernel.epilogue_operands
    return not loads_more and len(kernel.outputs) == 1 and not kernel.has_stores


def _permuted(kernel: TransposeOp, view: Shape, result: Shape) -> StoreAttr | str:
    permutation = kernel.permutation.get_values()
    if kernel.padding.value.data:
        return "the transposed result is padded, too"
    if permutation[-1] != len(view) - 1:
        return "neighbours in a row would be stored apart from each other, one by one"
    store = PermutedAttr.of(view, permutation)
    try:
        store.stored_shape(result)
    except VerifyException as error:
        return str(error)
    return store


def _columns(kernel: SliceOp, view: Shape) -> StoreAttr | str:
    offsets, sizes, strides = (p.get_values() for p in (kernel.offsets, kernel.sizes, kernel.strides))
    if sizes[:-1] != view[:-1] or strides[-1] != 1 or any(stride < 0 for stride in strides):
        return "the slice is no range of columns"
    return ColumnsAttr.of(offsets[-1], sizes[-1])


def _padded(kernel: PadOp) -> StoreAttr | str:
    zeros = kernel.mode.data is PadMode.CONSTANT and kernel.value.value.data == 0
    if not zeros or any((*kernel.low.get_values(), *kernel.high.get_values()[:-1])):
        return "more is padded than zeros behind the last column"
    return PaddedAttr.of(kernel.result_shape[-1])
