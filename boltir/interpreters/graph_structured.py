"""Graph operations that look at more than one element: products, windows, reductions, movement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from boltir.dialects.graph import (
    TO_CHANNELS_FIRST,
    TO_CHANNELS_LAST,
    GraphOp,
    attention,
    linear,
    movement,
    normalization,
    pooling,
    values,
)
from boltir.interpreters.arrays import Array, dense_array
from boltir.interpreters.movement import MOVEMENTS
from boltir.interpreters.reference import convolution
from boltir.interpreters.reference import normalization as normalize
from boltir.interpreters.reference.attention import attention as attend
from boltir.interpreters.reference.convolution import Window, window_of
from boltir.interpreters.reference.linear import matmul
from boltir.interpreters.reference.pooling import average_pool2d, max_pool2d
from boltir.interpreters.registry import Meaning, Meanings

STRUCTURED = Meanings()


def _to_nhwc(x: Array, channels_last: bool) -> Array:
    return x if channels_last else x.transpose(TO_CHANNELS_LAST)


def _from_nhwc(x: Array, channels_last: bool) -> Array:
    return x if channels_last else x.transpose(TO_CHANNELS_FIRST)


def _spatial(shape: Sequence[int], channels_last: bool) -> tuple[int, int]:
    """(H, W) of an image or (R, S) of a filter."""
    return (shape[1], shape[2]) if channels_last else (shape[2], shape[3])


def _window(op: linear.WindowedConvolutionOp | pooling.Pool2dOp, size: Sequence[int]) -> Window:
    extents = _spatial(op.result_type.get_shape(), op.channels_last)
    top, left, _, _ = op.padding.get_values()
    return window_of(size, extents, op.strides.get_values(), (top, left), op.dilations.get_values())


@STRUCTURED.of(values.ConstantOp)
def constant(op: values.ConstantOp) -> Array:
    return dense_array(op.value)


@STRUCTURED.of(linear.Conv2dOp)
def conv2d(op: linear.Conv2dOp, x: Array, weight: Array) -> Array:
    last = op.channels_last
    window = _window(op, _spatial(weight.shape, last))
    result = convolution.conv2d(_to_nhwc(x, last), _to_nhwc(weight, last), window, op.groups.value.data)
    return _from_nhwc(result, last)


@STRUCTURED.of(linear.ConvTranspose2dOp)
def conv_transpose2d(op: linear.ConvTranspose2dOp, x: Array, weight: Array) -> Array:
    last = op.channels_last
    window = _window(op, _spatial(weight.shape, last))
    result = convolution.conv_transpose2d(_to_nhwc(x, last), _to_nhwc(weight, last), window, op.groups.value.data)
    return _from_nhwc(result, last)


@STRUCTURED.of(linear.GemmOp, linear.BatchMatmulOp)
def matrix_product(op: linear.MatrixProductOp, a: Array, b: Array) -> Array:
    return matmul(a, b, transpose_a=bool(op.transpose_a.value.data), transpose_b=bool(op.transpose_b.value.data))


@STRUCTURED.of(attention.AttentionOp)
def multi_head_attention(op: attention.AttentionOp, q: Array, k: Array, v: Array, mask: Array | None = None) -> Array:
    heads, head_dim, scale = op.heads.value.data, op.head_dim.value.data, op.scale.value.data
    return attend((q, k, v), op.offsets.get_values(), mask, heads=heads, head_dim=head_dim, scale=scale)


@STRUCTURED.of(linear.BiasAddOp)
def bias_add(op: linear.BiasAddOp, x: Array, bias: Array) -> Array:
    return x + normalize.along_axis(bias, op.axis.value.data, x.ndim)


@STRUCTURED.of(normalization.BatchNormOp)
def batch_norm(
    op: normalization.BatchNormOp, x: Array, scale: Array, bias: Array, mean: Array, variance: Array
) -> Array:
    epsilon, axis = op.epsilon.value.data, op.axis.value.data
    return normalize.batch_norm(x, scale, bias, mean, variance, epsilon=epsilon, axis=axis)


@STRUCTURED.of(normalization.LayerNormOp)
def layer_norm(op: normalization.LayerNormOp, x: Array, scale: Array, bias: Array) -> Array:
    return normalize.standardize(x, op.axis.value.data, op.epsilon.value.data) * scale + bias


@STRUCTURED.of(normalization.SoftmaxOp)
def softmax(op: normalization.SoftmaxOp, x: Array) -> Array:
    return normalize.softmax(x, op.axis.value.data)


@STRUCTURED.of(pooling.MaxPool2dOp)
def max_pool(op: pooling.MaxPool2dOp, x: Array) -> Array:
    result = max_pool2d(_to_nhwc(x, op.channels_last), _window(op, op.kernel.get_values()))
    return _from_nhwc(result, op.channels_last)


@STRUCTURED.of(pooling.AvgPool2dOp)
def average_pool(op: pooling.AvgPool2dOp, x: Array) -> Array:
    _, _, bottom, right = op.padding.get_values()
    counted = (bottom, right) if op.count_include_pad.value.data else None
    result = average_pool2d(_to_nhwc(x, op.channels_last), _window(op, op.kernel.get_values()), counted)
    return _from_nhwc(result, op.channels_last)


def _global_pool(kind: str) -> Meaning:
    def run(op: pooling.ImageOp, x: Array) -> Array:
        return normalize.reduce(kind, x, (1, 2) if op.channels_last else (2, 3))

    return run


def _reduce(kind: str) -> Meaning:
    def run(op: pooling.ReduceOp, x: Array) -> Array:
        return normalize.reduce(kind, x, op.axes.get_values(), keepdims=bool(op.keepdims.value.data))

    return run


STRUCTURED.update(
    {
        pooling.GlobalAvgPool2dOp: _global_pool("mean"),
        pooling.GlobalMaxPool2dOp: _global_pool("max"),
        pooling.ReduceMaxOp: _reduce("max"),
        pooling.ReduceMeanOp: _reduce("mean"),
        pooling.ReduceMinOp: _reduce("min"),
        pooling.ReduceSumOp: _reduce("sum"),
    }
)


@STRUCTURED.of(movement.ReshapeOp)
def reshape(op: movement.ReshapeOp, x: Array) -> Array:
    return x.reshape(op.shape_to.get_values())


@STRUCTURED.of(movement.TransposeOp)
def transpose(op: movement.TransposeOp, x: Array) -> Array:
    return x.transpose(op.permutation.get_values())


@STRUCTURED.of(movement.BroadcastToOp)
def broadcast_to(op: movement.BroadcastToOp, x: Array) -> Array:
    return np.broadcast_to(x, op.shape_to.get_values())


STRUCTURED.update((op, meaning) for op, meaning in MOVEMENTS.items() if issubclass(op, GraphOp))
