"""Activations that older exports write as their formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf, pi, sqrt

from xdsl.ir import Attribute, SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.elementwise import (
    AddOp,
    ClipOp,
    DivOp,
    ErfOp,
    ExpOp,
    GeluOp,
    HardSigmoidOp,
    HardSwishOp,
    LogOp,
    MishOp,
    MulOp,
    NegOp,
    SigmoidOp,
    SiluOp,
    SoftplusOp,
    TanhOp,
)
from boltir.dialects.graph.enums import GeluApproximation, GeluApproximationAttr
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.properties import float_attr
from boltir.passes.composites.matching import affine, is_cube, is_square, near, products, scalings, shifted
from boltir.remarks import Remarks

NAME = "recognize-composites"

Found = tuple[type[GraphOp], Mapping[str, Attribute]]
"""The operation of one operand that an expression is, and its properties."""
Gate = Callable[[float, SSAValue, SSAValue], Found | None]
"""Recognises scale * x * gate as a function of x."""


def hard_gates(value: SSAValue) -> Iterator[tuple[float, SSAValue, float, float]]:
    """Every (c, x, alpha, beta) such that `value` is c * hard_sigmoid(x) with that slope and offset."""
    op = value.owner
    if isinstance(op, HardSigmoidOp):
        yield 1.0, op.input, op.alpha.value.data, op.beta.value.data
    elif isinstance(op, ClipOp) and op.min.value.data == 0 and 0 < (height := op.max.value.data) < inf:
        for slope, x, offset in affine(op.input):
            yield height, x, slope / height, offset / height


def hard_swish(scale: float, x: SSAValue, gate: SSAValue) -> Found | None:
    """x * clip(x + 3, 0, 6) / 6"""
    for height, argument, slope, offset in hard_gates(gate):
        if argument is x and near(scale * height, 1) and near(slope, 1 / 6) and near(offset, 0.5):
            return HardSwishOp, {}
    return None


def silu(scale: float, x: SSAValue, gate: SSAValue) -> Found | None:
    """x * sigmoid(x)"""
    matches = isinstance(gate.owner, SigmoidOp) and gate.owner.input is x and near(scale, 1)
    return (SiluOp, {}) if matches else None


def mish(scale: float, x: SSAValue, gate: SSAValue) -> Found | None:
    """x * tanh(softplus(x))"""
    tanh = gate.owner
    if not isinstance(tanh, TanhOp) or not isinstance(softplus := tanh.input.owner, SoftplusOp):
        return None
    return (MishOp, {}) if softplus.input is x and near(scale, 1) else None


def gelu(scale: float, x: SSAValue, gate: SSAValue) -> Found | None:
    """x * (1 + erf(x / sqrt(2))) / 2"""
    inner, one = shifted(gate)
    if not isinstance(inner.owner, ErfOp) or not near(one, 1) or not near(scale, 0.5):
        return None
    matches = any(argument is x and near(c, 1 / sqrt(2)) for c, argument in scalings(inner.owner.input))
    return (GeluOp, {}) if matches else None


def gelu_tanh(scale: float, x: SSAValue, gate: SSAValue) -> Found | None:
    """x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2"""
    inner, one = shifted(gate)
    if not isinstance(inner.owner, TanhOp) or not near(one, 1) or not near(scale, 0.5):
        return None
    if not _is_gelu_polynomial(inner.owner.input, x):
        return None
    return GeluOp, {"approximation": GeluApproximationAttr(GeluApproximation.TANH)}


def _is_gelu_polynomial(value: SSAValue, x: SSAValue) -> bool:
    """Whether `value` is sqrt(2 / pi) * (x + 0.044715 * x**3), also with x factored out."""
    for c, polynomial in scalings(value):
        op = polynomial.owner
        if near(c, sqrt(2 / pi)) and isinstance(op, AddOp):
            for term, other in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
                if term is x and any(near(k, 0.044715) and is_cube(cube, x) for k, cube in scalings(other)):
                    return True
    for c, factor, polynomial in products(value):
        square, one = shifted(polynomial)
        if factor is x and near(c, sqrt(2 / pi)) and near(one, 1):
            return any(near(k, 0.044715) and is_square(power, x) for k, power in scalings(square))
    return False


GATES: tuple[Gate, ...] = (hard_swish, silu, mish, gelu, gelu_tanh)


def replace(op: GraphOp, found: Found, x: SSAValue, rewriter: PatternRewriter, remarks: Remarks) -> None:
    """Replace `op` by the operation found, on `x`."""
    op_type, properties = found
    remarks.passed(NAME, op, f"recognised {op_type.name}")
    replace_by(op, builder_at(op, rewriter).add(op_type, [x], properties), rewriter)


@dataclass(frozen=True)
class RecognizeGate(RewritePattern):
    """scale * x * gate(x) -> the activation"""

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MulOp | DivOp, rewriter: PatternRewriter, /) -> None:
        for scale, x, gate in products(op.result):
            for recognize in GATES:
                if (found := recognize(scale, x, gate)) is not None:
                    replace(op, found, x, rewriter, self.remarks)
                    return


@dataclass(frozen=True)
class RecognizeHardSigmoid(RewritePattern):
    """clip(a * x + b, 0, c) / c -> hard_sigmoid(x)"""

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MulOp | DivOp | ClipOp, rewriter: PatternRewriter, /) -> None:
        for scale, clip in scalings(op.result):
            gates = list(hard_gates(clip)) if isinstance(clip.owner, ClipOp) else []
            if not gates:
                continue
            height, x, slope, offset = gates[-1]
            if not near(scale * height, 1) or offset == 0:
                continue
            properties = {"alpha": float_attr(slope), "beta": float_attr(offset)}
            replace(op, (HardSigmoidOp, properties), x, rewriter, self.remarks)
            return


@dataclass(frozen=True)
class RecognizeSiluQuotient(RewritePattern):
    """x / (1 + exp(-x)) -> silu(x)"""

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: DivOp, rewriter: PatternRewriter, /) -> None:
        exponential, one = shifted(op.rhs)
        if not isinstance(exp := exponential.owner, ExpOp) or not near(one, 1):
            return
        if isinstance(negation := exp.input.owner, NegOp) and negation.input is op.lhs:
            replace(op, (SiluOp, {}), op.lhs, rewriter, self.remarks)


@dataclass(frozen=True)
class RecognizeSoftplus(RewritePattern):
    """log(1 + exp(x)) -> softplus(x)"""

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: LogOp, rewriter: PatternRewriter, /) -> None:
        exponential, one = shifted(op.input)
        if isinstance(exp := exponential.owner, ExpOp) and near(one, 1):
            replace(op, (SoftplusOp, {}), exp.input, rewriter, self.remarks)
