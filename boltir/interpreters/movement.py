"""What operations that move elements mean: graph operations and kernels of the same name have the same properties."""

from __future__ import annotations

import numpy as np

from boltir.dialects import fused, graph
from boltir.dialects.tensors import normalized_axis, static_shape
from boltir.interpreters.arrays import Array
from boltir.interpreters.reference import movement
from boltir.interpreters.reference.resize import resize as resample
from boltir.interpreters.registry import Meanings

MOVEMENTS = Meanings()
"""By class of operation, of both levels."""


@MOVEMENTS.of(graph.ConcatOp, fused.ConcatOp)
def concat(op: graph.ConcatOp | fused.ConcatOp, *parts: Array) -> Array:
    return np.concatenate(parts, axis=op.axis.value.data)


@MOVEMENTS.of(graph.SliceOp, fused.SliceOp)
def strided_slice(op: graph.SliceOp | fused.SliceOp, x: Array) -> Array:
    return movement.strided_slice(x, op.offsets.get_values(), op.sizes.get_values(), op.strides.get_values())


@MOVEMENTS.of(graph.PadOp, fused.PadOp)
def pad(op: graph.PadOp | fused.PadOp, x: Array) -> Array:
    return movement.pad(x, op.low.get_values(), op.high.get_values(), op.mode.data, op.value.value.data)


@MOVEMENTS.of(graph.UnfoldOp, fused.UnfoldOp)
def unfold(op: graph.UnfoldOp | fused.UnfoldOp, x: Array) -> Array:
    _, *extents, channels = static_shape(op.results[0])
    image = x if op.channels_last else x.transpose(graph.TO_CHANNELS_LAST)
    before = op.padding.get_values()[:2]
    return movement.unfold(image, op.kernel.get_values(), op.strides.get_values(), before, extents, channels)


@MOVEMENTS.of(graph.GatherOp, fused.GatherOp)
def gather(op: graph.GatherOp | fused.GatherOp, data: Array, indices: Array) -> Array:
    return movement.gather(data, indices, normalized_axis(op.axis.value.data, data.ndim))


@MOVEMENTS.of(graph.ResizeOp, fused.ResizeOp)
def resize(op: graph.ResizeOp | fused.ResizeOp, x: Array) -> Array:
    sizes = op.sizes.get_values()
    return resample(x, sizes, op.mode.data, op.coordinate_transform.data, op.nearest_mode.data)
