"""Images that are flattened for a matrix product can stay channels-last: the weight's rows are reordered."""

from __future__ import annotations

from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.constants import depends_on_weights_only
from boltir.dialects.graph.enums import TO_CHANNELS_FIRST
from boltir.dialects.graph.linear import GemmOp
from boltir.dialects.graph.movement import ReshapeOp, TransposeOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.tensors import Shape, static_shape


class FlattenChannelsLast(RewritePattern):
    """gemm(reshape(transpose(x)), w) -> gemm(reshape(x), w with its rows in the order of x)"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GemmOp, rewriter: PatternRewriter, /) -> None:
        reshape = op.a.owner
        if op.transpose_a.value.data or not isinstance(reshape, ReshapeOp) or len(reshape.shape) != 4:
            return
        transpose = reshape.input.owner
        if not isinstance(transpose, TransposeOp) or transpose.permutation.get_values() != TO_CHANNELS_FIRST:
            return
        if reshape.shape[0] != static_shape(op.a)[0] or not depends_on_weights_only(op.b):
            return
        build = builder_at(op, rewriter)
        flat = build.reshape(transpose.input, static_shape(op.a))
        is_transposed = bool(op.transpose_b.value.data)
        weight = reorder_rows(op.b, reshape.shape[1:], build, is_transposed=is_transposed)
        replace_by(op, build.add(GemmOp, [flat, weight], op.properties), rewriter)


def reorder_rows(weight: SSAValue, image: Shape, build: GraphBuilder, *, is_transposed: bool) -> SSAValue:
    """`weight`, whose K dimension counts (C, H, W), with K counting (H, W, C). `is_transposed`: it is [N, K]."""
    shape = static_shape(weight)
    if is_transposed:
        wide = build.transpose(build.reshape(weight, (shape[0], *image)), (0, 2, 3, 1))
    else:
        wide = build.transpose(build.reshape(weight, (*image, shape[1])), (1, 2, 0, 3))
    return build.reshape(wide, shape)
