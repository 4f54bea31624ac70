"""Steps of random graphs whose rows have any number of lanes: each takes what was computed before, gives one more.

Every tensor that steps pass on is an f32 image [N, H, W, C] of any number C of channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from xdsl.dialects.builtin import f16, f32, i64
from xdsl.ir import SSAValue

from boltir.dialects import graph
from boltir.dialects.graph.enums import Layout, LayoutAttr, PadMode, PadModeAttr
from boltir.dialects.properties import bool_attr, float_attr, int_attr, ints
from boltir.dialects.tensors import static_shape
from tests.support.network_builder import NetworkBuilder

Step = Callable[[NetworkBuilder, Sequence[SSAValue]], SSAValue]

NHWC = LayoutAttr(Layout.NHWC)
CHANNELS = (1, 3, 4, 5, 7, 8, 11, 13, 16, 46)
ACTIVATIONS = (
    graph.ExpOp,
    graph.SoftplusOp,
    graph.ReluOp,
    graph.GeluOp,
    graph.SigmoidOp,
    graph.CosOp,
    graph.ReciprocalOp,
    graph.LogOp,
    graph.NegOp,
)


def recent(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """One of `values`, most often a late one: that makes chains."""
    return net.pick([*values, values[-1], values[-1]])


def tame(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """`x` with numbers whose products and exponentials stay small, NaN and infinities replaced."""
    return net.add(graph.ClipOp, x, min=float_attr(-2.0), max=float_attr(2.0))


def convolution(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    x = recent(net, values)
    c, k = static_shape(x)[3], net.pick(CHANNELS)
    r, s = net.pick((1, 3)), net.pick((1, 3))
    weight = net.normal(k, r, s, c, fan_in=r * s * c)
    y = net.add(graph.Conv2dOp, x, weight, padding=ints([r // 2, s // 2] * 2), layout=NHWC)
    return net.add(graph.BiasAddOp, y, net.normal(k), axis=int_attr(3)) if net.chance() else y


def depthwise(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    x = recent(net, values)
    c = static_shape(x)[3]
    weight, groups = net.normal(c, 3, 3, 1, fan_in=9), int_attr(c)
    return net.add(graph.Conv2dOp, x, weight, padding=ints([1] * 4), layout=NHWC, groups=groups)


def product_with_weight(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    x = recent(net, values)
    c, k, transposed = static_shape(x)[3], net.pick(CHANNELS), net.chance()
    weight = net.normal(*((k, c) if transposed else (c, k)), fan_in=c)
    return net.add(graph.BatchMatmulOp, x, weight, transpose_b=bool_attr(transposed))


def product_of_tensors(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """Along the channels of both, or of one and the rows of the other."""
    x = tame(net, recent(net, values))
    n, h, w, c = static_shape(x)
    alike = [value for value in values if static_shape(value) == (n, h, w, c)]
    if alike and net.chance():
        scores = net.add(graph.BatchMatmulOp, x, tame(net, net.pick(alike)), transpose_b=bool_attr(True))
        return net.add(graph.BatchMatmulOp, scores, x)
    other = net.random.standard_normal((n, h, c, net.pick(CHANNELS))).astype(np.float32)
    return net.add(graph.BatchMatmulOp, x, net.argument(other))


def activation(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    return tame(net, net.add(net.pick(ACTIVATIONS), tame(net, recent(net, values))))


def in_half_precision(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    half = net.build.cast(recent(net, values), f16)
    return net.build.cast(net.add(net.pick((graph.ReluOp, graph.ExpOp)), half), f32)


def combination(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """With a tensor like it, a vector of its channels, one number of each pixel, or a constant."""
    x = recent(net, values)
    n, h, w, c = static_shape(x)
    alike = [value for value in values if static_shape(value) == (n, h, w, c)]
    others = (net.normal(c), net.normal(n, 1, w, 1), net.normal(n, h, w, c), net.scalar(2.0), net.pick(alike))
    op_type = net.pick((graph.AddOp, graph.SubOp, graph.MulOp, graph.DivOp, graph.MaximumOp, graph.PReluOp))
    operands = (x, net.pick(others))
    return tame(net, net.add(op_type, *(operands if net.chance() else operands[::-1])))


def pooling(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    window = {"kernel": ints([3, 3]), "padding": ints([1] * 4), "layout": NHWC}
    op_type = net.pick((graph.MaxPool2dOp, graph.AvgPool2dOp))
    inclusive = {"count_include_pad": bool_attr(net.chance())} if op_type is graph.AvgPool2dOp else {}
    return net.add(op_type, recent(net, values), **window, **inclusive)


def reduction(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """Combined with what was reduced: over channels, or over the image."""
    x = recent(net, values)
    op_type = net.pick((graph.ReduceSumOp, graph.ReduceMeanOp, graph.ReduceMaxOp, graph.ReduceMinOp))
    axes = ints(net.pick(([3], [-1], [1, 2], [2, 3])))
    return tame(net, net.add(graph.SubOp, x, net.add(op_type, x, axes=axes, keepdims=bool_attr(True))))


def normalization(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    x = recent(net, values)
    if net.chance():
        return net.add(graph.SoftmaxOp, x, axis=int_attr(net.pick((1, 3))))
    c = static_shape(x)[3]
    return net.add(graph.LayerNormOp, x, net.normal(c), net.normal(c))


def concatenation(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    x = recent(net, values)
    if static_shape(x)[3] > 50:
        return x
    alike = [value for value in values if static_shape(value)[:3] == static_shape(x)[:3]]
    return net.concat([x, net.pick(alike)], 3)


def movement(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    x = recent(net, values)
    n, h, w, c = static_shape(x)
    match net.pick(("pad", "slice", "transpose", "reshape", "channels")):
        case "pad" if h * w < 40:
            value, mode = float_attr(net.pick((0.0, 1.0))), PadModeAttr(net.pick((PadMode.CONSTANT, PadMode.EDGE)))
            return net.add(graph.PadOp, x, low=ints([0, 1, 0, 0]), high=ints([0, 0, 1, 0]), value=value, mode=mode)
        case "slice" if h > 2:
            ends = {"offsets": ints([0, 1, 0, 0]), "sizes": ints([n, h - 1, w, c]), "strides": ints([1] * 4)}
            return net.add(graph.SliceOp, x, **ends)
        case "transpose":
            return net.add(graph.TransposeOp, x, permutation=ints(net.pick(([0, 2, 1, 3], [0, 1, 3, 2]))))
        case "reshape":
            flat = net.add(graph.ReshapeOp, x, shape_to=ints([n * h * w, c]))
            product = net.add(graph.GemmOp, flat, net.normal(c, c, fan_in=c))
            return net.add(graph.ReshapeOp, product, shape_to=ints([n, h, w, c]))
        case _ if c > 1:
            ends = {"offsets": ints([0, 0, 0, 1]), "sizes": ints([n, h, w, c - 1]), "strides": ints([1] * 4)}
            return net.add(graph.SliceOp, x, **ends)
        case _:
            return x


def embedding(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """Rows of a table in the place of pixels."""
    n, h, w, _ = static_shape(recent(net, values))
    ids = net.argument(net.random.integers(0, 5, (n, h, w)), i64)
    return net.add(graph.GatherOp, net.normal(5, net.pick(CHANNELS)), ids)


LANE_STEPS: tuple[Step, ...] = (
    convolution,
    convolution,
    convolution,
    depthwise,
    product_with_weight,
    product_with_weight,
    product_of_tensors,
    activation,
    activation,
    in_half_precision,
    combination,
    combination,
    pooling,
    reduction,
    normalization,
    concatenation,
    movement,
    embedding,
)
