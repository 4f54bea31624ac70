"""Resampling of images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from boltir.dialects.graph.enums import (
    CoordinateTransform,
    CoordinateTransformAttr,
    NearestMode,
    NearestModeAttr,
    ResizeMode,
    ResizeModeAttr,
)
from boltir.dialects.graph.movement import ResizeOp
from boltir.dialects.properties import ints
from boltir.dialects.tensors import static_shape
from boltir.frontends.onnx.node import Node
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.reshaping import checked_axis
from boltir.frontends.onnx.values import Shape, Value

_NOTE = "nearest and linear, no antialiasing; scales that give whole extents"


@converts("Resize", note=_NOTE)
def resize(node: Node) -> Value:
    x = node.tensor(0)
    shape = static_shape(x)
    _refuse_options(node)
    coordinates = node.attr_choice("coordinate_transformation_mode", CoordinateTransform)
    sizes = _sizes(node, shape, coordinates)
    if sizes == shape:
        return x
    return node.emit(
        ResizeOp,
        x,
        sizes=ints(sizes),
        mode=ResizeModeAttr(node.attr_choice("mode", ResizeMode)),
        coordinate_transform=CoordinateTransformAttr(coordinates),
        nearest_mode=NearestModeAttr(node.attr_choice("nearest_mode", NearestMode)),
    )


@converts("Upsample", note=_NOTE)
def upsample(node: Node) -> Value:
    """Resize's predecessor, which opset 10 withdrew but exporters went on writing."""
    x = node.tensor(0)
    sizes = _scaled_sizes(node, static_shape(x), node.known(1).astype(np.float64).ravel().tolist())
    return node.emit(
        ResizeOp,
        x,
        sizes=ints(sizes),
        mode=ResizeModeAttr(node.attr_choice("mode", ResizeMode)),
        coordinate_transform=CoordinateTransformAttr(CoordinateTransform.ASYMMETRIC),
        nearest_mode=NearestModeAttr(NearestMode.FLOOR),
    )


def _refuse_options(node: Node) -> None:
    if node.attr_flag("antialias"):
        raise node.unsupported("antialias is not supported")
    policy = node.attr_string("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        raise node.unsupported(f"keep_aspect_ratio_policy '{policy}' is not supported")


def _sizes(node: Node, shape: Shape, coordinates: CoordinateTransform) -> Shape:
    """The output's extents, from `sizes` or from `scales`."""
    given = node.attr_ints("axes") or tuple(range(len(shape)))
    axes = [checked_axis(node, axis, len(shape)) for axis in given]
    if node.has(3) and node.known(3).size:
        values = node.known_ints(3)
        _check_count(node, values, axes)
        extents = dict(zip(axes, values, strict=True))
        return tuple(extents.get(i, extent) for i, extent in enumerate(shape))
    scales: list[float] = node.known(2).astype(np.float64).ravel().tolist()
    _check_count(node, scales, axes)
    factors = dict(zip(axes, scales, strict=True))
    return _scaled_sizes(node, shape, [factors.get(i, 1.0) for i in range(len(shape))], coordinates)


def _check_count(node: Node, values: Sequence[float], axes: Sequence[int]) -> None:
    if len(values) != len(axes):
        raise node.error(f"{len(values)} sizes or scales for {len(axes)} dimensions")


def _scaled_sizes(
    node: Node,
    shape: Shape,
    scales: Sequence[float],
    coordinates: CoordinateTransform = CoordinateTransform.ASYMMETRIC,
) -> Shape:
    """floor(extent * scale). graph.resize takes the ratio of the extents for the scale, so both must agree."""
    _check_count(node, scales, shape)
    if not all(0 < scale < math.inf for scale in scales):
        raise node.error(f"scales {list(scales)} must be numbers > 0")
    # A scale is an f32: 1.1 of 10 elements are 11, though the f32 next to 1.1 is larger.
    sizes = tuple(math.floor(extent * scale + 1e-4) for extent, scale in zip(shape, scales, strict=True))
    for extent, scale, size in zip(shape, scales, sizes, strict=True):
        if coordinates != CoordinateTransform.ALIGN_CORNERS and abs(size - extent * scale) > 1e-3:
            raise node.unsupported(
                f"scale {scale:g} of {extent} elements gives no whole number", "export with sizes instead of scales"
            )
    return sizes
