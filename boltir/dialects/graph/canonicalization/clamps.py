"""One form for everything that limits a value: relu, or clip."""

from __future__ import annotations

from math import inf

from xdsl.dialects.builtin import AnyFloat
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.constants import splat_value
from boltir.dialects.graph.elementwise import ClipOp, MaximumOp, MinimumOp, ReluOp
from boltir.dialects.graph.rewriting import replace_by, replace_by_op
from boltir.dialects.properties import float_attr
from boltir.dialects.tensors import element_type, static_shape


def limits(value: SSAValue) -> tuple[SSAValue, float, float] | None:
    """(x, min, max) if `value` limits x to [min, max]."""
    op = value.owner
    if isinstance(op, ClipOp):
        return op.input, op.min.value.data, op.max.value.data
    if isinstance(op, ReluOp) and isinstance(op.element_type, AnyFloat):
        return op.input, 0.0, inf
    return None


class ComposeClamps(RewritePattern):
    """clip(clip(x)) -> clip(x), where relu is clip to [0, inf]"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ClipOp | ReluOp, rewriter: PatternRewriter, /) -> None:
        outer, inner = limits(op.result), limits(op.input)
        if outer is None or inner is None:
            return
        _, low, high = outer
        x, first, second = inner
        properties = {name: float_attr(min(max(v, low), high)) for name, v in (("min", first), ("max", second))}
        replace_by_op(op, ClipOp, [x], properties, rewriter)


class ClipToRelu(RewritePattern):
    """clip to [0, inf] -> relu, to [-inf, inf] -> x"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ClipOp, rewriter: PatternRewriter, /) -> None:
        if op.max.value.data != inf:
            return
        if op.min.value.data == 0:
            replace_by_op(op, ReluOp, [op.input], {}, rewriter)
        elif op.min.value.data == -inf:
            replace_by(op, op.input, rewriter)


class ExtremumToClip(RewritePattern):
    """maximum or minimum with a scalar constant -> clip"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MaximumOp | MinimumOp, rewriter: PatternRewriter, /) -> None:
        if not isinstance(element_type(op.result), AnyFloat):
            return
        for x, other in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
            limit = splat_value(other)
            if limit is not None and static_shape(x) == static_shape(op.result):
                side = "min" if isinstance(op, MaximumOp) else "max"
                replace_by_op(op, ClipOp, [x], {side: float_attr(limit)}, rewriter)
                return


CLAMP_PATTERNS = (
    (ClipOp, ComposeClamps()),
    (ReluOp, ComposeClamps()),
    (ClipOp, ClipToRelu()),
    (MaximumOp, ExtremumToClip()),
    (MinimumOp, ExtremumToClip()),
)
