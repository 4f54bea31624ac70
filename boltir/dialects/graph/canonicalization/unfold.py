"""What unfolding can take in."""

from __future__ import annotations

from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.enums import TO_CHANNELS_LAST, Layout, LayoutAttr
from boltir.dialects.graph.movement import TransposeOp
from boltir.dialects.graph.rewriting import replace_by_op
from boltir.dialects.graph.unfold import UnfoldOp


class TakeInLayout(RewritePattern):
    """unfold of an image that was moved to channels-last -> unfold of the channels-first image"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: UnfoldOp, rewriter: PatternRewriter, /) -> None:
        transpose = op.input.owner
        if not op.channels_last or not isinstance(transpose, TransposeOp):
            return
        if transpose.permutation.get_values() == TO_CHANNELS_LAST:
            properties = {**op.properties, "layout": LayoutAttr(Layout.NCHW)}
            replace_by_op(op, UnfoldOp, [transpose.input], properties, rewriter)


UNFOLD_PATTERNS = ((UnfoldOp, TakeInLayout()),)
