"""Reductions that have a name of their own."""

from __future__ import annotations

from xdsl.dialects.builtin import AnyFloat
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.pooling import (
    GlobalAvgPool2dOp,
    GlobalMaxPool2dOp,
    ReduceMaxOp,
    ReduceMeanOp,
    ReduceMinOp,
    ReduceOp,
    ReduceSumOp,
)
from boltir.dialects.graph.rewriting import replace_by, replace_by_op
from boltir.dialects.tensors import normalized_axis


class SpatialReductionToGlobalPool(RewritePattern):
    """reduce_mean or reduce_max over the last two of four dimensions -> global pooling"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ReduceMeanOp | ReduceMaxOp, rewriter: PatternRewriter, /) -> None:
        rank = len(op.shape)
        axes = {normalized_axis(axis, rank) for axis in op.axes.get_values()}
        if rank != 4 or axes != {2, 3} or not op.keepdims.value.data or not isinstance(op.element_type, AnyFloat):
            return
        pool = GlobalAvgPool2dOp if isinstance(op, ReduceMeanOp) else GlobalMaxPool2dOp
        replace_by_op(op, pool, [op.input], {}, rewriter)


class DropEmptyReduction(RewritePattern):
    """A reduction over dimensions of extent 1 that keeps them -> x"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ReduceOp, rewriter: PatternRewriter, /) -> None:
        if op.result.type == op.input.type:
            replace_by(op, op.input, rewriter)


REDUCTION_PATTERNS = (
    *((op, DropEmptyReduction()) for op in (ReduceMeanOp, ReduceSumOp, ReduceMaxOp, ReduceMinOp)),
    (ReduceMeanOp, SpatialReductionToGlobalPool()),
    (ReduceMaxOp, SpatialReductionToGlobalPool()),
)
