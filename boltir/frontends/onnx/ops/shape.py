"""Operators that keep the elements in order and change the shape."""

from __future__ import annotations

import math

import numpy as np

from boltir.dialects.graph.movement import BroadcastToOp
from boltir.dialects.properties import ints
from boltir.dialects.tensors import static_shape
from boltir.frontends.onnx.node import Node, shape_of
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.reshaping import broadcast_shape, checked_axis, expanded, reshaped
from boltir.frontends.onnx.values import Constant, Value


@converts("Shape", note="a constant", fold=False)
def shape(node: Node) -> Value:
    extents = shape_of(node.value(0))
    end = node.attr_int("end", len(extents))
    return Constant.of(node.name, np.array(extents[node.attr_int("start") : end], np.int64))


@converts("Size", note="a constant", fold=False)
def size(node: Node) -> Value:
    return Constant.of(node.name, np.array(math.prod(shape_of(node.value(0))), np.int64))


@converts("Reshape", note="the shape must be known at import")
def reshape(node: Node) -> Value:
    """0 copies an extent (without allowzero), one -1 takes what is left."""
    x = node.tensor(0)
    old, wanted = static_shape(x), list(node.known_ints(1))
    for i, extent in enumerate(wanted):
        if extent == 0 and not node.attr_flag("allowzero"):
            if i >= len(old):
                raise node.error(f"shape {wanted} copies extent {i} of a tensor of {len(old)} dimensions")
            wanted[i] = old[i]
    if wanted.count(-1) == 1:
        rest = math.prod(extent for extent in wanted if extent != -1)
        wanted[wanted.index(-1)] = math.prod(old) // rest if rest else 0
    if min(wanted, default=1) < 1 or math.prod(wanted) != math.prod(old):
        raise node.error(f"shape {list(node.known_ints(1))} does not fit a tensor of shape {list(old)}")
    return reshaped(node, x, tuple(wanted))


@converts("Flatten")
def flatten(node: Node) -> Value:
    x = node.tensor(0)
    extents = static_shape(x)
    axis = node.attr_int("axis")
    if not -len(extents) <= axis <= len(extents):
        raise node.error(f"axis {axis} is outside a tensor of {len(extents)} dimensions")
    axis += len(extents) if axis < 0 else 0
    return reshaped(node, x, (math.prod(extents[:axis]), math.prod(extents[axis:])))


@converts("Squeeze", note="the axes must be known at import")
def squeeze(node: Node) -> Value:
    x = node.tensor(0)
    extents = static_shape(x)
    axes = _axes(node, len(extents))
    if axes is None:
        return reshaped(node, x, tuple(extent for extent in extents if extent != 1))
    if any(extents[axis] != 1 for axis in axes):
        raise node.error(f"axes {sorted(axes)} of shape {list(extents)} are not all of extent 1")
    return reshaped(node, x, tuple(extent for i, extent in enumerate(extents) if i not in axes))


@converts("Unsqueeze", note="the axes must be known at import")
def unsqueeze(node: Node) -> Value:
    x = node.tensor(0)
    extents = iter(static_shape(x))
    given = node.known_ints(1) if node.has(1) else node.attr_ints("axes") or ()
    rank = len(static_shape(x)) + len(given)
    axes = {checked_axis(node, axis, rank) for axis in given}
    if len(axes) < len(given):
        raise node.error(f"axes {list(given)} name a dimension twice")
    return reshaped(node, x, tuple(1 if i in axes else next(extents) for i in range(rank)))


def _axes(node: Node, rank: int) -> set[int] | None:
    """The axes, an attribute and later an input, counted from the front; None if none are given."""
    axes = node.known_ints(1) if node.has(1) else node.attr_ints("axes")
    return None if axes is None else {checked_axis(node, axis, rank) for axis in axes}


@converts("Expand", note="the shape must be known at import")
def expand(node: Node) -> Value:
    """Broadcasts both ways: an extent of 1 in the wanted shape keeps the operand's."""
    x = node.tensor(0)
    return expanded(node, x, broadcast_shape(node, static_shape(x), node.known_ints(1)))


@converts("Tile", note="the repeats must be known at import")
def tile(node: Node) -> Value:
    """[a, b] -> [1, a, 1, b] -> [r, a, s, b] -> [r * a, s * b]"""
    x = node.tensor(0)
    extents, repeats = static_shape(x), node.known_ints(1)
    if len(repeats) != len(extents) or min(repeats, default=1) < 1:
        raise node.error(f"repeats {list(repeats)} do not fit a tensor of {len(extents)} dimensions")
    if all(count == 1 for count in repeats):
        return x
    pairs = list(zip(repeats, extents, strict=True))
    spread = reshaped(node, x, tuple(e for _, extent in pairs for e in (1, extent)))
    repeated = node.emit(BroadcastToOp, spread, shape_to=ints([e for pair in pairs for e in pair]))
    return reshaped(node, repeated, tuple(count * extent for count, extent in pairs))
