"""Axes and shapes: small helpers of many converters."""

from __future__ import annotations

from xdsl.ir import SSAValue
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.graph.movement import BroadcastToOp, ReshapeOp, SliceOp
from boltir.dialects.properties import ints
from boltir.dialects.tensors import broadcast_shapes, static_shape
from boltir.frontends.onnx.node import Node
from boltir.frontends.onnx.values import Shape


def reshaped(node: Node, value: SSAValue, shape: Shape) -> SSAValue:
    """`value` under another shape; itself if it has that shape."""
    return value if static_shape(value) == shape else node.emit(ReshapeOp, value, shape_to=ints(shape))


def broadcast_shape(node: Node, *shapes: Shape) -> Shape:
    """The shape that operands of these shapes spread to."""
    try:
        return broadcast_shapes(*shapes)
    except VerifyException as error:
        raise node.error(str(error)) from None


def expanded(node: Node, value: SSAValue, shape: Shape) -> SSAValue:
    """`value` broadcast to `shape`; itself if it has that shape."""
    return value if static_shape(value) == shape else node.emit(BroadcastToOp, value, shape_to=ints(shape))


def sliced(node: Node, x: SSAValue, ranges: list[range]) -> SSAValue:
    """The positions `ranges` of each dimension of `x`."""
    if [len(positions) for positions in ranges] == list(static_shape(x)) and all(r.step > 0 for r in ranges):
        return x
    offsets, sizes, strides = [r.start for r in ranges], [len(r) for r in ranges], [r.step for r in ranges]
    return node.emit(SliceOp, x, offsets=ints(offsets), sizes=ints(sizes), strides=ints(strides))


def checked_axis(node: Node, axis: int, rank: int) -> int:
    """`axis` counted from the front."""
    if not -rank <= axis < rank:
        raise node.error(f"axis {axis} is outside a tensor of {rank} dimensions")
    return axis % rank
