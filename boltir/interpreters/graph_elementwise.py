"""Elementwise graph operations, on arrays in their compute type."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from xdsl.ir import Operation

from boltir.dialects.graph import elementwise as graph
from boltir.dialects.graph import quantization
from boltir.dialects.graph.enums import GeluApproximation
from boltir.dialects.tensors import element_type
from boltir.interpreters.arrays import Array, numpy_dtype
from boltir.interpreters.reference import elementwise as reference
from boltir.interpreters.reference.erf import erf
from boltir.interpreters.registry import Meaning, Meanings

# Operations that are one function of their operands and have no properties.
_PLAIN: dict[type[Operation], Callable[..., Array]] = {
    graph.AbsOp: np.abs,
    graph.AddOp: np.add,
    graph.AndOp: np.logical_and,
    graph.CastOp: np.asarray,  # storing converts
    graph.CeilOp: np.ceil,
    graph.CosOp: np.cos,
    graph.DivOp: reference.divide,
    graph.EqualOp: np.equal,
    graph.ErfOp: erf,
    graph.ExpOp: np.exp,
    graph.FloorOp: np.floor,
    graph.GreaterOp: np.greater,
    graph.GreaterOrEqualOp: np.greater_equal,
    graph.HardSwishOp: reference.hard_swish,
    graph.LessOp: np.less,
    graph.LessOrEqualOp: np.less_equal,
    graph.LogOp: np.log,
    graph.MaximumOp: np.maximum,
    graph.MinimumOp: np.minimum,
    graph.MishOp: reference.mish,
    graph.MulOp: np.multiply,
    graph.NegOp: np.negative,
    graph.NotOp: np.logical_not,
    graph.OrOp: np.logical_or,
    graph.PReluOp: reference.prelu,
    graph.PowOp: np.power,
    graph.ReciprocalOp: np.reciprocal,
    graph.ReluOp: reference.relu,
    graph.RoundOp: np.rint,
    graph.RsqrtOp: reference.rsqrt,
    graph.SigmoidOp: reference.sigmoid,
    graph.SignOp: np.sign,
    graph.SiluOp: reference.silu,
    graph.SinOp: np.sin,
    graph.SoftplusOp: reference.softplus,
    graph.SqrtOp: np.sqrt,
    graph.SubOp: np.subtract,
    graph.TanhOp: np.tanh,
    graph.WhereOp: np.where,
    quantization.DequantizeOp: reference.dequantize,
}


def _without_properties(function: Callable[..., Array]) -> Meaning:
    def run(_op: Operation, *operands: Array) -> Array:
        return function(*operands)

    return run


ELEMENTWISE = Meanings({op_type: _without_properties(function) for op_type, function in _PLAIN.items()})


@ELEMENTWISE.of(quantization.QuantizeOp)
def quantize(op: quantization.QuantizeOp, x: Array, scale: Array, zero_point: Array) -> Array:
    limits = np.iinfo(numpy_dtype(element_type(op.result)))
    return reference.quantize(x, scale, zero_point, limits.min, limits.max)


@ELEMENTWISE.of(graph.ClipOp)
def clip(op: graph.ClipOp, x: Array) -> Array:
    return reference.clip(x, op.min.value.data, op.max.value.data)


@ELEMENTWISE.of(graph.EluOp)
def elu(op: graph.EluOp, x: Array) -> Array:
    return reference.elu(x, op.alpha.value.data)


@ELEMENTWISE.of(graph.GeluOp)
def gelu(op: graph.GeluOp, x: Array) -> Array:
    return reference.gelu_tanh(x) if op.approximation.data == GeluApproximation.TANH else reference.gelu(x)


@ELEMENTWISE.of(graph.HardSigmoidOp)
def hard_sigmoid(op: graph.HardSigmoidOp, x: Array) -> Array:
    return reference.hard_sigmoid(x, op.alpha.value.data, op.beta.value.data)


@ELEMENTWISE.of(graph.LeakyReluOp)
def leaky_relu(op: graph.LeakyReluOp, x: Array) -> Array:
    return reference.leaky_relu(x, op.alpha.value.data)
