"""Transposes with reshapes between them are one transpose between two reshapes."""

from __future__ import annotations

from math import prod

from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.movement import TransposeOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.graph.strided_view import Factor, StridedView, views_of
from boltir.dialects.shapes import dense_strides
from boltir.dialects.tensors import static_shape


def factors_in_memory(view: StridedView) -> list[Factor] | None:
    """The factors of `view` in the order in which they lie in its base; None if it is no permutation of all of it."""
    factors = sorted((factor for factors in view.dimensions for factor in factors), key=lambda f: -f.stride)
    extents = tuple(factor.extent for factor in factors)
    is_dense = [factor.stride for factor in factors] == list(dense_strides(extents))
    return factors if is_dense and prod(extents) == prod(static_shape(view.base)) else None


class ComposeViews(RewritePattern):
    """transpose(reshape(transpose(x))) -> reshape(transpose(reshape(x)))

    A vision transformer's tokens, [N, C, H, W] as [N, H * W, C], are a reshape of the channels-last image.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: TransposeOp, rewriter: PatternRewriter, /) -> None:
        for view in views_of(StridedView.of(op.result)):
            if view.moved < 2:
                continue
            if (factors := factors_in_memory(view)) is None:
                return
            order = [factors.index(factor) for factors_of_one in view.dimensions for factor in factors_of_one]
            build = builder_at(op, rewriter)
            split = build.reshape(view.base, [factor.extent for factor in factors])
            replace_by(op, build.reshape(build.transpose(split, order), static_shape(op.result)), rewriter)
            return


VIEW_PATTERNS = ((TransposeOp, ComposeViews()),)
