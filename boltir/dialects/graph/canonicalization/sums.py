"""Constants that are added one after the other are added to each other."""

from __future__ import annotations

from typing import NamedTuple

from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.constants import is_constant
from boltir.dialects.graph.elementwise import AddOp
from boltir.dialects.graph.linear import BiasAddOp
from boltir.dialects.graph.rewriting import builder_at, replace_by_op
from boltir.dialects.properties import int_attr
from boltir.dialects.tensors import Shape, broadcast_shapes, normalized_axis, static_shape


class Shifted(NamedTuple):
    """x + c for a constant c; `shape` is the shortest one with which c broadcasts to x, `axis` that of a bias."""

    x: SSAValue
    constant: SSAValue
    shape: Shape
    axis: int | None


def shifted(op: AddOp | BiasAddOp) -> Shifted | None:
    """The constant that `op` adds to a value of the result's type."""
    if isinstance(op, BiasAddOp):
        rank = len(static_shape(op.input))
        axis = normalized_axis(op.axis.value.data, rank)
        shape = without_leading_ones((*static_shape(op.bias), *(1,) * (rank - 1 - axis)))
        return Shifted(op.input, op.bias, shape, axis) if is_constant(op.bias) else None
    for x, constant in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
        if is_constant(constant) and not is_constant(x) and x.type == op.result.type:
            return Shifted(x, constant, without_leading_ones(static_shape(constant)), None)
    return None


class AddConstantsFirst(RewritePattern):
    """(x + c) + d -> x + (c + d), if the sum of the constants is no larger than one of them"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: AddOp | BiasAddOp, rewriter: PatternRewriter, /) -> None:
        outer = shifted(op)
        if outer is None or (inner := shifted_before(outer.x)) is None or not is_no_larger(inner, outer):
            return
        add_both(op, inner.x, inner, outer, rewriter)


class AddConstantsLast(RewritePattern):
    """(x + c) + (y + d) -> (x + y) + (c + d), if the sum of the constants is no larger than one of them"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: AddOp, rewriter: PatternRewriter, /) -> None:
        left, right = shifted_before(op.lhs), shifted_before(op.rhs)
        if left is None or right is None or left.x.type != right.x.type or not is_no_larger(left, right):
            return
        add_both(op, builder_at(op, rewriter).add(AddOp, [left.x, right.x]), left, right, rewriter)


def shifted_before(value: SSAValue) -> Shifted | None:
    """The constant that `value` is the sum with, if nothing else reads it."""
    op = value.owner
    return shifted(op) if isinstance(op, AddOp | BiasAddOp) and value.has_one_use() else None


def is_no_larger(first: Shifted, second: Shifted) -> bool:
    """Whether the sum of both constants has the shape of one of them."""
    return broadcast_shapes(first.shape, second.shape) in (first.shape, second.shape)


def add_both(op: AddOp | BiasAddOp, x: SSAValue, first: Shifted, second: Shifted, rewriter: PatternRewriter) -> None:
    """Replace `op` by the sum of `x` and of both constants."""
    build = builder_at(op, rewriter)
    if first.axis is not None and first.shape == second.shape:
        vectors = [build.reshape(part.constant, (static_shape(x)[first.axis],)) for part in (first, second)]
        operands = [x, build.add(AddOp, vectors)]
        replace_by_op(op, BiasAddOp, operands, {"axis": int_attr(first.axis)}, rewriter)
    else:
        constants = [build.reshape(part.constant, part.shape) for part in (first, second)]
        replace_by_op(op, AddOp, [x, build.add(AddOp, constants)], {}, rewriter)


def without_leading_ones(shape: Shape) -> Shape:
    """The shortest shape that broadcasts like `shape`."""
    return without_leading_ones(shape[1:]) if shape[:1] == (1,) else shape


SUM_PATTERNS = (
    (AddOp, AddConstantsFirst()),
    (BiasAddOp, AddConstantsFirst()),
    (AddOp, AddConstantsLast()),
)
