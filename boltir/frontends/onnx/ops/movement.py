"""Operators that move elements and compute nothing."""

from __future__ import annotations

import numpy as np

from boltir.dialects.graph.elementwise import WhereOp
from boltir.dialects.graph.enums import PadMode, PadModeAttr
from boltir.dialects.graph.movement import PadOp, TransposeOp
from boltir.dialects.properties import float_attr, ints
from boltir.dialects.tensors import static_shape
from boltir.frontends.onnx.node import Node, shape_of
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.reshaping import checked_axis, sliced
from boltir.frontends.onnx.values import Value


@converts("Transpose")
def transpose(node: Node) -> Value:
    x = node.tensor(0)
    order = tuple(range(len(static_shape(x))))
    permutation = node.attr_ints("perm") or order[::-1]
    return x if permutation == order else node.emit(TransposeOp, x, permutation=ints(permutation))


@converts("Concat")
def concat(node: Node) -> Value:
    """Exporters concatenate empty caches; those are left out."""
    values = [node.value(i) for i in range(len(node.inputs))]
    parts = [node.builder.tensor(value) for value in values if 0 not in shape_of(value)]
    if not parts:
        raise node.unsupported("its result has no elements")
    axis = checked_axis(node, node.attr_int("axis"), len(static_shape(parts[0])))
    return parts[0] if len(parts) == 1 else node.builder.concat(parts, axis, node.where, node.location)


@converts("Pad", note="constant, reflect and edge; the pads must be known at import")
def pad(node: Node) -> Value:
    """Negative pads cut elements off, before anything is added."""
    x = node.tensor(0)
    shape = static_shape(x)
    low, high = _pads(node, len(shape))
    kept = [range(max(-a, 0), extent - max(-b, 0)) for extent, a, b in zip(shape, low, high, strict=True)]
    x = sliced(node, x, kept)
    if max((*low, *high), default=0) <= 0:
        return x
    return node.emit(
        PadOp,
        x,
        low=ints([max(count, 0) for count in low]),
        high=ints([max(count, 0) for count in high]),
        value=float_attr(node.known_number(2) if node.has(2) else 0.0),
        mode=PadModeAttr(node.attr_choice("mode", PadMode)),
    )


def _pads(node: Node, rank: int) -> tuple[list[int], list[int]]:
    """Elements to add before and after each dimension."""
    pads = node.known_ints(1)
    axes = node.known_ints(3) if node.has(3) else tuple(range(rank))
    if len(pads) != 2 * len(axes):
        raise node.error(f"{len(pads)} pads for {len(axes)} axes")
    low, high = [0] * rank, [0] * rank
    for i, axis in enumerate(axes):
        low[checked_axis(node, axis, rank)] = pads[i]
        high[checked_axis(node, axis, rank)] = pads[i + len(axes)]
    return low, high


@converts("Trilu", note="k must be known at import")
def triangle(node: Node) -> Value:
    """A constant mask chooses between the operand and zero."""
    x = node.tensor(0)
    shape = static_shape(x)
    if len(shape) < 2:
        raise node.error(f"a triangle of a tensor of shape {list(shape)}")
    offset = int(node.known_number(1)) if node.has(1) else 0
    ones = np.ones(shape[-2:], np.bool_)
    mask = np.triu(ones, offset) if node.attr_flag("upper") else np.tril(ones, offset)
    return node.emit(WhereOp, node.constant(mask), x, node.number(0, x))
