"""Products and convolutions with their epilogues, as graph operations: each takes inputs first, then weights.

Images are channels-last. Weights of products lie as torch's `Linear` has them, one row per output.
"""

from xdsl.dialects.builtin import TensorType, f16, i8
from xdsl.ir import SSAValue

from boltir.dialects import graph
from boltir.dialects.graph.enums import Layout, LayoutAttr
from boltir.dialects.properties import bool_attr, int_attr, ints
from boltir.dialects.tensors import static_shape
from tests.support.network_builder import NetworkBuilder

Values = tuple[SSAValue, ...]

HEAD = 64
"""The columns of an attention head."""

STEP = 2.0**-5
"""What one step of an i8 stands for."""


def product(b: NetworkBuilder, x: SSAValue, w: SSAValue) -> SSAValue:
    return b.add(graph.GemmOp, x, w, transpose_b=bool_attr(True))


def linear(b: NetworkBuilder, x: SSAValue, w: SSAValue, bias: SSAValue) -> SSAValue:
    return b.add(graph.BiasAddOp, product(b, x, w), bias, axis=int_attr(1))


def convolution(b: NetworkBuilder, x: SSAValue, w: SSAValue, bias: SSAValue, stride: int = 1) -> SSAValue:
    """With padding that keeps the image's size but for the stride."""
    _, height, width, _ = static_shape(w)
    window = {"padding": ints((height // 2, width // 2) * 2), "strides": ints((stride, stride))}
    result = b.add(graph.Conv2dOp, x, w, **window, layout=LayoutAttr(Layout.NHWC))
    return b.add(graph.BiasAddOp, result, bias, axis=int_attr(3))


def bias(b: NetworkBuilder, x: SSAValue, w: SSAValue, v: SSAValue) -> Values:
    return (linear(b, x, w, v),)


def bias_gelu(b: NetworkBuilder, x: SSAValue, w: SSAValue, v: SSAValue) -> Values:
    return (b.add(graph.GeluOp, linear(b, x, w, v)),)


def bias_gelu_kept(b: NetworkBuilder, x: SSAValue, w: SSAValue, v: SSAValue) -> Values:
    before = linear(b, x, w, v)
    return before, b.add(graph.GeluOp, before)


def bias_gelu_int8(b: NetworkBuilder, x: SSAValue, w: SSAValue, v: SSAValue) -> Values:
    (value,) = bias_gelu(b, x, w, v)
    scale, zero = b.build.splat(STEP, TensorType(f16, ())), b.build.splat(0, TensorType(i8, ()))
    return (b.add(graph.QuantizeOp, value, scale, zero),)


def bias_residual(b: NetworkBuilder, x: SSAValue, residual: SSAValue, w: SSAValue, v: SSAValue) -> Values:
    return (b.add(graph.AddOp, linear(b, x, w, v), residual),)


def residual(b: NetworkBuilder, x: SSAValue, residual: SSAValue, w: SSAValue) -> Values:
    return (b.add(graph.AddOp, product(b, x, w), residual),)


def residual_mean_square(b: NetworkBuilder, x: SSAValue, residual: SSAValue, w: SSAValue) -> Values:
    total = b.add(graph.AddOp, product(b, x, w), residual)
    square = b.add(graph.MulOp, total, total)
    return total, b.add(graph.ReduceMeanOp, square, axes=ints((1,)))


def bias_heads(b: NetworkBuilder, x: SSAValue, w: SSAValue, v: SSAValue) -> Values:
    """x is [batch, tokens, features]; the result [batch, heads, tokens, HEAD]."""
    batch, tokens, features = static_shape(x)
    result = linear(b, b.build.reshape(x, (batch * tokens, features)), w, v)
    heads = b.build.reshape(result, (batch, tokens, -(-static_shape(w)[0] // HEAD), HEAD))
    return (b.build.transpose(heads, (0, 2, 1, 3)),)


def three_biases(b: NetworkBuilder, x: SSAValue, *weights: SSAValue) -> Values:
    return tuple(linear(b, x, w, v) for w, v in zip(weights[:3], weights[3:], strict=True))


def gated(b: NetworkBuilder, x: SSAValue, gate: SSAValue, up: SSAValue) -> Values:
    return (b.add(graph.MulOp, b.add(graph.SiluOp, product(b, x, gate)), product(b, x, up)),)


def bias_relu(b: NetworkBuilder, x: SSAValue, w: SSAValue, v: SSAValue) -> Values:
    return (b.add(graph.ReluOp, convolution(b, x, w, v)),)


def bias_residual_relu(b: NetworkBuilder, x: SSAValue, residual: SSAValue, w: SSAValue, v: SSAValue) -> Values:
    return (b.add(graph.ReluOp, b.add(graph.AddOp, convolution(b, x, w, v), residual)),)


def branches(b: NetworkBuilder, *values: SSAValue) -> Values:
    """Inputs, then as many filters, then as many biases."""
    count = len(values) // 3
    parts = zip(values[:count], values[count : 2 * count], values[2 * count :], strict=True)
    return (b.concat([bias_relu(b, *part)[0] for part in parts], 3),)
