"""Columns that are split only matter once they are moved."""

from __future__ import annotations

from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.movement import ReshapeOp, TransposeOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.tensors import static_shape


class SplitColumnsLater(RewritePattern):
    """transpose(reshape(x)) -> reshape(transpose(x)), if the reshape splits the last dimension and its parts stay there

    This is what is left behind attention whose rows are moved: heads were told apart for nothing.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: TransposeOp, rewriter: PatternRewriter, /) -> None:
        if not isinstance(reshape := op.input.owner, ReshapeOp):
            return
        rows = len(reshape.shape) - 1
        permutation = op.permutation.get_values()
        splits_columns = 0 < rows < len(op.shape) - 1 and op.shape[:rows] == reshape.shape[:rows]
        if not splits_columns or permutation[rows:] != tuple(range(rows, len(op.shape))):
            return
        build = builder_at(op, rewriter)
        moved = build.transpose(reshape.input, (*permutation[:rows], rows))
        replace_by(op, build.reshape(moved, static_shape(op.result)), rewriter)


COLUMN_PATTERNS = ((TransposeOp, SplitColumnsLater()),)
