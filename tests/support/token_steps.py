"""Steps of random transformers: each takes and gives tokens [B, S, D]."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt

from xdsl.ir import SSAValue

from boltir.dialects import graph
from boltir.dialects.properties import bool_attr, float_attr, int_attr, ints
from boltir.dialects.tensors import static_shape
from tests.support.network_builder import NetworkBuilder

Step = Callable[[NetworkBuilder, SSAValue], SSAValue]


def dense(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    width = static_shape(x)[-1]
    product = net.add(graph.BatchMatmulOp, x, net.normal(width, width, fan_in=width))
    return net.add(graph.AddOp, product, net.normal(*net.pick(((width,), (1, width), (1, 1, width)))))


def layer_norm(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """As one operation, or in parts as exports before opset 17 have it."""
    width = static_shape(x)[-1]
    if net.chance(0.3):
        return net.add(graph.LayerNormOp, x, net.normal(width), net.normal(width))
    last = {"axes": ints([-1]), "keepdims": bool_attr(True)}
    centred = net.add(graph.SubOp, x, net.add(graph.ReduceMeanOp, x, **last))
    square = net.add(graph.PowOp, centred, net.scalar(2.0)) if net.chance() else net.add(graph.MulOp, centred, centred)
    variance = net.add(graph.ReduceMeanOp, square, **last)
    deviation = net.add(graph.SqrtOp, net.add(graph.AddOp, variance, net.scalar(1e-5)))
    scaled = net.add(graph.MulOp, net.add(graph.DivOp, centred, deviation), net.normal(width))
    return net.add(graph.AddOp, scaled, net.normal(width))


def gelu(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    if net.chance():
        gate = net.add(graph.ErfOp, net.add(graph.DivOp, x, net.scalar(sqrt(2))))
    else:
        cube = net.add(graph.MulOp, net.add(graph.PowOp, x, net.scalar(3.0)), net.scalar(0.044715))
        gate = net.add(graph.TanhOp, net.add(graph.MulOp, net.add(graph.AddOp, x, cube), net.scalar(sqrt(2 / pi))))
    gate = net.add(graph.AddOp, gate, net.scalar(1.0))
    if net.chance():
        return net.add(graph.MulOp, net.add(graph.MulOp, x, gate), net.scalar(0.5))
    return net.add(graph.MulOp, net.add(graph.MulOp, net.scalar(0.5), x), gate)


def residual(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    return net.add(graph.AddOp, x, net.pick((dense, layer_norm, gelu))(net, x))


def by_head(net: NetworkBuilder, x: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue]:
    """Query, key and value in two heads, [B, 2, S, D / 2]: of three products, or cut out of one."""
    batch, tokens, width = static_shape(x)
    heads = [batch, tokens, 2, width // 2]
    if net.chance():
        parts = (net.add(graph.ReshapeOp, dense(net, x), shape_to=ints(heads)) for _ in range(3))
        query, key, value = (net.add(graph.TransposeOp, part, permutation=ints([0, 2, 1, 3])) for part in parts)
        return query, key, value
    joint = net.add(graph.BatchMatmulOp, x, net.normal(width, 3 * width, fan_in=width))
    joint = net.add(graph.ReshapeOp, joint, shape_to=ints([batch, tokens, 3, 2, width // 2]))
    joint = net.add(graph.TransposeOp, joint, permutation=ints([2, 0, 3, 1, 4]))
    sizes, ones = ints([1, batch, 2, tokens, width // 2]), ints([1] * 5)
    offsets = (ints([index, 0, 0, 0, 0]) for index in range(3))
    slices = (net.add(graph.SliceOp, joint, offsets=offset, sizes=sizes, strides=ones) for offset in offsets)
    query, key, value = (net.add(graph.ReshapeOp, part, shape_to=ints(sizes.get_values()[1:])) for part in slices)
    return query, key, value


def sequence_first(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """A product of flattened rows in the order [S, B], as torch's MultiheadAttention has it."""
    batch, tokens, width = static_shape(x)
    turned = net.add(graph.TransposeOp, x, permutation=ints([1, 0, 2]))
    flat = net.add(graph.ReshapeOp, turned, shape_to=ints([tokens * batch, width]))
    product = net.add(graph.GemmOp, flat, net.normal(width, width, fan_in=width))
    wide = net.add(graph.ReshapeOp, product, shape_to=ints([tokens, batch, width]))
    return net.add(graph.TransposeOp, wide, permutation=ints([1, 0, 2]))


def attention(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """Two heads; keys transposed by the permutation or by the product; a mask of the lowest f32."""
    batch, tokens, width = static_shape(x)
    query, key, value = by_head(net, x)
    if net.chance():
        turned = net.add(graph.TransposeOp, key, permutation=ints([0, 1, 3, 2]))
        scores = net.add(graph.BatchMatmulOp, query, turned)
    else:
        scores = net.add(graph.BatchMatmulOp, query, key, transpose_b=bool_attr(True))
    scores = net.add(graph.DivOp, scores, net.scalar(2.0))
    if net.chance():
        scores = net.add(graph.AddOp, scores, net.mask(tokens))
    mixed = net.add(graph.BatchMatmulOp, net.add(graph.SoftmaxOp, scores, axis=int_attr(3)), value)
    merged = net.add(graph.TransposeOp, mixed, permutation=ints([0, 2, 1, 3]))
    return net.add(graph.AddOp, x, net.add(graph.ReshapeOp, merged, shape_to=ints([batch, tokens, width])))


def silu(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    return net.add(graph.MulOp, x, net.add(graph.SigmoidOp, x))


def gated(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """A gated unit: of two products, or of the halves of one."""
    width = static_shape(x)[-1]
    if net.chance():
        return net.add(graph.MulOp, silu(net, dense(net, x)), dense(net, x))
    joint = net.add(graph.BatchMatmulOp, x, net.normal(width, 2 * width, fan_in=width))
    offsets = (ints([0, 0, begin]) for begin in (0, width))
    sizes, ones = ints(static_shape(x)), ints([1] * 3)
    value, gate = (net.add(graph.SliceOp, joint, offsets=offset, sizes=sizes, strides=ones) for offset in offsets)
    return net.add(graph.MulOp, value, net.add(graph.GeluOp, gate))


def parallel(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """Products of one input for various readers."""
    width = static_shape(x)[-1]
    inner, other = (net.add(graph.BatchMatmulOp, x, net.normal(width, 16, fan_in=width)) for _ in range(2))
    if net.chance():
        other = net.add(graph.BiasAddOp, other, net.normal(16), axis=int_attr(2))
    read = net.add(graph.ReluOp, inner), net.add(graph.SoftmaxOp, other)
    left, right = (net.add(graph.BatchMatmulOp, y, net.normal(16, width, fan_in=16)) for y in read)
    return net.add(graph.AddOp, left, right)


def bounded(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    return net.add(graph.ClipOp, net.add(graph.ReluOp, x), max=float_attr(3.0))


TOKEN_STEPS: tuple[Step, ...] = (
    dense,
    layer_norm,
    gelu,
    residual,
    attention,
    sequence_first,
    silu,
    gated,
    parallel,
    bounded,
)
