"""Operators that pick elements by position."""

from __future__ import annotations

import math

import numpy as np
from xdsl.ir import SSAValue

from boltir.dialects.graph.elementwise import AddOp, LessOp, MulOp, WhereOp
from boltir.dialects.graph.movement import GatherOp
from boltir.dialects.properties import int_attr
from boltir.dialects.tensors import element_type, static_shape
from boltir.frontends.onnx.element_types import Array, dtype_of_ir
from boltir.frontends.onnx.node import Node, shape_of
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.reshaping import checked_axis, reshaped, sliced
from boltir.frontends.onnx.values import Constant, Shape, Value


@converts("Slice", note="starts, ends, axes and steps must be known at import")
def slice_(node: Node) -> Value:
    x = node.tensor(0)
    shape = static_shape(x)
    starts, ends = node.known_ints(1), node.known_ints(2)
    axes = node.known_ints(3) if node.has(3) else tuple(range(len(starts)))
    steps = node.known_ints(4) if node.has(4) else (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise node.error("starts, ends, axes and steps differ in length")
    if 0 in steps:
        raise node.error("a step of 0")
    ranges = [range(extent) for extent in shape]
    for start, end, given, step in zip(starts, ends, axes, steps, strict=True):
        axis = checked_axis(node, given, len(shape))
        ranges[axis] = range(shape[axis])[slice(start, _slice_end(end, shape[axis], step), step)]
    return sliced(node, x, ranges)


def _slice_end(end: int, extent: int, step: int) -> int | None:
    """ONNX clamps the end of a backward slice to "before the first element", which Python spells None."""
    return None if step < 0 and end < -extent else end


@converts("Split", note="the sizes must be known at import")
def split(node: Node) -> list[Value]:
    x = node.tensor(0)
    shape = static_shape(x)
    axis = checked_axis(node, node.attr_int("axis"), len(shape))
    sizes = _split_sizes(node, shape[axis])
    if len(sizes) != node.outputs or sum(sizes) != shape[axis] or min(sizes) < 1:
        raise node.error(f"sizes {list(sizes)} do not split {shape[axis]} elements into {node.outputs} outputs")
    parts: list[Value] = []
    begin = 0
    for size in sizes:
        ranges = [range(extent) for extent in shape]
        ranges[axis] = range(begin, begin + size)
        parts.append(sliced(node, x, ranges))
        begin += size
    return parts


def _split_sizes(node: Node, extent: int) -> tuple[int, ...]:
    """An attribute, later an input; else equal parts, of which the last may be smaller."""
    sizes = node.known_ints(1) if node.has(1) else node.attr_ints("split")
    if sizes is not None:
        return sizes
    parts = node.attr_int("num_outputs", node.outputs)
    if parts < 1:
        raise node.error(f"num_outputs must be >= 1, got {parts}")
    size = -(-extent // parts)
    return (*(size for _ in range(parts - 1)), extent - size * (parts - 1))


@converts("Gather")
def gather(node: Node) -> Value:
    """Indices known at import that step evenly are a slice."""
    data, indices = node.tensor(0), node.value(1)
    shape = static_shape(data)
    axis = checked_axis(node, node.attr_int("axis"), len(shape))
    if not isinstance(indices, Constant):
        return node.emit(GatherOp, data, indices, axis=int_attr(axis))
    array = _checked_indices(node, indices, shape, axis)
    if (positions := _even_steps(array % shape[axis])) is None:
        return node.emit(GatherOp, data, node.tensor(1), axis=int_attr(axis))
    ranges = [range(extent) for extent in shape]
    ranges[axis] = positions
    return reshaped(node, sliced(node, data, ranges), (*shape[:axis], *array.shape, *shape[axis + 1 :]))


def _even_steps(array: Array) -> range | None:
    """The elements of `array` in order, if they have a common distance."""
    steps = set(np.diff(array.ravel()).tolist()) or {1}
    if not array.size or len(steps) > 1 or steps == {0}:
        return None
    (step,), start = steps, int(array.flat[0])
    return range(start, start + step * array.size, step)


def _checked_indices(node: Node, indices: Constant, shape: Shape, axis: int) -> Array:
    """Positions on dimension `axis` of data of `shape`; negative ones count from the end."""
    array = indices.array
    if not np.issubdtype(array.dtype, np.integer) or not ((array >= -shape[axis]) & (array < shape[axis])).all():
        raise node.error(f"its indices leave dimension {axis} of shape {list(shape)}")
    return array


@converts("GatherElements", fold=False)
def gather_elements(node: Node) -> Value:
    """result[i, j] = data[indices[i, j], j]: an entry of the flat data for each index.

    onnx.reference cannot be asked for constants: it takes at most 32 entries per dimension.
    """
    data, indices = node.value(0), node.value(1)
    shape, result = shape_of(data), shape_of(indices)
    axis = checked_axis(node, node.attr_int("axis"), len(shape))
    fits = [size <= extent or d == axis for d, (extent, size) in enumerate(zip(shape, result, strict=False))]
    if len(result) != len(shape) or not all(fits):
        raise node.error(f"indices of shape {list(result)} for data of shape {list(shape)}")
    if not isinstance(indices, Constant):
        return node.emit(GatherOp, _flat(node, data), _flat_positions(node, indices, shape, axis), axis=int_attr(0))
    along = _checked_indices(node, indices, shape, axis) % shape[axis]
    positions = _line_starts(shape, result, axis) + along * math.prod(shape[axis + 1 :])
    if isinstance(data, Constant):
        return Constant.of(node.name, data.array.ravel()[positions])
    return node.emit(GatherOp, _flat(node, data), node.constant(positions), axis=int_attr(0))


def _flat(node: Node, data: Value) -> SSAValue:
    tensor = node.builder.tensor(data)
    return reshaped(node, tensor, (math.prod(static_shape(tensor)),))


def _line_starts(shape: Shape, result: Shape, axis: int) -> Array:
    """The position in flat data of `shape` where the line along `axis` through each element of `result` starts."""
    grid = np.indices(result)
    grid[axis] = 0
    return np.asarray(np.ravel_multi_index(tuple(grid), shape), np.int64)


def _flat_positions(node: Node, indices: SSAValue, shape: Shape, axis: int) -> SSAValue:
    """What `gather_elements` reads, for indices that the network computes."""
    from_end = node.emit(AddOp, indices, node.number(shape[axis], indices))
    is_negative = node.emit(LessOp, indices, node.number(0, indices))
    along = node.emit(WhereOp, is_negative, from_end, indices)
    starts = _line_starts(shape, static_shape(indices), axis).astype(dtype_of_ir(element_type(indices)))
    steps = node.emit(MulOp, along, node.number(math.prod(shape[axis + 1 :]), indices))
    return node.emit(AddOp, steps, node.constant(starts))


@converts("GatherND", note="the indices must be known at import; without batch_dims")
def gather_nd(node: Node) -> Value:
    """Rows of the matrix whose rows are the dimensions that an index covers."""
    data, indices = node.tensor(0), node.known(1)
    shape = static_shape(data)
    depth = indices.shape[-1] if indices.ndim else 0
    if node.attr_int("batch_dims"):
        raise node.unsupported("batch_dims is not supported")
    if not 1 <= depth <= len(shape) or not np.issubdtype(indices.dtype, np.integer):
        raise node.error(f"indices of shape {list(indices.shape)} for data of shape {list(shape)}")
    bounds = np.array(shape[:depth])
    if ((indices < -bounds) | (indices >= bounds)).any():
        raise node.error(f"its indices leave data of shape {list(shape)}")
    rows = np.asarray(np.ravel_multi_index(tuple(np.moveaxis(indices % bounds, -1, 0)), shape[:depth]), np.int64)
    result = (*indices.shape[:-1], *shape[depth:])
    if np.array_equal(rows.ravel(), np.arange(math.prod(shape[:depth]))):
        return reshaped(node, data, result)
    matrix = reshaped(node, data, (math.prod(shape[:depth]), *shape[depth:]))
    return node.emit(GatherOp, matrix, node.constant(rows), axis=int_attr(0))
