"""What convolutions and matrix products can take in."""

from __future__ import annotations

from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.constants import is_constant
from boltir.dialects.graph.elementwise import AddOp
from boltir.dialects.graph.enums import PadMode
from boltir.dialects.graph.linear import (
    BatchMatmulOp,
    BiasAddOp,
    Conv2dOp,
    GemmOp,
    MatrixProductOp,
    WindowedConvolutionOp,
)
from boltir.dialects.graph.movement import PadOp, TransposeOp
from boltir.dialects.graph.rewriting import builder_at, replace_by, replace_by_op
from boltir.dialects.properties import bool_attr, int_attr, ints
from boltir.dialects.tensors import Shape, static_shape


def channel_axis(value: SSAValue) -> int | None:
    """The axis of output channels if `value` is the result of a convolution or matrix product."""
    op = value.owner
    if isinstance(op, WindowedConvolutionOp):
        return 3 if op.channels_last else 1
    return len(static_shape(value)) - 1 if isinstance(op, MatrixProductOp) else None


class AddToBiasAdd(RewritePattern):
    """product + c -> bias_add(product, c), for a constant that varies along the output channels only"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: AddOp, rewriter: PatternRewriter, /) -> None:
        for product, bias in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
            axis = channel_axis(product)
            if axis is None or not is_constant(bias) or product.type != op.result.type:
                continue
            shape, channels = static_shape(bias), static_shape(product)[axis]
            rank = len(static_shape(product))
            if (1,) * (rank - len(shape)) + shape == (1,) * axis + (channels,) + (1,) * (rank - axis - 1):
                build = builder_at(op, rewriter)
                vector = build.reshape(bias, (channels,))
                replace_by(op, build.add(BiasAddOp, [product, vector], {"axis": int_attr(axis)}), rewriter)
                return


class TakeInZeroPadding(RewritePattern):
    """conv2d(pad(x)) -> conv2d(x) with that padding, for zeros around the image"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Conv2dOp, rewriter: PatternRewriter, /) -> None:
        pad = op.input.owner
        if not isinstance(pad, PadOp) or pad.mode.data != PadMode.CONSTANT or pad.value.value.data != 0:
            return
        (low_n, top, left, low_c), (high_n, bottom, right, high_c) = (
            op.spatial_first(values.get_values()) for values in (pad.low, pad.high)
        )
        if any((low_n, low_c, high_n, high_c)):
            return
        padding = zip(op.padding.get_values(), (top, left, bottom, right), strict=True)
        properties = {**op.properties, "padding": ints([a + b for a, b in padding])}
        replace_by_op(op, Conv2dOp, [pad.input, op.filter], properties, rewriter)


class TakeInTranspose(RewritePattern):
    """A product with matrices whose rows were columns -> the transpose attribute

    Where that is not all that a transpose does, what is left of it moves rows of adjacent elements.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: GemmOp | BatchMatmulOp, rewriter: PatternRewriter, /) -> None:
        for index, (operand, name) in enumerate(((op.a, "transpose_a"), (op.b, "transpose_b"))):
            transpose = operand.owner
            if not isinstance(transpose, TransposeOp) or (left := without_exchange(transpose)) is None:
                continue
            operands = [op.a, op.b]
            operands[index] = builder_at(op, rewriter).transpose(transpose.input, left)
            flag = op.transpose_b if index else op.transpose_a
            properties = {**op.properties, name: bool_attr(not flag.value.data)}
            replace_by_op(op, type(op), operands, properties, rewriter)
            return


def exchanges_matrix(op: TransposeOp) -> bool:
    """Whether `op` exchanges the last two dimensions and nothing else."""
    rank = len(op.shape)
    return rank >= 2 and op.permutation.get_values() == (*range(rank - 2), rank - 1, rank - 2)


def without_exchange(op: TransposeOp) -> Shape | None:
    """The permutation of `op` but for making columns of what were rows; None if it does not, or others need that."""
    permutation, rank = op.permutation.get_values(), len(op.shape)
    if rank < 2 or permutation[-2] != rank - 1 or not (exchanges_matrix(op) or op.result.has_one_use()):
        return None
    return (*permutation[:-2], permutation[-1], permutation[-2])


class MatrixBatchMatmulToGemm(RewritePattern):
    """batch_matmul of two matrices -> gemm"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: BatchMatmulOp, rewriter: PatternRewriter, /) -> None:
        if len(static_shape(op.a)) == len(static_shape(op.b)) == 2:
            replace_by_op(op, GemmOp, op.operands, op.properties, rewriter)


LINEAR_PATTERNS = (
    (AddOp, AddToBiasAdd()),
    (Conv2dOp, TakeInZeroPadding()),
    (GemmOp, TakeInTranspose()),
    (BatchMatmulOp, TakeInTranspose()),
    (BatchMatmulOp, MatrixBatchMatmulToGemm()),
)
