"""Windows that slide over images: what convolutions and poolings share."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import Attribute

from boltir.dialects.properties import ints
from boltir.frontends.onnx.node import Node
from boltir.frontends.onnx.values import Shape

Padding = tuple[int, int, int, int]
"""[top, left, bottom, right], ONNX's order too."""


@dataclass(frozen=True)
class Window:
    """A window over H and W; each pair is (vertical, horizontal)."""

    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    padding: Padding

    def properties(self) -> dict[str, Attribute]:
        return {
            "strides": ints(self.strides),
            "dilations": ints(self.dilations),
            "padding": ints(self.padding),
        }


def require_image(node: Node, shape: Shape) -> tuple[int, int]:
    """The H and W of the first operand, which must be [N, C, H, W]."""
    if len(shape) != 4:
        raise node.unsupported(f"only images [N, C, H, W] are supported, the input has shape {list(shape)}")
    return shape[2], shape[3]


def window_of(node: Node, image: tuple[int, int], kernel: tuple[int, int]) -> Window:
    """The window that the attributes of `node` describe; auto_pad is resolved for an `image` of (H, W)."""
    declared = pair(node, "kernel_shape", kernel)
    if declared != kernel:
        raise node.error(f"kernel_shape {list(declared)} contradicts the filter's {list(kernel)}")
    strides, dilations = pair(node, "strides", (1, 1)), pair(node, "dilations", (1, 1))
    if min(*kernel, *strides, *dilations) < 1:
        raise node.error("kernel_shape, strides and dilations must be >= 1")
    return Window(kernel, strides, dilations, _padding(node, image, kernel, strides, dilations))


def _padding(
    node: Node, image: tuple[int, int], kernel: tuple[int, int], strides: tuple[int, int], dilations: tuple[int, int]
) -> Padding:
    mode = node.attr_string("auto_pad")
    if mode == "NOTSET":
        return explicit_padding(node)
    if mode == "VALID":
        return (0, 0, 0, 0)
    totals = [
        max(((-(-extent // stride) - 1) * stride + dilation * (window - 1) + 1) - extent, 0)
        for extent, window, stride, dilation in zip(image, kernel, strides, dilations, strict=True)
    ]
    return split_padding(node, (totals[0], totals[1]), mode)


def explicit_padding(node: Node) -> Padding:
    pads = node.attr_ints("pads") or (0, 0, 0, 0)
    if len(pads) != 4 or min(pads) < 0:
        raise node.unsupported(f"pads must be four numbers >= 0, got {list(pads)}")
    return pads[0], pads[1], pads[2], pads[3]


def split_padding(node: Node, totals: tuple[int, int], mode: str) -> Padding:
    """`totals` of padding over both sides; SAME_UPPER puts an odd one at the end."""
    if mode not in ("SAME_UPPER", "SAME_LOWER"):
        raise node.error(f"auto_pad '{mode}' is none of NOTSET, VALID, SAME_UPPER and SAME_LOWER")
    small, large = [total // 2 for total in totals], [total - total // 2 for total in totals]
    begin, end = (small, large) if mode == "SAME_UPPER" else (large, small)
    return begin[0], begin[1], end[0], end[1]


def pair(node: Node, name: str, default: tuple[int, int]) -> tuple[int, int]:
    """An attribute that holds one integer per dimension of the image."""
    values = node.attr_ints(name)
    if not values:
        return default
    if len(values) != 2:
        raise node.error(f"{name} must be two integers, got {list(values)}")
    return values[0], values[1]
