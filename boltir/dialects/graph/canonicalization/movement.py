"""Movement that moves nothing, or that two operations do in two steps."""

from __future__ import annotations

from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.builder import moves_no_element
from boltir.dialects.graph.enums import PadMode
from boltir.dialects.graph.movement import BroadcastToOp, ConcatOp, PadOp, ReshapeOp, ResizeOp, SliceOp, TransposeOp
from boltir.dialects.graph.rewriting import replace_by, replace_by_op
from boltir.dialects.properties import ints


class DropIdentityMovement(RewritePattern):
    """transpose, reshape, broadcast_to, slice, pad or resize to the same type -> x"""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: TransposeOp | ReshapeOp | BroadcastToOp | SliceOp | PadOp | ResizeOp, rewriter: PatternRewriter, /
    ) -> None:
        if op.result.type != op.input.type:
            return
        if isinstance(op, TransposeOp) and not moves_no_element(op.shape, op.permutation.get_values()):
            return
        if isinstance(op, SliceOp) and any(
            stride < 0 < extent - 1 for stride, extent in zip(op.strides.get_values(), op.shape, strict=True)
        ):
            return
        replace_by(op, op.input, rewriter)


class DropSingleConcat(RewritePattern):
    """concat(x) -> x"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ConcatOp, rewriter: PatternRewriter, /) -> None:
        if len(op.inputs) == 1:
            replace_by(op, op.inputs[0], rewriter)


class ComposeTransposes(RewritePattern):
    """transpose(transpose(x)) -> transpose(x)"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: TransposeOp, rewriter: PatternRewriter, /) -> None:
        if not isinstance(inner := op.input.owner, TransposeOp):
            return
        first = inner.permutation.get_values()
        permutation = ints([first[i] for i in op.permutation.get_values()])
        replace_by_op(op, TransposeOp, [inner.input], {"permutation": permutation}, rewriter)


class TransposeToReshape(RewritePattern):
    """transpose -> reshape, if only dimensions of extent 1 move"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: TransposeOp, rewriter: PatternRewriter, /) -> None:
        if moves_no_element(op.shape, op.permutation.get_values()):
            shape = ints(op.result_type.get_shape())
            replace_by_op(op, ReshapeOp, [op.input], {"shape_to": shape}, rewriter)


class ComposeReshapes(RewritePattern):
    """reshape(reshape(x)) -> reshape(x)"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ReshapeOp, rewriter: PatternRewriter, /) -> None:
        if isinstance(inner := op.input.owner, ReshapeOp):
            replace_by_op(op, ReshapeOp, [inner.input], op.properties, rewriter)


class ComposeBroadcasts(RewritePattern):
    """broadcast_to(broadcast_to(x)) -> broadcast_to(x)"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: BroadcastToOp, rewriter: PatternRewriter, /) -> None:
        if isinstance(inner := op.input.owner, BroadcastToOp):
            replace_by_op(op, BroadcastToOp, [inner.input], op.properties, rewriter)


class ComposeSlices(RewritePattern):
    """slice(slice(x)) -> slice(x)"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: SliceOp, rewriter: PatternRewriter, /) -> None:
        if not isinstance(inner := op.input.owner, SliceOp):
            return
        steps = inner.strides.get_values()
        offsets = zip(inner.offsets.get_values(), op.offsets.get_values(), steps, strict=True)
        properties = {
            "offsets": ints([first + second * step for first, second, step in offsets]),
            "sizes": op.sizes,
            "strides": ints([a * b for a, b in zip(steps, op.strides.get_values(), strict=True)]),
        }
        replace_by_op(op, SliceOp, [inner.input], properties, rewriter)


class ComposePads(RewritePattern):
    """pad(pad(x)) -> pad(x), for the same constant"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: PadOp, rewriter: PatternRewriter, /) -> None:
        if not isinstance(inner := op.input.owner, PadOp) or inner.value != op.value:
            return
        if not op.mode.data == inner.mode.data == PadMode.CONSTANT:
            return
        low = [a + b for a, b in zip(op.low.get_values(), inner.low.get_values(), strict=True)]
        high = [a + b for a, b in zip(op.high.get_values(), inner.high.get_values(), strict=True)]
        properties = {**op.properties, "low": ints(low), "high": ints(high)}
        replace_by_op(op, PadOp, [inner.input], properties, rewriter)


MOVEMENT_PATTERNS = (
    *((op, DropIdentityMovement()) for op in (TransposeOp, ReshapeOp, BroadcastToOp, SliceOp, PadOp, ResizeOp)),
    (ConcatOp, DropSingleConcat()),
    (TransposeOp, ComposeTransposes()),
    (TransposeOp, TransposeToReshape()),
    (ReshapeOp, ComposeReshapes()),
    (BroadcastToOp, ComposeBroadcasts()),
    (SliceOp, ComposeSlices()),
    (PadOp, ComposePads()),
)
