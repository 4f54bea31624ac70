"""Enumerated attributes of the `graph` dialect; each prints as a keyword."""

from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.str_enum import StrEnum


class Layout(StrEnum):
    """The order of a convolution's or pooling's tensor dimensions.

    nchw: input and output [N, C, H, W], filter [K, C/groups, R, S].
    nhwc: input and output [N, H, W, C], filter [K, R, S, C/groups].
    A transposed convolution's filter has input and output channels exchanged:
    [C, K/groups, R, S] and [C, R, S, K/groups].
    """

    NCHW = "nchw"
    NHWC = "nhwc"


TO_CHANNELS_LAST = (0, 2, 3, 1)
TO_CHANNELS_FIRST = (0, 3, 1, 2)
"""The permutations that take an image of one layout to the other."""


@irdl_attr_definition
class LayoutAttr(EnumAttribute[Layout], SpacedOpaqueSyntaxAttribute):
    name = "graph.layout"


class GeluApproximation(StrEnum):
    NONE = "none"
    TANH = "tanh"


@irdl_attr_definition
class GeluApproximationAttr(EnumAttribute[GeluApproximation], SpacedOpaqueSyntaxAttribute):
    name = "graph.gelu_approximation"


class PadMode(StrEnum):
    CONSTANT = "constant"
    REFLECT = "reflect"
    EDGE = "edge"


@irdl_attr_definition
class PadModeAttr(EnumAttribute[PadMode], SpacedOpaqueSyntaxAttribute):
    name = "graph.pad_mode"


class ResizeMode(StrEnum):
    NEAREST = "nearest"
    LINEAR = "linear"


@irdl_attr_definition
class ResizeModeAttr(EnumAttribute[ResizeMode], SpacedOpaqueSyntaxAttribute):
    name = "graph.resize_mode"


class CoordinateTransform(StrEnum):
    """How an output coordinate maps to an input coordinate (ONNX Resize)."""

    HALF_PIXEL = "half_pixel"
    PYTORCH_HALF_PIXEL = "pytorch_half_pixel"
    ASYMMETRIC = "asymmetric"
    ALIGN_CORNERS = "align_corners"


@irdl_attr_definition
class CoordinateTransformAttr(EnumAttribute[CoordinateTransform], SpacedOpaqueSyntaxAttribute):
    name = "graph.coordinate_transform"


class NearestMode(StrEnum):
    """How a fractional input coordinate is rounded (ONNX Resize)."""

    ROUND_PREFER_FLOOR = "round_prefer_floor"
    ROUND_PREFER_CEIL = "round_prefer_ceil"
    FLOOR = "floor"
    CEIL = "ceil"


@irdl_attr_definition
class NearestModeAttr(EnumAttribute[NearestMode], SpacedOpaqueSyntaxAttribute):
    name = "graph.nearest_mode"
