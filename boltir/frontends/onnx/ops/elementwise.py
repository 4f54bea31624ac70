"""Operators that compute each element by itself."""

from __future__ import annotations

import math
from collections.abc import Callable

from xdsl.dialects.builtin import i1
from xdsl.ir import Attribute, SSAValue

from boltir.dialects.graph import GraphOp
from boltir.dialects.graph import elementwise as graph
from boltir.dialects.graph.enums import GeluApproximation, GeluApproximationAttr
from boltir.dialects.graph.linear import BiasAddOp
from boltir.dialects.properties import float_attr, int_attr
from boltir.dialects.tensors import element_type
from boltir.frontends.onnx.element_types import dtype_of_ir, ir_type_of_onnx, is_float_dtype, is_integer
from boltir.frontends.onnx.node import Node, shape_of
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.reshaping import broadcast_shape, expanded
from boltir.frontends.onnx.values import Constant, Value

_UNARY: dict[str, type[GraphOp]] = {
    "Abs": graph.AbsOp,
    "Ceil": graph.CeilOp,
    "Cos": graph.CosOp,
    "Erf": graph.ErfOp,
    "Exp": graph.ExpOp,
    "Floor": graph.FloorOp,
    "HardSwish": graph.HardSwishOp,
    "Log": graph.LogOp,
    "Mish": graph.MishOp,
    "Neg": graph.NegOp,
    "Not": graph.NotOp,
    "Reciprocal": graph.ReciprocalOp,
    "Relu": graph.ReluOp,
    "Round": graph.RoundOp,
    "Sigmoid": graph.SigmoidOp,
    "Sign": graph.SignOp,
    "Sin": graph.SinOp,
    "Softplus": graph.SoftplusOp,
    "Sqrt": graph.SqrtOp,
    "Tanh": graph.TanhOp,
}

_BINARY: dict[str, type[GraphOp]] = {
    "Div": graph.DivOp,
    "Equal": graph.EqualOp,
    "Greater": graph.GreaterOp,
    "GreaterOrEqual": graph.GreaterOrEqualOp,
    "Less": graph.LessOp,
    "LessOrEqual": graph.LessOrEqualOp,
    "Mul": graph.MulOp,
    "PRelu": graph.PReluOp,
    "Sub": graph.SubOp,
}

_VARIADIC: dict[str, type[GraphOp]] = {"Max": graph.MaximumOp, "Min": graph.MinimumOp, "Sum": graph.AddOp}


def _register(table: dict[str, type[GraphOp]], emit: Callable[[Node, type[GraphOp]], Value]) -> None:
    for name, op in table.items():

        @converts(name)
        def convert(node: Node, op: type[GraphOp] = op) -> Value:
            return emit(node, op)


def _unary(node: Node, op: type[GraphOp]) -> SSAValue:
    return node.emit(op, node.tensor(0))


def _binary(node: Node, op: type[GraphOp]) -> SSAValue:
    a, b = node.value(0), node.value(1)
    narrow = (_narrow(value, other) if isinstance(value, Constant) else value for value, other in ((a, b), (b, a)))
    return node.emit(op, *map(node.builder.tensor, narrow))


def _narrow(constant: Constant, other: Value) -> Constant:
    """`constant` without leading dimensions along which it repeats, as broadcasting to `other` repeats it."""
    array = constant.array
    while _spreads_over(constant, other) and array.ndim > 1 and (array == array[:1]).all():
        array = array[0]
    return constant if array.ndim == constant.array.ndim else Constant.of(constant.name, array)


def _spreads_over(value: Value, other: Value) -> bool:
    """Whether `value` broadcasts to the shape of `other`."""
    shape, wide = shape_of(value), shape_of(other)
    pairs = zip(shape[::-1], wide[::-1], strict=False)
    return len(shape) <= len(wide) and all(extent in (1, whole) for extent, whole in pairs)


def _variadic(node: Node, op: type[GraphOp]) -> SSAValue:
    total = node.tensor(0)
    for index in range(1, len(node.inputs)):
        total = node.emit(op, total, node.tensor(index))
    return total


_register(_UNARY, _unary)
_register(_BINARY, _binary)
_register(_VARIADIC, _variadic)


@converts("And", "Or")
def logical(node: Node) -> Value:
    """A constant that is true (And) or false (Or) everywhere changes only the shape."""
    op, neutral = (graph.AndOp, True) if node.proto.op_type == "And" else (graph.OrOp, False)
    for value, constant in ((node.value(0), node.value(1)), (node.value(1), node.value(0))):
        if isinstance(constant, Constant) and (constant.array == neutral).all():
            shape = broadcast_shape(node, shape_of(value), constant.array.shape)
            return expanded(node, node.builder.tensor(value), shape)
    return _binary(node, op)


@converts("Mean")
def mean(node: Node) -> Value:
    total = _variadic(node, graph.AddOp)
    return node.emit(graph.MulOp, total, node.number(1 / len(node.inputs), total))


@converts("Add")
def add(node: Node) -> Value:
    """A constant vector along one dimension is a bias; zeros, such as a mask that hides nothing, are dropped."""
    for value, other in ((node.value(0), node.value(1)), (node.value(1), node.value(0))):
        if not isinstance(other, Constant) or isinstance(value, Constant) or not _spreads_over(other, value):
            continue
        if not other.array.any():
            return value
        axis = _bias_axis(value, constant := _narrow(other, value))
        if axis is not None:
            return node.emit(BiasAddOp, value, node.builder.tensor(flat(constant)), axis=int_attr(axis))
    return _binary(node, graph.AddOp)


def _bias_axis(value: SSAValue, constant: Constant) -> int | None:
    """The dimension of `value` along which `constant` varies, if it is the only one."""
    shape, array = shape_of(value), constant.array
    if array.ndim > len(shape) or array.size == 1 or not is_float_dtype(array.dtype):
        return None
    first = len(shape) - array.ndim
    varying = [first + i for i, extent in enumerate(array.shape) if extent != 1]
    return varying[0] if len(varying) == 1 and shape[varying[0]] == array.size else None


def flat(constant: Constant) -> Constant:
    """`constant` as a vector."""
    return constant if constant.array.ndim == 1 else Constant.of(constant.name, constant.array.reshape(-1))


@converts("Pow")
def power(node: Node) -> Value:
    """The exponent may be of another type than the base."""
    base = node.tensor(0)
    exponent = node.value(1)
    if isinstance(exponent, Constant):
        array = exponent.array.astype(dtype_of_ir(element_type(base)))
        return node.emit(graph.PowOp, base, node.builder.tensor(Constant.of(exponent.name, array)))
    return node.emit(graph.PowOp, base, node.cast(exponent, element_type(base)))


@converts("Clip")
def clip(node: Node) -> Value:
    """Bounds of reals known at import are attributes; others are operands of minimum and maximum."""
    x = node.tensor(0)
    bounds = [node.value(i) if node.has(i) else None for i in (1, 2)]
    if any(isinstance(bound, SSAValue) for bound in bounds) or is_integer(element_type(x)):
        if node.has(1):
            x = node.emit(graph.MaximumOp, x, node.tensor(1))
        return node.emit(graph.MinimumOp, x, node.tensor(2)) if node.has(2) else x
    low = node.known_number(1) if node.has(1) else -math.inf
    high = node.known_number(2) if node.has(2) else math.inf
    if low > high:  # ONNX applies the upper bound last
        return node.emit(graph.MinimumOp, node.emit(graph.MaximumOp, x, node.tensor(1)), node.tensor(2))
    return node.emit(graph.ClipOp, x, min=float_attr(low), max=float_attr(high))


@converts("LeakyRelu")
def leaky_relu(node: Node) -> Value:
    return node.emit(graph.LeakyReluOp, node.tensor(0), alpha=float_attr(node.attr_float("alpha")))


@converts("Elu")
def elu(node: Node) -> Value:
    return node.emit(graph.EluOp, node.tensor(0), alpha=float_attr(node.attr_float("alpha")))


@converts("Selu")
def selu(node: Node) -> Value:
    """gamma * elu(x)"""
    y = node.emit(graph.EluOp, node.tensor(0), alpha=float_attr(node.attr_float("alpha")))
    return node.emit(graph.MulOp, y, node.number(node.attr_float("gamma"), y))


@converts("HardSigmoid")
def hard_sigmoid(node: Node) -> Value:
    alpha, beta = (float_attr(node.attr_float(name)) for name in ("alpha", "beta"))
    return node.emit(graph.HardSigmoidOp, node.tensor(0), alpha=alpha, beta=beta)


@converts("Gelu")
def gelu(node: Node) -> Value:
    attribute = GeluApproximationAttr(node.attr_choice("approximate", GeluApproximation))
    return node.emit(graph.GeluOp, node.tensor(0), approximation=attribute)


@converts("Softsign")
def softsign(node: Node) -> Value:
    """x / (1 + |x|)"""
    x = node.tensor(0)
    magnitude = node.emit(graph.AbsOp, x)
    return node.emit(graph.DivOp, x, node.emit(graph.AddOp, magnitude, node.number(1, x)))


@converts("Xor")
def exclusive_or(node: Node) -> Value:
    return node.emit(graph.NotOp, _binary(node, graph.EqualOp))


@converts("IsNaN")
def is_nan(node: Node) -> Value:
    """NaN is the one number that is not itself."""
    x = node.tensor(0)
    return node.emit(graph.NotOp, node.emit(graph.EqualOp, x, x))


@converts("Where")
def where(node: Node) -> Value:
    return node.emit(graph.WhereOp, node.tensor(0), node.tensor(1), node.tensor(2))


@converts("Cast", note="to f32, f16, bf16, i64, i32, i8, ui8 and bool; DOUBLE is computed in f32")
def cast(node: Node) -> Value:
    return _converted(node, ir_type_of_onnx(node.attr_int("to"), node.where))


@converts("CastLike", note="as Cast")
def cast_like(node: Node) -> Value:
    return _converted(node, element_type(node.tensor(1)))


def _converted(node: Node, target: Attribute) -> Value:
    x = node.tensor(0)
    if target == i1 and element_type(x) != i1:  # any number but zero is true, 0.5 too
        return node.emit(graph.NotOp, node.emit(graph.EqualOp, x, node.number(0, x)))
    return node.cast(x, target)
