"""What each elementwise graph operation computes on one element, as arith and math operations.

Every formula is written so that it neither overflows nor cancels where its result is representable;
the reference is numpy's meaning of the same operation in boltir.interpreters.
"""

from collections.abc import Callable, Sequence
from math import isinf, pi, sqrt
from typing import TypeAlias, TypeVar

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, f32, i1, i8, i32
from xdsl.ir import SSAValue
from xdsl.utils.hints import isa

from boltir.dialects.fused.scalar_builder import ScalarBuilder, is_float
from boltir.dialects.graph import GraphOp
from boltir.dialects.graph import elementwise as graph
from boltir.dialects.graph.enums import GeluApproximation
from boltir.dialects.graph.quantization import DequantizeOp, QuantizeOp
from boltir.dialects.tensors import element_type

Expression: TypeAlias = Callable[..., SSAValue]
E = TypeVar("E", bound=Expression)

_EXPRESSIONS: dict[type[GraphOp], Expression] = {}

_CALLS: dict[type[GraphOp], type[math.FloatingPointLikeUnaryMathOperation]] = {
    graph.CeilOp: math.CeilOp,
    graph.CosOp: math.CosOp,
    graph.ErfOp: math.ErfOp,
    graph.ExpOp: math.ExpOp,
    graph.FloorOp: math.FloorOp,
    graph.LogOp: math.LogOp,
    graph.RoundOp: math.RoundEvenOp,
    graph.RsqrtOp: math.RsqrtOp,
    graph.SinOp: math.SinOp,
    graph.SqrtOp: math.SqrtOp,
    graph.TanhOp: math.TanhOp,
}
"""Operations that are one call of a function of `math`."""

_BINARY: dict[type[GraphOp], Callable[[ScalarBuilder, SSAValue, SSAValue], SSAValue]] = {
    graph.AddOp: ScalarBuilder.add,
    graph.DivOp: ScalarBuilder.divide,
    graph.MaximumOp: ScalarBuilder.maximum,
    graph.MinimumOp: ScalarBuilder.minimum,
    graph.MulOp: ScalarBuilder.multiply,
    graph.SubOp: ScalarBuilder.subtract,
}

_PREDICATES: dict[type[GraphOp], str] = {
    graph.EqualOp: "eq",
    graph.GreaterOp: "gt",
    graph.GreaterOrEqualOp: "ge",
    graph.LessOp: "lt",
    graph.LessOrEqualOp: "le",
}


def scalar_expression(op: GraphOp, build: ScalarBuilder, operands: Sequence[SSAValue]) -> SSAValue:
    """Append what elementwise `op` computes from scalar `operands`; the value is of a compute type."""
    kind = type(op)
    if kind in _CALLS:
        return build.call(_CALLS[kind], operands[0])
    if kind in _BINARY:
        return _BINARY[kind](build, operands[0], operands[1])
    if kind in _PREDICATES:
        return build.compare(_PREDICATES[kind], operands[0], operands[1])
    return _EXPRESSIONS[kind](op, build, *operands)


def _of(*op_types: type[GraphOp]) -> Callable[[E], E]:
    """Decorates the expression of `op_types`."""

    def register(expression: E) -> E:
        _EXPRESSIONS.update(dict.fromkeys(op_types, expression))
        return expression

    return register


@_of(graph.CastOp)
def identity(op: GraphOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    """The element itself: storing it converts."""
    return x


@_of(graph.ReluOp)
def relu(op: GraphOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    return build.maximum(x, build.constant(0, x.type))


@_of(graph.ClipOp)
def clip(op: graph.ClipOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    low, high = op.min.value.data, op.max.value.data
    bounded = x if isinf(high) else build.minimum(x, build.constant(high))
    return bounded if isinf(low) else build.maximum(bounded, build.constant(low))


@_of(graph.LeakyReluOp)
def leaky_relu(op: graph.LeakyReluOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    return _piecewise(build, x, build.multiply(x, build.constant(op.alpha.value.data)))


@_of(graph.PReluOp)
def prelu(op: graph.PReluOp, build: ScalarBuilder, x: SSAValue, slope: SSAValue) -> SSAValue:
    return _piecewise(build, x, build.multiply(slope, x))


@_of(graph.EluOp)
def elu(op: graph.EluOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    """expm1 keeps the digits of exp(x) - 1 near 0."""
    return _piecewise(build, x, build.multiply(build.constant(op.alpha.value.data), build.call(math.ExpM1Op, x)))


def _piecewise(build: ScalarBuilder, x: SSAValue, negative: SSAValue) -> SSAValue:
    """x if x >= 0 else `negative`."""
    return build.select(build.compare("ge", x, build.constant(0, x.type)), x, negative)


@_of(graph.SigmoidOp)
def sigmoid(op: GraphOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    return build.divide(build.constant(1.0), _one_plus_exp_minus(build, x))


@_of(graph.SiluOp)
def silu(op: GraphOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    return build.divide(x, _one_plus_exp_minus(build, x))


def _one_plus_exp_minus(build: ScalarBuilder, x: SSAValue) -> SSAValue:
    """1 + exp(-x): at worst infinite, so that dividing by it gives 0."""
    return build.add(build.constant(1.0), build.call(math.ExpOp, build.negate(x)))


@_of(graph.HardSigmoidOp)
def hard_sigmoid(op: graph.HardSigmoidOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    return _hard_sigmoid(build, x, op.alpha.value.data, op.beta.value.data)


@_of(graph.HardSwishOp)
def hard_swish(op: GraphOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    return build.multiply(x, _hard_sigmoid(build, x, 1 / 6, 0.5))


def _hard_sigmoid(build: ScalarBuilder, x: SSAValue, alpha: float, beta: float) -> SSAValue:
    line = build.add(build.multiply(x, build.constant(alpha)), build.constant(beta))
    return build.maximum(build.minimum(line, build.constant(1.0)), build.constant(0.0))


@_of(graph.SoftplusOp)
def softplus(op: GraphOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    """max(x, 0) + log1p(exp(-|x|)): the exponential never overflows."""
    decay = build.call(math.ExpOp, build.negate(build.call(math.AbsFOp, x)))
    return build.add(build.maximum(x, build.constant(0.0)), build.call(math.Log1pOp, decay))


@_of(graph.MishOp)
def mish(op: GraphOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    return build.multiply(x, build.call(math.TanhOp, softplus(op, build, x)))


@_of(graph.GeluOp)
def gelu(op: graph.GeluOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    """x/2 * (1 + erf(x / sqrt(2))), or the tanh approximation (Hendrycks and Gimpel 2016)."""
    if op.approximation.data == GeluApproximation.TANH:
        cubic = build.multiply(build.multiply(build.multiply(x, x), x), build.constant(0.044715))
        bent = build.call(math.TanhOp, build.multiply(build.add(x, cubic), build.constant(sqrt(2 / pi))))
    else:
        bent = build.call(math.ErfOp, build.multiply(x, build.constant(sqrt(0.5))))
    half = build.multiply(x, build.constant(0.5))
    return build.multiply(half, build.add(bent, build.constant(1.0)))


@_of(graph.ReciprocalOp)
def reciprocal(op: GraphOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    return build.divide(build.constant(1.0), x)


@_of(graph.NegOp)
def negative(op: GraphOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    return build.negate(x)


@_of(graph.AbsOp)
def absolute(op: GraphOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    return build.call(math.AbsFOp, x) if is_float(x) else build.maximum(x, build.negate(x))


@_of(graph.SignOp)
def sign(op: GraphOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    """Falls through to x itself, which is 0 or NaN."""
    zero = build.constant(0.0)
    below = build.select(build.compare("lt", x, zero), build.constant(-1.0), x)
    return build.select(build.compare("gt", x, zero), build.constant(1.0), below)


@_of(graph.NotOp)
def logical_not(op: GraphOp, build: ScalarBuilder, x: SSAValue) -> SSAValue:
    return build.insert(arith.XOrIOp(x, build.constant(1, i1)))


@_of(graph.AndOp)
def logical_and(op: GraphOp, build: ScalarBuilder, a: SSAValue, b: SSAValue) -> SSAValue:
    return build.insert(arith.AndIOp(a, b))


@_of(graph.OrOp)
def logical_or(op: GraphOp, build: ScalarBuilder, a: SSAValue, b: SSAValue) -> SSAValue:
    return build.insert(arith.OrIOp(a, b))


@_of(graph.PowOp)
def power(op: GraphOp, build: ScalarBuilder, a: SSAValue, b: SSAValue) -> SSAValue:
    """Squares and cubes are products: powf costs some fifty instructions."""
    exponent = b.owner.value if isinstance(b.owner, arith.ConstantOp) else None
    if isa(exponent, FloatAttr[AnyFloat]) and exponent.value.data in (2.0, 3.0):
        square = build.multiply(a, a)
        return square if exponent.value.data == 2.0 else build.multiply(square, a)
    return build.insert(math.PowFOp(a, b))


@_of(graph.WhereOp)
def where(op: GraphOp, build: ScalarBuilder, condition: SSAValue, a: SSAValue, b: SSAValue) -> SSAValue:
    return build.select(condition, a, b)


@_of(QuantizeOp)
def quantize(op: QuantizeOp, build: ScalarBuilder, x: SSAValue, scale: SSAValue, zero_point: SSAValue) -> SSAValue:
    """maxnum and minnum drop a NaN, and what they leave converts exactly."""
    low, high, integer = (-128.0, 127.0, i8) if element_type(op.result) == i8 else (0.0, 255.0, i32)
    rounded = build.call(math.RoundEvenOp, build.divide(x, scale))
    zero = _zero_point(build, zero_point)
    shifted = rounded if zero is None else build.add(rounded, zero)
    above = build.insert(arith.MaxnumfOp(shifted, build.constant(low)))
    within = build.insert(arith.MinnumfOp(above, build.constant(high)))
    return build.insert(arith.FPToSIOp(within, integer))


@_of(DequantizeOp)
def dequantize(op: GraphOp, build: ScalarBuilder, x: SSAValue, scale: SSAValue, zero_point: SSAValue) -> SSAValue:
    number, zero = build.stored(x, f32), _zero_point(build, zero_point)
    return build.multiply(number if zero is None else build.subtract(number, zero), scale)


def _zero_point(build: ScalarBuilder, value: SSAValue) -> SSAValue | None:
    """A zero point as a float; None for 0, which moves nothing."""
    known = value.owner.value if isinstance(value.owner, arith.ConstantOp) else None
    if not isa(known, IntegerAttr):
        return build.stored(value, f32)
    return build.constant(known.value.data) if known.value.data else None


ELEMENTWISE_OPS: tuple[type[GraphOp], ...] = (*_CALLS, *_BINARY, *_PREDICATES, *_EXPRESSIONS)
"""The operations that have an expression."""
