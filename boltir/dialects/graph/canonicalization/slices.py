"""Slices move before other movement: less is moved, and parts of one value show as slices of one value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.movement import ConcatOp, ReshapeOp, SliceOp, TransposeOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.properties import ints
from boltir.dialects.tensors import Shape, normalized_axis, static_shape


class Part(NamedTuple):
    """What a slice takes of one dimension."""

    offset: int
    size: int
    stride: int


def parts_of(op: SliceOp) -> list[Part]:
    """What `op` takes of each dimension."""
    bounds = (op.offsets.get_values(), op.sizes.get_values(), op.strides.get_values())
    return [Part(*bound) for bound in zip(*bounds, strict=True)]


def sliced(value: SSAValue, parts: Sequence[Part], build: GraphBuilder) -> SSAValue:
    """The `parts` of `value`."""
    offsets, sizes, strides = zip(*parts, strict=True)
    return build.add(SliceOp, [value], {"offsets": ints(offsets), "sizes": ints(sizes), "strides": ints(strides)})


class SliceBeforeTranspose(RewritePattern):
    """slice(transpose(x)) -> transpose(slice(x)), if only slices read the transpose"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: SliceOp, rewriter: PatternRewriter, /) -> None:
        transpose = op.input.owner
        if not isinstance(transpose, TransposeOp):
            return
        if not all(isinstance(use.operation, SliceOp) for use in transpose.result.uses):
            return
        permutation, build = transpose.permutation.get_values(), builder_at(op, rewriter)
        parts = dict(zip(permutation, parts_of(op), strict=True))
        inner = sliced(transpose.input, [parts[axis] for axis in range(len(parts))], build)
        replace_by(op, build.transpose(inner, permutation), rewriter)


class SliceBeforeReshape(RewritePattern):
    """slice(reshape(x)) -> reshape(slice(x)), if what is taken is a box in x too"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: SliceOp, rewriter: PatternRewriter, /) -> None:
        if not isinstance(reshape := op.input.owner, ReshapeOp):
            return
        parts = parts_before_reshape(parts_of(op), op.shape, reshape.shape)
        if parts is not None:
            build = builder_at(op, rewriter)
            replace_by(op, build.reshape(sliced(reshape.input, parts, build), static_shape(op.result)), rewriter)


class SliceOfConcat(RewritePattern):
    """slice(concat(a, b)) -> slice(a), if it takes nothing of b"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: SliceOp, rewriter: PatternRewriter, /) -> None:
        if not isinstance(concat := op.input.owner, ConcatOp):
            return
        axis, parts = normalized_axis(concat.axis.value.data, len(op.shape)), parts_of(op)
        begin, size, stride = parts[axis]
        first, last = sorted((begin, begin + (size - 1) * stride))
        for value in concat.inputs:
            extent = static_shape(value)[axis]
            if first >= 0 and last < extent:
                parts[axis] = Part(begin, size, stride)
                replace_by(op, sliced(value, parts, builder_at(op, rewriter)), rewriter)
                return
            begin, first, last = begin - extent, first - extent, last - extent


def parts_before_reshape(parts: Sequence[Part], shape: Shape, source: Shape) -> list[Part] | None:
    """What to take of a tensor of shape `source` to get `parts` of it seen as `shape`; None if that is no box."""
    result = [Part(0, 1, 1)] * len(source)
    for new, old in matching_dimensions(shape, source):
        taken, extents = [parts[i] for i in new], [source[i] for i in old]
        if len(new) > 1 or len(old) > 1:
            taken = _as_box(_flat_range(taken, [shape[i] for i in new]), extents)
        if taken is None:
            return None
        for i, part in zip(old, taken, strict=True):
            result[i] = part
    return result


def matching_dimensions(shape: Shape, other: Shape) -> Iterator[tuple[list[int], list[int]]]:
    """The smallest groups of dimensions of two views of one tensor that count the same elements; without extents 1."""
    ours, theirs = ([i for i, extent in enumerate(s) if extent > 1] for s in (shape, other))
    while ours:
        left, right = [ours.pop(0)], [theirs.pop(0)]
        while (a := prod(shape[i] for i in left)) != (b := prod(other[i] for i in right)):
            if a < b:
                left.append(ours.pop(0))
            else:
                right.append(theirs.pop(0))
        yield left, right


def _flat_range(parts: Sequence[Part], extents: Sequence[int]) -> range | None:
    """The row-major positions that `parts` cover, if they lie one after the other."""
    start, count, inner, is_whole = 0, 1, 1, True
    for (offset, size, stride), extent in zip(reversed(parts), reversed(extents), strict=True):
        if size > 1 and (not is_whole or stride != 1):
            return None
        start, count, inner = start + offset * inner, count * size, inner * extent
        is_whole = is_whole and size == extent
    return range(start, start + count)


def _as_box(positions: range | None, extents: Sequence[int]) -> list[Part] | None:
    """What to take of each dimension to get the row-major `positions`; None if that is no box."""
    if positions is None:
        return None
    start, count, parts = positions.start, len(positions), list[Part]()
    for extent in reversed(extents):
        offset, size = start % extent, min(count, extent)
        if offset + size > extent or count % size:
            return None
        parts.append(Part(offset, size, 1))
        start, count = start // extent, count // size
    return parts[::-1]


SLICE_PATTERNS = (
    (SliceOp, SliceBeforeTranspose()),
    (SliceOp, SliceBeforeReshape()),
    (SliceOp, SliceOfConcat()),
)
