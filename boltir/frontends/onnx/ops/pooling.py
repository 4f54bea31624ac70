"""Pooling of images."""

from __future__ import annotations

from xdsl.ir import Attribute

from boltir.dialects.graph import GraphOp
from boltir.dialects.graph.pooling import (
    AvgPool2dOp,
    GlobalAvgPool2dOp,
    GlobalMaxPool2dOp,
    MaxPool2dOp,
    ReduceMaxOp,
    ReduceMeanOp,
)
from boltir.dialects.properties import bool_attr, ints
from boltir.dialects.tensors import static_shape
from boltir.frontends.onnx.node import Node
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.values import Value
from boltir.frontends.onnx.window import pair, require_image, window_of


@converts("MaxPool", note="2-D; without the output Indices", fold=False)
def max_pool(node: Node) -> Value:
    return _pool(node, MaxPool2dOp)


@converts("AveragePool", note="2-D", fold=False)
def average_pool(node: Node) -> Value:
    return _pool(node, AvgPool2dOp, count_include_pad=bool_attr(node.attr_flag("count_include_pad")))


def _pool(node: Node, op: type[GraphOp], **properties: Attribute) -> Value:
    x = node.tensor(0)
    image = require_image(node, static_shape(x))
    window = window_of(node, image, pair(node, "kernel_shape", (0, 0)))
    # With auto_pad the output's extents follow from the input's, not from ceil_mode.
    ceil = node.attr_flag("ceil_mode") and node.attr_string("auto_pad") == "NOTSET"
    properties |= window.properties()
    return node.emit(op, x, kernel=ints(window.kernel), ceil_mode=bool_attr(ceil), **properties)


@converts("GlobalAveragePool", fold=False)
def global_average_pool(node: Node) -> Value:
    return _global_pool(node, GlobalAvgPool2dOp, ReduceMeanOp)


@converts("GlobalMaxPool", fold=False)
def global_max_pool(node: Node) -> Value:
    return _global_pool(node, GlobalMaxPool2dOp, ReduceMaxOp)


def _global_pool(node: Node, image_op: type[GraphOp], reduction: type[GraphOp]) -> Value:
    """Over H and W of an image; anything but an image is reduced over the dimensions after the channels."""
    x = node.tensor(0)
    rank = len(static_shape(x))
    if rank == 4:
        return node.emit(image_op, x)
    return node.emit(reduction, x, axes=ints(range(2, rank)))
