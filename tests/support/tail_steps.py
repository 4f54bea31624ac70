"""Steps of random graphs around products: each takes what was computed before and gives one more tensor of that shape.

Every tensor that steps pass on is f32 and of one shape. Half precision is inside steps alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from xdsl.dialects.builtin import f16, f32, i1, i8, i32, i64
from xdsl.ir import SSAValue

from boltir.dialects import graph
from boltir.dialects.graph.enums import GeluApproximation, GeluApproximationAttr, Layout, LayoutAttr
from boltir.dialects.properties import bool_attr, float_attr, int_attr, ints
from boltir.dialects.tensors import Shape, static_shape
from tests.support.network_builder import NetworkBuilder

Step = Callable[[NetworkBuilder, Sequence[SSAValue]], SSAValue]

BINARY = (graph.AddOp, graph.AddOp, graph.SubOp, graph.MulOp, graph.MaximumOp, graph.MinimumOp)
UNARY = (
    graph.AbsOp,
    graph.EluOp,
    graph.GeluOp,
    graph.HardSigmoidOp,
    graph.HardSwishOp,
    graph.LeakyReluOp,
    graph.MishOp,
    graph.NegOp,
    graph.ReluOp,
    graph.SigmoidOp,
    graph.SiluOp,
    graph.SoftplusOp,
    graph.TanhOp,
)


def recent(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """One of `values`, most often a late one: that makes chains."""
    return net.pick([*values, *values[-2:], values[-1]])


def tensor(net: NetworkBuilder, shape: Shape, fan_in: int = 1) -> SSAValue:
    """A new weight or argument, such that products of `fan_in` stay small."""
    numbers = (net.random.standard_normal(shape) / np.sqrt(fan_in)).astype(np.float32)
    return net.weight(numbers) if net.chance() else net.argument(numbers)


def bounded(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    """`x` without large numbers, which multiply the rounding of what they are multiplied with."""
    return net.add(graph.ClipOp, x, min=float_attr(-4.0), max=float_attr(4.0))


def narrower(shape: Shape, net: NetworkBuilder) -> Shape:
    """A shape that broadcasts to `shape`: some extents are 1, some leading dimensions are missing."""
    extents = tuple(extent if net.chance() else 1 for extent in shape)
    return extents[net.pick(range(len(shape) + 1)) :]


def activation(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    x = recent(net, values)
    if net.chance(0.1):
        return net.add(graph.GeluOp, x, approximation=GeluApproximationAttr(GeluApproximation.TANH))
    if net.chance(0.1):
        return net.add(graph.ClipOp, x, min=float_attr(-1.0), max=float_attr(net.pick((0.5, 6.0))))
    return net.add(net.pick(UNARY), x)


def combination(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """Residuals, gates and diamonds."""
    return bounded(net, net.add(net.pick(BINARY), recent(net, values), net.pick(values)))


def broadcast_operand(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    x = recent(net, values)
    operands = [x, tensor(net, narrower(static_shape(x), net))]
    return bounded(net, net.add(net.pick(BINARY), *(operands if net.chance() else operands[::-1])))


def product(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """A product of a tensor from before, which may be scaled; with a bias or without."""
    x = recent(net, values)
    columns = static_shape(x)[-1]
    if net.chance(0.3):
        factor = net.scalar(net.pick((0.5, 3.0))) if net.chance() else net.normal(columns)
        x = net.add(graph.MulOp, x, factor)
    result = multiplied(net, x, columns)
    return net.add(graph.AddOp, result, net.normal(columns)) if net.chance() else result


def multiplied(net: NetworkBuilder, x: SSAValue, columns: int) -> SSAValue:
    """x [..., K] times a matrix [K, columns], as a matrix product or a convolution of 1x1, 3x3 or 1x3."""
    shape = static_shape(x)
    if len(shape) == 4:
        r, s = net.pick(((1, 1), (3, 3), (1, 3)))
        weight = tensor(net, (columns, r, s, shape[-1]), fan_in=r * s * shape[-1])
        padding = ints([r // 2, s // 2] * 2)
        return net.add(graph.Conv2dOp, x, weight, padding=padding, layout=LayoutAttr(Layout.NHWC))
    is_transposed = net.chance(0.3)
    extents = (columns, shape[-1]) if is_transposed else (shape[-1], columns)
    batch = shape[:-2] if net.chance(0.2) else ()
    op_type = graph.GemmOp if len(shape) == 2 else graph.BatchMatmulOp
    weight = tensor(net, (*batch, *extents), fan_in=shape[-1])
    return net.add(op_type, x, weight, transpose_b=bool_attr(is_transposed))


def half_product(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """A product in half precision, with an activation on either side of the conversion back."""
    x = recent(net, values)
    columns = static_shape(x)[-1]
    matrix = net.build.cast(net.normal(columns, columns, fan_in=columns), f16)
    op_type = graph.GemmOp if len(static_shape(x)) == 2 else graph.BatchMatmulOp
    result = net.add(op_type, net.build.cast(x, f16), matrix)
    if net.chance():
        result = net.add(net.pick(UNARY), result)
    return net.build.cast(result, f32)


def conversion(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """To integers or truth values and back."""
    return net.build.cast(net.build.cast(recent(net, values), net.pick((i1, i8, i32, i64))), f32)


def rounding(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    return net.build.cast(net.build.cast(recent(net, values), f16), f32)


def reduction(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """Rows, columns or neither, combined; what they were combined from stays in use or not."""
    x = recent(net, values)
    rank = len(static_shape(x))
    axes = net.pick(([rank - 1], list(range(rank - 1)), [0], list(range(rank))))
    op_type = net.pick((graph.ReduceSumOp, graph.ReduceMeanOp, graph.ReduceMaxOp, graph.ReduceMinOp))
    inner = net.add(graph.MulOp, x, x) if net.chance(0.3) else x
    reduced = net.add(op_type, inner, axes=ints(axes), keepdims=bool_attr(True))
    if net.chance():
        reduced = net.add(graph.SigmoidOp, reduced)
    return bounded(net, net.add(net.pick(BINARY), net.pick(values), reduced))


def scaled_rows(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """Rows by one factor each, their root mean square perhaps, and then a product."""
    x = recent(net, values)
    *rows, columns = static_shape(x)
    if net.chance():
        last = {"axes": ints([len(rows)]), "keepdims": bool_attr(True)}
        mean = net.add(graph.ReduceMeanOp, net.add(graph.MulOp, x, x), **last)
        factors = net.add(graph.RsqrtOp, net.add(graph.AddOp, mean, net.scalar(1.0)))
    else:
        factors = tensor(net, (*rows, 1))
    return multiplied(net, net.add(graph.MulOp, *(net.pick(((x, factors), (factors, x))))), columns)


def softmax(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    x = recent(net, values)
    return net.add(graph.SoftmaxOp, x, axis=int_attr(len(static_shape(x)) - 1))


def columns_of(net: NetworkBuilder, x: SSAValue, begin: int, size: int) -> SSAValue:
    """Columns of `x`, the last dimension."""
    *rows, _ = static_shape(x)
    offsets, ones = ints([0] * len(rows) + [begin]), ints([1] * (len(rows) + 1))
    return net.add(graph.SliceOp, x, offsets=offsets, sizes=ints([*rows, size]), strides=ones)


def split_and_joined(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """Columns of one product, computed with apart and put together again."""
    x = product(net, values)
    columns = static_shape(x)[-1]
    cut = net.pick((columns // 2, columns // 4, 3))
    parts = [columns_of(net, x, 0, cut), columns_of(net, x, cut, columns - cut)]
    parts = [net.add(net.pick(UNARY), part) if net.chance() else part for part in parts]
    return net.concat(parts if net.chance() else parts[::-1], len(static_shape(x)) - 1)


def joined_products(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """A concatenation of products along columns, each of another input perhaps, or of one product and a tensor."""
    columns = static_shape(values[0])[-1]
    first = columns // net.pick((2, 4))
    parts = [multiplied(net, recent(net, values), first)]
    rest = recent(net, values)
    parts.append(
        multiplied(net, rest, columns - first) if net.chance(0.7) else columns_of(net, rest, 0, columns - first)
    )
    return net.concat(
        [net.add(graph.ReluOp, part) if net.chance() else part for part in parts], -1 % len(static_shape(rest))
    )


def padded(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """A product of fewer columns, with zeros behind the last."""
    x = recent(net, values)
    rank, columns = len(static_shape(x)), static_shape(x)[-1]
    fewer = columns - net.pick((1, 8))
    high = ints([0] * (rank - 1) + [columns - fewer])
    return net.add(graph.PadOp, multiplied(net, x, fewer), low=ints([0] * rank), high=high)


def turned(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """Rows and parts of columns exchanged, as attention does with heads; read in that order and turned back."""
    x = product(net, values)
    *rows, columns = static_shape(x)
    flat = int(np.prod(rows))
    view = net.add(graph.ReshapeOp, x, shape_to=ints([flat, 2, columns // 2]))
    moved = net.add(graph.TransposeOp, view, permutation=ints([1, 0, 2]))
    if net.chance():
        moved = net.add(net.pick(UNARY), moved)
    scaled = net.add(graph.MulOp, moved, tensor(net, narrower((2, flat, columns // 2), net)))
    back = net.add(graph.TransposeOp, scaled, permutation=ints([1, 0, 2]))
    return bounded(net, net.add(graph.ReshapeOp, back, shape_to=ints([*rows, columns])))


def parallel_products(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """Two or three products of one tensor: joined by a gate, a sum, or each with its own consumer."""
    x = recent(net, values)
    columns = static_shape(x)[-1]
    parts = [multiplied(net, x, columns) for _ in range(net.pick((2, 2, 3)))]
    parts = [net.add(graph.AddOp, part, net.normal(columns)) if net.chance(0.3) else part for part in parts]
    parts[0] = net.add(net.pick((graph.SiluOp, graph.GeluOp, graph.ReluOp)), parts[0])
    result = parts[0]
    for part in parts[1:]:
        result = net.add(net.pick((graph.MulOp, graph.MulOp, graph.AddOp)), result, part)
    return bounded(net, result)


def reshaped(net: NetworkBuilder, values: Sequence[SSAValue]) -> SSAValue:
    """An operation on another view of a tensor."""
    x = recent(net, values)
    shape = static_shape(x)
    rows = int(np.prod(shape[:-1]))
    view = net.pick(((rows, shape[-1]), (rows * shape[-1],), (rows, 2, shape[-1] // 2)))
    flat = net.add(graph.ReshapeOp, x, shape_to=ints(view))
    result = (
        net.add(net.pick(UNARY), flat) if net.chance() else net.add(graph.AddOp, flat, tensor(net, narrower(view, net)))
    )
    return net.add(graph.ReshapeOp, result, shape_to=ints(shape))


EXACT_STEPS: tuple[Step, ...] = (
    activation,
    activation,
    combination,
    combination,
    broadcast_operand,
    broadcast_operand,
    product,
    conversion,
    reshaped,
)
"""Steps whose results do not depend on what is fused, to the last bit."""

TAIL_STEPS: tuple[Step, ...] = (
    activation,
    activation,
    combination,
    combination,
    broadcast_operand,
    broadcast_operand,
    product,
    joined_products,
    softmax,
    padded,
    parallel_products,
    reduction,
    reshaped,
    scaled_rows,
    split_and_joined,
    turned,
)
"""Steps whose results change by rounding at most: no value jumps where another one moves a little."""

HALF_STEPS: tuple[Step, ...] = (*TAIL_STEPS, half_product, half_product, rounding)
"""Steps of which some round to half precision what fusing keeps in registers."""
