"""Pooling that pools nothing."""

from __future__ import annotations

from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.pooling import AvgPool2dOp, GlobalPool2dOp, MaxPool2dOp
from boltir.dialects.graph.rewriting import replace_by


class DropPixelPooling(RewritePattern):
    """max_pool2d or avg_pool2d of every pixel by itself -> x"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MaxPool2dOp | AvgPool2dOp, rewriter: PatternRewriter, /) -> None:
        if op.kernel.get_values() == (1, 1) and op.result.type == op.input.type:
            replace_by(op, op.input, rewriter)


class DropGlobalPooling(RewritePattern):
    """global_avg_pool2d or global_max_pool2d of images of one pixel -> x"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GlobalPool2dOp, rewriter: PatternRewriter, /) -> None:
        if op.result.type == op.input.type:
            replace_by(op, op.input, rewriter)


POOLING_PATTERNS = (
    (GlobalPool2dOp, DropGlobalPooling()),
    (MaxPool2dOp, DropPixelPooling()),
    (AvgPool2dOp, DropPixelPooling()),
)
