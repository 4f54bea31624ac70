"""Steps of random convolutional networks: each takes and gives an image [N, C, H, W]."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from xdsl.ir import SSAValue

from boltir.dialects import graph
from boltir.dialects.graph.enums import Layout, LayoutAttr, ResizeMode, ResizeModeAttr
from boltir.dialects.properties import bool_attr, float_attr, int_attr, ints
from boltir.dialects.tensors import static_shape
from tests.support.network_builder import NetworkBuilder

Step = Callable[[NetworkBuilder, SSAValue], SSAValue]


def convolution(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    _, c, h, w = static_shape(x)
    groups = net.pick([count for count in (1, 2, c) if c % count == 0])
    k = groups * net.pick((1, 2, 3))
    r, s = (net.pick((1, 3)) if extent >= 3 else 1 for extent in (h, w))
    weight = net.normal(k, c // groups, r, s, fan_in=r * s * c // groups)
    properties = {
        "strides": ints([net.pick((1, 1, 2)), net.pick((1, 1, 2))]),
        "padding": ints([net.pick((0, 1)) for _ in range(4)]),
        "groups": int_attr(groups),
    }
    return net.add(graph.Conv2dOp, x, weight, **properties)


def transposed_convolution(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    _, c, h, w = static_shape(x)
    if h * w > 100:
        return x
    groups = net.pick([count for count in (1, 2) if c % count == 0])
    weight = net.normal(c, net.pick((1, 2)), 2, 2, fan_in=c)
    return net.add(graph.ConvTranspose2dOp, x, weight, strides=ints([2, 2]), groups=int_attr(groups))


def normalized(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """A batch_norm, mostly behind a convolution, sometimes with a bias between them."""
    if net.chance(0.8):
        x = convolution(net, x) if net.chance(0.8) else transposed_convolution(net, x)
    c = static_shape(x)[1]
    if net.chance(0.3):
        x = net.add(graph.BiasAddOp, x, net.normal(c))
    variance = net.weight(net.random.uniform(0.5, 2, c))
    return net.add(graph.BatchNormOp, x, net.normal(c), net.normal(c), net.normal(c), variance)


def bias(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    c = static_shape(x)[1]
    shape = net.pick(((1, c, 1, 1), (c, 1, 1)))
    return net.add(graph.AddOp, *((x, net.normal(*shape)) if net.chance() else (net.normal(*shape), x)))


def scalar_arithmetic(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    op_type = net.pick((graph.AddOp, graph.SubOp, graph.MulOp, graph.DivOp))
    return net.add(
        op_type, x, net.scalar(net.pick((0.0, 1.0, 0.5, 2.0, 3.0)) or 1.0, net.pick(((), (1,), (1, 1, 1, 1))))
    )


def activation(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    plain = (graph.ReluOp, graph.SigmoidOp, graph.HardSwishOp, graph.TanhOp, graph.SiluOp)
    if net.chance(0.6):
        return net.add(net.pick(plain), x)
    return net.add(graph.ClipOp, x, min=float_attr(net.pick((-1.0, 0.0))), max=float_attr(net.pick((1.0, 6.0))))


def spelled_hard_swish(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    gate = net.add(graph.ClipOp, net.add(graph.AddOp, x, net.scalar(3.0)), min=float_attr(0.0), max=float_attr(6.0))
    if net.chance():
        return net.add(graph.DivOp, net.add(graph.MulOp, x, gate), net.scalar(6.0))
    return net.add(graph.MulOp, x, net.add(graph.MulOp, gate, net.scalar(1 / 6)))


def squeeze_and_excitation(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    c = static_shape(x)[1]
    gate = net.add(graph.GlobalAvgPool2dOp, x)
    gate = net.add(graph.ReluOp, net.add(graph.Conv2dOp, gate, net.normal(2, c, 1, 1, fan_in=c)))
    gate = net.add(graph.HardSigmoidOp, net.add(graph.Conv2dOp, gate, net.normal(c, 2, 1, 1)))
    return net.add(graph.MulOp, x, gate)


def residual(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    c = static_shape(x)[1]
    inner = net.add(graph.Conv2dOp, x, net.normal(c, c, 3, 3, fan_in=9 * c), padding=ints([1, 1, 1, 1]))
    return net.add(graph.AddOp, *((x, inner) if net.chance() else (inner, x)))


def parallel_branches(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """A sum of convolutions of one image, some with a bias, and mostly of the image itself, as RepVGG is trained."""
    _, c, _, _ = static_shape(x)
    stride, groups = net.pick((1, 1, 1, 2)), net.pick((1, 1, c))
    terms: list[SSAValue] = []
    for _ in range(net.pick((1, 2, 3))):
        r, s = net.pick(((3, 3), (3, 3), (1, 1), (1, 3), (3, 1)))
        weight = net.normal(c, c // groups, r, s, fan_in=3 * r * s * c // groups)
        padding, strides = ints([r // 2, s // 2] * 2), ints([stride] * 2)
        term = net.add(graph.Conv2dOp, x, weight, padding=padding, strides=strides, groups=int_attr(groups))
        terms.append(net.add(graph.BiasAddOp, term, net.normal(c)) if net.chance() else term)
    if stride == 1 and net.chance(0.7):
        terms.append(x if net.chance() else net.add(graph.MulOp, x, net.normal(1, c, 1, 1)))
    while len(terms) > 1:
        terms.append(net.add(graph.AddOp, terms.pop(0), terms.pop(0)))
    return terms[0]


def pooling(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    if min(static_shape(x)[2:]) < 3:
        return x
    op_type = net.pick((graph.MaxPool2dOp, graph.AvgPool2dOp))
    return net.add(op_type, x, kernel=ints([2, 3]), strides=ints([net.pick((1, 2)), 1]), padding=ints([0, 1, 0, 1]))


def movement(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    n, c, h, w = static_shape(x)
    match net.pick(("pad", "slice", "resize", "transpose", "concat", "reduce")):
        case "pad":
            return net.add(graph.PadOp, x, low=ints([0, net.pick((0, 1)), 1, 0]), high=ints([0, 0, 1, 2]))
        case "slice" if h > 2 and c > 1:
            ends = {"offsets": ints([0, 1, 1, 0]), "sizes": ints([n, c - 1, h - 1, w]), "strides": ints([1, 1, 1, 1])}
            return net.add(graph.SliceOp, x, **ends)
        case "resize" if h * w < 100:
            mode = ResizeModeAttr(net.pick((ResizeMode.NEAREST, ResizeMode.LINEAR)))
            return net.add(graph.ResizeOp, x, sizes=ints([n, c, 2 * h, 2 * w]), mode=mode)
        case "transpose":
            last = net.add(graph.TransposeOp, x, permutation=ints([0, 2, 3, 1]))
            if net.chance(0.3):
                last = net.add(graph.Conv2dOp, last, net.normal(c, 1, 1, c), layout=LayoutAttr(Layout.NHWC))
            scaled = net.add(graph.MulOp, last, net.normal(c))
            return net.add(graph.TransposeOp, scaled, permutation=ints([0, 3, 1, 2]))
        case "reduce":
            op_type = net.pick((graph.ReduceMaxOp, graph.ReduceMeanOp))
            reduced = net.add(op_type, x, axes=ints(net.pick(([1], [-1], [1, 3]))), keepdims=bool_attr(True))
            return net.add(graph.SubOp, x, reduced)
        case _:
            return x if c > 8 else net.concat([x, activation(net, x)], 1)


def spread(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """Operands of fewer dimensions, and softmax along one."""
    _, c, h, w = static_shape(x)
    if net.chance(0.3):
        return net.add(graph.SoftmaxOp, x, axis=int_attr(net.pick((1, 3, -1))))
    shape = net.pick(((w,), (h, 1), (c, h, w), (1, c, 1, w)))
    slope = net.weight(np.abs(net.random.standard_normal(shape)))
    return net.add(net.pick((graph.PReluOp, graph.MulOp, graph.MaximumOp)), x, slope)


def product_of_pixels(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """Every pixel as a mean of all pixels, weighted by its products with them, as models of images spell it out."""
    n, c, h, w = static_shape(x)
    if h * w > 100:
        return x
    flat = net.add(graph.ReshapeOp, x, shape_to=ints([n, c, h * w]))
    scaled = net.add(graph.MulOp, flat, net.normal(c, 1)) if net.chance() else flat
    turned = net.add(graph.TransposeOp, scaled, permutation=ints([0, 2, 1]))
    if net.chance():
        weights = net.add(graph.SoftmaxOp, net.add(graph.BatchMatmulOp, turned, flat), axis=int_attr(2))
        mean = net.add(graph.BatchMatmulOp, flat, weights, transpose_b=bool_attr(True))
    else:
        weights = net.add(graph.SoftmaxOp, net.add(graph.BatchMatmulOp, scaled, turned), axis=int_attr(1))
        mean = net.add(graph.BatchMatmulOp, weights, flat)
    return net.add(graph.ReshapeOp, mean, shape_to=ints([n, c, h, w]))


def channel_shuffle(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """Channels of two groups in turn."""
    n, c, h, w = static_shape(x)
    if c % 2:
        return x
    groups = net.add(graph.ReshapeOp, x, shape_to=ints([n, 2, c // 2, h, w]))
    turned = net.add(graph.TransposeOp, groups, permutation=ints([0, 2, 1, 3, 4]))
    return net.add(graph.ReshapeOp, turned, shape_to=ints([n, c, h, w]))


def rows_gate(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """A gate per channel and row, computed without the dimension of columns."""
    n, c, h, _ = static_shape(x)
    gate = net.add(graph.ReduceMeanOp, x, axes=ints([3]), keepdims=bool_attr(False))
    gate = net.add(graph.SigmoidOp, net.add(graph.BiasAddOp, gate, net.normal(c)))
    return net.add(graph.MulOp, x, net.add(graph.ReshapeOp, gate, shape_to=ints([n, c, h, 1])))


IMAGE_STEPS: tuple[Step, ...] = (
    convolution,
    transposed_convolution,
    normalized,
    normalized,
    bias,
    scalar_arithmetic,
    activation,
    spelled_hard_swish,
    squeeze_and_excitation,
    residual,
    parallel_branches,
    pooling,
    movement,
    movement,
    spread,
    product_of_pixels,
    channel_shuffle,
    rows_gate,
)
