"""Random networks, each made from one seed, that run in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from boltir.dialects import graph
from boltir.dialects.properties import bool_attr, int_attr, ints
from boltir.dialects.tensors import static_shape
from tests.support.image_steps import IMAGE_STEPS
from tests.support.lane_steps import CHANNELS, LANE_STEPS
from tests.support.network_builder import Network, NetworkBuilder
from tests.support.tail_steps import Step, multiplied, tensor
from tests.support.token_steps import TOKEN_STEPS


def random_cnn(seed: int, length: int) -> Network:
    """`length` random steps on an image, with a classifier's head or an image as the result."""
    net = NetworkBuilder(np.random.default_rng(seed))
    x = net.image(net.pick((1, 2)), net.pick((1, 3, 4, 6)), net.pick((5, 8)), net.pick((6, 9)))
    values = [x]
    for _ in range(length):
        values.append(net.pick(IMAGE_STEPS)(net, values[-1]))
    results = [_head(net, values[-1]) if net.chance(0.7) else values[-1]]
    if net.chance(0.2):
        results.append(net.pick(values))
    return net.finish(*results)


def _head(net: NetworkBuilder, x: SSAValue) -> SSAValue:
    n, c, _, _ = static_shape(x)
    if net.chance():
        pooled = net.add(graph.GlobalAvgPool2dOp, x)
        x = net.add(graph.ReshapeOp, pooled, shape_to=ints([n, c]))
    elif net.chance():
        x = net.add(graph.ReduceMeanOp, x, axes=ints([2, 3]), keepdims=bool_attr(False))
    features = int(np.prod(static_shape(x)[1:]))
    x = net.add(graph.ReshapeOp, x, shape_to=ints([n, features]))
    logits = net.add(graph.GemmOp, x, net.normal(features, 5, fan_in=features))
    return net.add(graph.SoftmaxOp, net.add(graph.AddOp, logits, net.normal(5)), axis=int_attr(1))


def random_transformer(seed: int, length: int) -> Network:
    """`length` random steps on tokens, from an argument or an embedding; the result is all of them or one."""
    net = NetworkBuilder(np.random.default_rng(seed))
    batch, tokens, width = net.pick((1, 2)), net.pick((3, 5)), net.pick((8, 12))
    if net.chance():
        ids = net.ids(batch, tokens, 10)
        x = net.add(graph.GatherOp, net.normal(10, width), ids)
    else:
        x = net.argument(net.random.standard_normal((batch, tokens, width)).astype(np.float32))
    for _ in range(length):
        x = net.pick(TOKEN_STEPS)(net, x)
    if net.chance():
        bounds = {"offsets": ints([0, net.pick((0, 2)), 0]), "sizes": ints([batch, 1, width]), "strides": ints([1] * 3)}
        x = net.add(graph.SliceOp, x, **bounds)
    return net.finish(x)


def random_tails(seed: int, length: int, steps: Sequence[Step]) -> Network:
    """Products, and `length` random `steps` behind them, each on anything before; every unused tensor is a result."""
    net = NetworkBuilder(np.random.default_rng(seed))
    *rows, columns = net.pick(((4, 16), (2, 3, 16), (1, 2, 3, 16)))
    k = net.pick((8, 16))
    values = [multiplied(net, tensor(net, (*rows, k)), columns) for _ in range(net.pick((1, 1, 2)))]
    for _ in range(length):
        values.append(net.pick(steps)(net, values))
    results = [value for value in values if value.first_use is None or net.chance(0.1)]
    return net.finish(*results)


def random_lanes(seed: int, length: int) -> Network:
    """`length` random steps on channels-last images of any number of channels; every unused tensor is a result."""
    net = NetworkBuilder(np.random.default_rng(seed))
    shape = (net.pick((1, 2)), net.pick((3, 4)), net.pick((4, 5)), net.pick(CHANNELS))
    values: list[SSAValue] = [net.argument(net.random.standard_normal(shape).astype(np.float32))]
    for _ in range(length):
        values.append(net.pick(LANE_STEPS)(net, values))
    results = [value for value in values if value.first_use is None or net.chance(0.1)]
    return net.finish(*results)
