"""Convolutions and transposed convolutions of images."""

from __future__ import annotations

from dataclasses import replace

from xdsl.ir import SSAValue

from boltir.dialects.graph.linear import BiasAddOp, Conv2dOp, ConvTranspose2dOp
from boltir.dialects.properties import int_attr, ints
from boltir.dialects.tensors import static_shape
from boltir.dialects.window import Slide
from boltir.frontends.onnx.node import Node
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.values import Value
from boltir.frontends.onnx.window import Window, explicit_padding, pair, require_image, split_padding, window_of


@converts("Conv", note="2-D", fold=False)
def convolution(node: Node) -> Value:
    x, w = node.tensor(0), node.tensor(1)
    image, kernel = require_image(node, static_shape(x)), require_image(node, static_shape(w))
    window = window_of(node, image, kernel)
    y = node.emit(Conv2dOp, x, w, groups=int_attr(node.attr_int("group")), **window.properties())
    return _with_bias(node, y)


@converts("ConvTranspose", note="2-D", fold=False)
def transposed_convolution(node: Node) -> Value:
    x, w = node.tensor(0), node.tensor(1)
    image, kernel = require_image(node, static_shape(x)), require_image(node, static_shape(w))
    extra = pair(node, "output_padding", (0, 0))
    window = _transposed_window(node, image, kernel, extra)
    y = node.emit(
        ConvTranspose2dOp,
        x,
        w,
        groups=int_attr(node.attr_int("group")),
        output_padding=ints(extra),
        **window.properties(),
    )
    return _with_bias(node, y)


def _transposed_window(node: Node, image: tuple[int, int], kernel: tuple[int, int], extra: tuple[int, int]) -> Window:
    """The window whose padding gives the output extents that auto_pad or output_shape ask for (ONNX ConvTranspose)."""
    window = Window(kernel, pair(node, "strides", (1, 1)), pair(node, "dilations", (1, 1)), (0, 0, 0, 0))
    mode, output = node.attr_string("auto_pad"), pair(node, "output_shape", (0, 0))
    if output == (0, 0) and mode == "NOTSET":
        return replace(window, padding=explicit_padding(node))
    if output == (0, 0) and mode == "VALID":
        return window
    if output == (0, 0):
        output = image[0] * window.strides[0], image[1] * window.strides[1]
    unpadded = [
        Slide(window.strides[i], (0, 0), window.dilations[i]).transposed_positions(image[i], kernel[i], extra[i])
        for i in (0, 1)
    ]
    totals = unpadded[0] - output[0], unpadded[1] - output[1]
    if min(totals) < 0:
        raise node.unsupported(f"an output of {list(output)} is larger than all there is, {unpadded}")
    return replace(window, padding=split_padding(node, totals, mode if mode == "SAME_UPPER" else "SAME_LOWER"))


def _with_bias(node: Node, y: SSAValue) -> SSAValue:
    return node.emit(BiasAddOp, y, node.tensor(2), axis=int_attr(1)) if node.has(2) else y
