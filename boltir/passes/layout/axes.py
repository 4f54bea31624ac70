"""How graph operations look when the dimensions of their images are in another order."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, SSAValue

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.elementwise import ElementwiseOp
from boltir.dialects.graph.enums import Layout, LayoutAttr
from boltir.dialects.graph.linear import BatchMatmulOp, BiasAddOp, WindowedConvolutionOp
from boltir.dialects.graph.movement import BroadcastToOp, ConcatOp, PadOp, ResizeOp, SliceOp
from boltir.dialects.graph.normalization import BatchNormOp, SoftmaxOp
from boltir.dialects.graph.pooling import GlobalPool2dOp, Pool2dOp, ReduceOp
from boltir.dialects.properties import bool_attr, int_attr, ints
from boltir.dialects.tensors import Shape, normalized_axis, static_shape
from boltir.passes.layout.order import SMALLEST_RANK, Order, identity

Pinned = WindowedConvolutionOp | Pool2dOp
"""Operations that have channels-last kernels only."""
WithLayout = WindowedConvolutionOp | Pool2dOp | GlobalPool2dOp
WithAxis = BiasAddOp | BatchNormOp | SoftmaxOp | ConcatOp
WithExtents = PadOp | SliceOp | ResizeOp | BroadcastToOp
Movable = ElementwiseOp | WithLayout | WithAxis | WithExtents | ReduceOp | BatchMatmulOp


def layout_order(op: WithLayout) -> Order:
    """The order that the layout of `op` stands for."""
    return Order.LAST if op.channels_last else Order.FIRST


def image_rank(op: GraphOp) -> int:
    """The rank of the images that `op` computes on."""
    return len(static_shape(op.input if isinstance(op, ReduceOp) else op.result))


def image_operands(op: GraphOp) -> Sequence[SSAValue]:
    """The operands whose dimensions are in the order of the result's: no vectors per channel, no matrices."""
    if isinstance(op, BatchMatmulOp):
        return ()
    operands = op.operands[:1] if isinstance(op, BiasAddOp | BatchNormOp) else op.operands
    return [value for value in operands if len(static_shape(value)) == image_rank(op)]


def spread_operands(op: GraphOp) -> Sequence[SSAValue]:
    """The operands of fewer dimensions, which are spread along the first ones of the images."""
    if not isinstance(op, ElementwiseOp | BroadcastToOp):
        return ()
    return [value for value in op.operands if len(static_shape(value)) < image_rank(op)]


def can_move(op: GraphOp, order: Order) -> bool:
    """Whether `op`, on images of `order`, means the same on images of the other order, up to its properties."""
    rank = image_rank(op)
    if not isinstance(op, Movable) or rank < SMALLEST_RANK:
        return False
    if isinstance(op, WithLayout):
        return layout_order(op) is order
    if isinstance(op, BatchMatmulOp):
        return rank == SMALLEST_RANK
    if isinstance(op, ResizeOp) and not _stays_resizable(op, order.other.from_other(rank)):
        return False
    moved = result_permutation(op, order.other.from_other(rank))
    return moved in (identity(len(moved)), order.other.from_other(len(moved)))


def _stays_resizable(op: ResizeOp, permutation: Shape) -> bool:
    """Whether the dimensions that `op` resizes stay neighbours: kernels resize one dimension, or two neighbours."""
    sizes = op.sizes.get_values()
    resized = [axis for axis, extent in enumerate(op.shape) if extent != sizes[axis]]
    moved = sorted(map(permutation.index, resized))
    return not resized or moved[-1] - moved[0] <= 1 or resized[-1] - resized[0] > 1


def result_permutation(op: GraphOp, permutation: Shape) -> Shape:
    """How the result's dimensions lie when those of the images are permuted; those reduced away leave a gap."""
    if not isinstance(op, ReduceOp) or op.keepdims.value.data:
        return permutation
    reduced = _axes(op)
    kept = [axis for axis in permutation if axis not in reduced]
    return tuple(sorted(kept).index(axis) for axis in kept)


def permuted_operation(op: GraphOp, operands: Sequence[SSAValue], permutation: Shape) -> GraphOp:
    """`op` on `operands`, whose images' dimensions are permuted."""
    shape = static_shape(op.result)
    extents = [shape[axis] for axis in result_permutation(op, permutation)]
    return type(op).create(
        operands=operands,
        result_types=[TensorType(op.result_type.element_type, extents)],
        properties=op.properties | _permuted_properties(op, permutation),
        attributes=op.attributes,
    )


def _permuted_properties(op: GraphOp, permutation: Shape) -> dict[str, Attribute]:
    match op:
        case BatchMatmulOp():
            flags = {"transpose_a": op.transpose_b, "transpose_b": op.transpose_a}
            return {name: bool_attr(not flag.value.data) for name, flag in flags.items()}
        case WindowedConvolutionOp() | Pool2dOp() | GlobalPool2dOp():
            return {"layout": LayoutAttr(Layout.NCHW if op.channels_last else Layout.NHWC)}
        case BiasAddOp() | BatchNormOp() | SoftmaxOp() | ConcatOp():
            return {"axis": int_attr(permutation.index(normalized_axis(op.axis.value.data, len(permutation))))}
        case ReduceOp():
            return {"axes": ints(sorted(map(permutation.index, _axes(op))))}
        case PadOp() | SliceOp() | ResizeOp() | BroadcastToOp():
            return {name: ints([values[axis] for axis in permutation]) for name, values in _extents(op).items()}
        case _:
            return {}


def _axes(op: ReduceOp) -> list[int]:
    return [normalized_axis(axis, len(op.shape)) for axis in op.axes.get_values()]


def _extents(op: WithExtents) -> dict[str, Shape]:
    """The properties of `op` that have one entry per dimension."""
    if isinstance(op, BroadcastToOp):
        return {"shape_to": op.shape_to.get_values()}
    if isinstance(op, PadOp):
        return {"low": op.low.get_values(), "high": op.high.get_values()}
    sizes = {"sizes": op.sizes.get_values()}
    if isinstance(op, ResizeOp):
        return sizes
    return {**sizes, "offsets": op.offsets.get_values(), "strides": op.strides.get_values()}
