"""Arithmetic with constants, and the cheaper of two equal operations."""

from __future__ import annotations

from math import frexp

from xdsl.dialects.builtin import AnyFloat, TensorType
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.constants import splat_value
from boltir.dialects.graph.elementwise import (
    AddOp,
    BinaryElementwiseOp,
    DivOp,
    ElementwiseOp,
    MulOp,
    NegOp,
    PowOp,
    ReciprocalOp,
    RsqrtOp,
    SqrtOp,
    SubOp,
    WhereOp,
)
from boltir.dialects.graph.movement import BroadcastToOp
from boltir.dialects.graph.quantization import QuantizationOp
from boltir.dialects.graph.rewriting import builder_at, replace_by, replace_by_op
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import broadcast_shapes, element_type, static_shape, tensor_type

NEUTRAL: dict[type[BinaryElementwiseOp], float] = {AddOp: 0, SubOp: 0, MulOp: 1, DivOp: 1, PowOp: 1}
"""The right operand with which each operation gives its left one."""


class DropNeutralOperand(RewritePattern):
    """x + 0, x - 0, x * 1, x / 1, x ** 1 -> x"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: AddOp | SubOp | MulOp | DivOp | PowOp, rewriter: PatternRewriter, /) -> None:
        neutral = NEUTRAL[type(op)]
        if splat_value(op.rhs) == neutral and op.lhs.type == op.result.type:
            replace_by(op, op.lhs, rewriter)
        elif isinstance(op, AddOp | MulOp) and splat_value(op.lhs) == neutral and op.rhs.type == op.result.type:
            replace_by(op, op.rhs, rewriter)


class DivideByPowerOfTwo(RewritePattern):
    """x / c -> x * (1 / c), if 1 / c is exact in every float type"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: DivOp, rewriter: PatternRewriter, /) -> None:
        divisor = splat_value(op.rhs)
        if not divisor or not isinstance(element_type(op.rhs), AnyFloat):
            return
        mantissa, exponent = frexp(divisor)
        # f16 has normal numbers down to 2 ** -14.
        if abs(mantissa) == 0.5 and abs(exponent) < 14:
            build = builder_at(op, rewriter)
            replace_by(op, build.add(MulOp, [op.lhs, build.splat(1 / divisor, tensor_type(op.rhs))]), rewriter)


class SquareToProduct(RewritePattern):
    """x ** 2 -> x * x"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: PowOp, rewriter: PatternRewriter, /) -> None:
        if splat_value(op.rhs) == 2 and op.lhs.type == op.result.type:
            replace_by_op(op, MulOp, [op.lhs, op.lhs], {}, rewriter)


class DropDoubleNegation(RewritePattern):
    """-(-x) -> x"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: NegOp, rewriter: PatternRewriter, /) -> None:
        if isinstance(inner := op.input.owner, NegOp):
            replace_by(op, inner.input, rewriter)


class ReciprocalRootToRsqrt(RewritePattern):
    """1 / sqrt(x) -> rsqrt(x)"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ReciprocalOp | DivOp, rewriter: PatternRewriter, /) -> None:
        if isinstance(op, DivOp) and splat_value(op.lhs) != 1:
            return
        root = op.operands[-1]
        if isinstance(root.owner, SqrtOp) and root.type == op.result.type:
            replace_by_op(op, RsqrtOp, [root.owner.input], {}, rewriter)


class DropBroadcastOperand(RewritePattern):
    """f(broadcast_to(x), y) -> f(x, y), if the result keeps its shape"""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: BinaryElementwiseOp | WhereOp | QuantizationOp, rewriter: PatternRewriter, /
    ) -> None:
        for index, operand in enumerate(op.operands):
            if not isinstance(broadcast := operand.owner, BroadcastToOp):
                continue
            operands = [*op.operands[:index], broadcast.input, *op.operands[index + 1 :]]
            if broadcast_shapes(*map(static_shape, operands)) == static_shape(op.result):
                replace_by_op(op, type(op), operands, op.properties, rewriter)
                return


class BroadcastAfter(RewritePattern):
    """f(broadcast_to(x), 2) -> broadcast_to(f(x, 2)), if all that reads it computes elementwise"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ElementwiseOp, rewriter: PatternRewriter, /) -> None:
        varying = [operand for operand in op.operands if element_count(static_shape(operand)) > 1]
        sources = {value: value.owner.input for value in varying if isinstance(value.owner, BroadcastToOp)}
        if not all(value in sources for value in varying):
            return
        if not all(isinstance(use.operation, ElementwiseOp) for use in op.result.uses):
            return
        operands = [sources.get(operand, operand) for operand in op.operands]
        shape, result = broadcast_shapes(*map(static_shape, operands)), static_shape(op.result)
        if element_count(shape) == element_count(result):
            return
        kind = TensorType(element_type(op.result), shape)
        build = builder_at(op, rewriter)
        small = build.insert(type(op)(operands=operands, result_types=[kind], properties=op.properties))
        replace_by(op, build.broadcast_to(small, result), rewriter)


ELEMENTWISE_PATTERNS = (
    *((op, DropNeutralOperand()) for op in NEUTRAL),
    (DivOp, DivideByPowerOfTwo()),
    (PowOp, SquareToProduct()),
    (NegOp, DropDoubleNegation()),
    (DivOp, ReciprocalRootToRsqrt()),
    (ReciprocalOp, ReciprocalRootToRsqrt()),
    *((op, DropBroadcastOperand()) for op in (BinaryElementwiseOp, WhereOp, QuantizationOp)),
    (ElementwiseOp, BroadcastAfter()),
)
