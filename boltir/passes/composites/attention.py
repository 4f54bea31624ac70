"""Attention that a model spells out as product, softmax and product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.attention import AttentionOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.constants import splat_value
from boltir.dialects.graph.elementwise import AddOp, EqualOp, NotOp, WhereOp
from boltir.dialects.graph.linear import BatchMatmulOp
from boltir.dialects.graph.normalization import SoftmaxOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.graph.strided_view import StridedView, views_of
from boltir.dialects.properties import float_attr, int_attr
from boltir.dialects.tensors import Shape, normalized_axis, static_shape
from boltir.passes.composites.activations import NAME
from boltir.passes.composites.matching import scalings
from boltir.remarks import Remarks


@dataclass(frozen=True)
class Operand:
    """Q, K or V: `value` is [..., sequence, head_dim] or, if `transposed`, [..., head_dim, sequence]."""

    value: SSAValue
    transposed: bool

    @property
    def leading(self) -> Shape:
        return static_shape(self.value)[:-2]

    @property
    def head_dim(self) -> int:
        return static_shape(self.value)[-2 if self.transposed else -1]

    def rows(self, batch: int, heads: int, build: GraphBuilder) -> SSAValue:
        """The operand as [batch, sequence, heads * head_dim]."""
        by_head = build.reshape(self.value, (batch, heads, *static_shape(self.value)[-2:]))
        moved = build.transpose(by_head, (0, 3, 1, 2) if self.transposed else (0, 2, 1, 3))
        return build.reshape(moved, (*static_shape(moved)[:2], heads * self.head_dim))


@dataclass(frozen=True)
class Scores:
    """scale * Q @ K^T + mask"""

    q: Operand
    k: Operand
    scale: float
    mask: SSAValue | None


def softmax_of(weights: SSAValue) -> SoftmaxOp | None:
    """The softmax over the last dimension that `weights` is, or is where it is no NaN and else 0.

    A softmax is NaN where all scores are -inf; attention gives zeros there.
    """
    op = weights.owner
    if isinstance(op, WhereOp) and splat_value(op.lhs) == 0 and is_nan(op.condition, op.rhs):
        op = op.rhs.owner
    elif isinstance(op, WhereOp) and splat_value(op.rhs) == 0 and is_number(op.condition, op.lhs):
        op = op.lhs.owner
    if not isinstance(op, SoftmaxOp) or normalized_axis(op.axis.value.data, len(op.shape)) != len(op.shape) - 1:
        return None
    return op


def is_number(condition: SSAValue, x: SSAValue) -> bool:
    """Whether `condition` is x == x, which only NaN does not fulfil."""
    return isinstance(condition.owner, EqualOp) and condition.owner.lhs is x and condition.owner.rhs is x


def is_nan(condition: SSAValue, x: SSAValue) -> bool:
    return isinstance(condition.owner, NotOp) and is_number(condition.owner.input, x)


def scores_of(value: SSAValue) -> Scores | None:
    """`value` as scores; the scale may be at Q, at K and at their product."""
    for product, mask in masked(value):
        for outer, inner in scalings(product):
            if isinstance(op := inner.owner, BatchMatmulOp):
                (q_scale, q), (k_scale, k) = (list(scalings(operand))[-1] for operand in (op.a, op.b))
                query = Operand(q, bool(op.transpose_a.value.data))
                key = Operand(k, not op.transpose_b.value.data)
                return Scores(query, key, outer * q_scale * k_scale, mask)
    return None


def masked(value: SSAValue) -> Sequence[tuple[SSAValue, SSAValue | None]]:
    """Every (x, mask) such that `value` is x + mask and has the shape of x."""
    op = value.owner
    if not isinstance(op, AddOp):
        return [(value, None)]
    pairs = ((op.lhs, op.rhs), (op.rhs, op.lhs))
    return [(x, mask) for x, mask in pairs if static_shape(x) == static_shape(value)]


def batch_and_heads(q: SSAValue) -> tuple[int, int]:
    """What the leading dimensions of Q are; one dimension alone may be both, which its memory shows."""
    leading = static_shape(q)[:-2]
    if len(leading) == 2:
        return leading[0], leading[1]
    for view in views_of(StridedView.of(q)):
        if len(factors := view.dimensions[0]) == 2:
            return factors[0].extent, factors[1].extent
    return 1, prod(leading)


def has_other_uses(softmax: SoftmaxOp, weights: SSAValue) -> bool:
    """Whether anything but the product with V, and the test for NaN, reads the weights."""
    guard = weights.owner
    expected = 1 if guard is softmax else 3
    return len(list(weights.uses)) > 1 or (guard is not softmax and len(list(softmax.result.uses)) > expected)


@dataclass(frozen=True)
class RecognizeAttention(RewritePattern):
    """softmax(scale * Q @ K^T + mask) @ V -> attention(Q, K, V, mask)"""

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: BatchMatmulOp, rewriter: PatternRewriter, /) -> None:
        softmax = softmax_of(op.a)
        if softmax is None or (scores := scores_of(softmax.input)) is None:
            return
        v = Operand(op.b, bool(op.transpose_b.value.data))
        reason = self._refusal(op, softmax, scores, v)
        if reason is not None:
            self.remarks.missed(NAME, op, f"no attention: {reason}")
            return
        self.remarks.passed(NAME, op, "recognised graph.attention")
        self._rewrite(op, scores, v, rewriter)

    def _refusal(self, op: BatchMatmulOp, softmax: SoftmaxOp, scores: Scores, v: Operand) -> str | None:
        leading = static_shape(op.result)[:-2]
        if op.transpose_a.value.data:
            return "the weights are transposed"
        if len(leading) not in (1, 2) or any(x.leading != leading for x in (scores.q, scores.k, v)):
            shapes = ", ".join(str(x.value.type) for x in (scores.q, scores.k, v))
            return f"Q, K and V do not have the same one or two leading dimensions: {shapes}"
        if v.head_dim != scores.q.head_dim:
            return f"heads of V have {v.head_dim} columns, those of Q {scores.q.head_dim}"
        if scores.scale <= 0:
            return f"the scale {scores.scale:g} is not positive"
        return "its weights are used elsewhere" if has_other_uses(softmax, op.a) else None

    def _rewrite(self, op: BatchMatmulOp, scores: Scores, v: Operand, rewriter: PatternRewriter) -> None:
        batch, heads = batch_and_heads(scores.q.value)
        build, head_dim = builder_at(op, rewriter), v.head_dim
        operands = [operand.rows(batch, heads, build) for operand in (scores.q, scores.k, v)]
        if scores.mask is not None:
            operands.append(mask_by_head(scores.mask, batch, heads, build))
        properties = {
            "heads": int_attr(heads),
            "head_dim": int_attr(head_dim),
            "scale": float_attr(scores.scale),
        }
        result = build.add(AttentionOp, operands, properties)
        by_head = build.reshape(result, (*static_shape(result)[:2], heads, head_dim))
        replace_by(op, build.reshape(build.transpose(by_head, (0, 2, 1, 3)), static_shape(op.result)), rewriter)


def mask_by_head(mask: SSAValue, batch: int, heads: int, build: GraphBuilder) -> SSAValue:
    """`mask`, which broadcasts to the scores, with four dimensions."""
    shape = static_shape(mask)
    if len(shape) == 3 and shape[0] == batch * heads:
        return build.reshape(mask, (batch, heads, *shape[1:]))
    return build.reshape(mask, (1,) * (4 - len(shape)) + shape)
