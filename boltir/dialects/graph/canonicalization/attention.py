"""What attention can read by itself: operands that were only moved, scaled or broadcast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.attention import AttentionOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.movement import BroadcastToOp, ReshapeOp
from boltir.dialects.graph.rewriting import builder_at, replace_by_op
from boltir.dialects.graph.scalars import scaled
from boltir.dialects.graph.strided_view import Factor, StridedView, views_of
from boltir.dialects.properties import float_attr, ints
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import static_shape


@dataclass(frozen=True)
class Rows:
    """An operand [batch, sequence, *] in the memory of `base`, from column `offset` on.

    With `sequence_first` the memory is [sequence, batch, *].
    """

    base: SSAValue
    batch: int
    sequence: int
    offset: int
    sequence_first: bool

    def build(self, build: GraphBuilder) -> SSAValue:
        """The operand [batch, sequence, *]."""
        if self.sequence_first:
            return build.transpose(build.reshape(self.base, (self.sequence, self.batch, self.width)), (1, 0, 2))
        return build.reshape(self.base, (self.batch, self.sequence, self.width))

    @property
    def width(self) -> int:
        return element_count(static_shape(self.base)) // (self.batch * self.sequence)


def used_columns(op: AttentionOp, index: int) -> StridedView:
    """What `op` reads of operand `index`, as [batch, sequence, heads, head_dim]."""
    value, offset = op.operands[index], op.offsets.get_values()[index]
    batch, sequence, width = static_shape(value)
    heads, head_dim = op.heads.value.data, op.head_dim.value.data
    extents, strides = (batch, sequence, heads, head_dim), (sequence * width, width, head_dim, 1)
    return StridedView(value, dimensions(extents, strides), offset)


def dimensions(extents: Sequence[int], strides: Sequence[int]) -> tuple[tuple[Factor, ...], ...]:
    pairs = zip(extents, strides, strict=True)
    return tuple((Factor(extent, stride),) if extent > 1 else () for extent, stride in pairs)


def rows(op: AttentionOp, index: int, view: StridedView) -> Rows | None:
    """`view`, which is what `op` reads of operand `index`, as whole rows of its base."""
    batch, sequence, _ = static_shape(op.operands[index])
    heads, head_dim = op.heads.value.data, op.head_dim.value.data
    width, rest = divmod(element_count(static_shape(view.base)), batch * sequence)
    if rest or view.offset + heads * head_dim > width:
        return None
    for sequence_first, strides in enumerate(((sequence * width, width), (width, batch * width))):
        if view.dimensions == dimensions((batch, sequence, heads, head_dim), (*strides, head_dim, 1)):
            return Rows(view.base, batch, sequence, view.offset, bool(sequence_first))
    return None


class ReadUnmoved(RewritePattern):
    """attention of a tensor that was sliced, transposed and reshaped -> attention of columns of the tensor before

    Where the sequence is that tensor's first dimension, one transpose remains.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: AttentionOp, rewriter: PatternRewriter, /) -> None:
        for index in range(3):
            found = None
            for view in views_of(used_columns(op, index)):
                candidate = rows(op, index, view)
                if candidate is not None and view.moved > candidate.sequence_first:
                    found = candidate
            if found is not None:
                operands, offsets = list(op.operands), list(op.offsets.get_values())
                operands[index], offsets[index] = found.build(builder_at(op, rewriter)), found.offset
                replace_by_op(op, AttentionOp, operands, {**op.properties, "offsets": ints(offsets)}, rewriter)
                return


class TakeInScale(RewritePattern):
    """attention(c * q, k, v), attention(q, c * k, v) -> attention(q, k, v) with c in its scale, for c > 0"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: AttentionOp, rewriter: PatternRewriter, /) -> None:
        for index, value in enumerate((op.q, op.k)):
            shape = static_shape(value)
            found = scaled(value.owner.input if isinstance(value.owner, ReshapeOp) else value)
            if found is None or found[0] <= 0:
                continue
            operands = list(op.operands)
            operands[index] = builder_at(op, rewriter).reshape(found[1], shape)
            scale = float_attr(op.scale.value.data * found[0])
            replace_by_op(op, AttentionOp, operands, {**op.properties, "scale": scale}, rewriter)
            return


class ReadNarrowMask(RewritePattern):
    """attention with a mask that was broadcast -> attention with the mask before"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: AttentionOp, rewriter: PatternRewriter, /) -> None:
        if op.mask is None or not isinstance(broadcast := op.mask.owner, BroadcastToOp):
            return
        shape = (1,) * (4 - len(broadcast.shape)) + broadcast.shape
        operands = [op.q, op.k, op.v, builder_at(op, rewriter).reshape(broadcast.input, shape)]
        replace_by_op(op, AttentionOp, operands, op.properties, rewriter)


ATTENTION_PATTERNS = (
    (AttentionOp, ReadUnmoved()),
    (AttentionOp, TakeInScale()),
    (AttentionOp, ReadNarrowMask()),
)
