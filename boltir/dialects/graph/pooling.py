"""Pooling over windows and over whole images, and reductions over axes."""

from abc import ABC

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, prop_def

from boltir.dialects.graph.base import UnaryOp
from boltir.dialects.graph.enums import Layout, LayoutAttr
from boltir.dialects.properties import bool_prop, ints_prop, require_ints
from boltir.dialects.shape_rules import reduced_shape
from boltir.dialects.tensors import Shape, require_float, require_numbers, require_rank
from boltir.dialects.window import Image, Window


class ImageOp(UnaryOp, ABC):
    """An operation on images whose dimensions `layout` orders."""

    layout = prop_def(LayoutAttr, default_value=LayoutAttr(Layout.NCHW))

    @property
    def channels_last(self) -> bool:
        return self.layout.data == Layout.NHWC

    def image_extents(self) -> Image:
        """The operand's (N, H, W, C), whatever the layout."""
        shape = require_rank(self.input, 4, "the input")
        if self.channels_last:
            return shape[0], shape[1], shape[2], shape[3]
        return shape[0], shape[2], shape[3], shape[1]

    def in_layout(self, n: int, h: int, w: int, c: int) -> Shape:
        """(N, H, W, C) extents in this operation's layout."""
        return (n, h, w, c) if self.channels_last else (n, c, h, w)


class Pool2dOp(ImageOp, ABC):
    """A reduction over a sliding window. `padding` is [top, left, bottom, right]."""

    kernel = ints_prop()
    strides = ints_prop((1, 1))
    padding = ints_prop((0, 0, 0, 0))
    dilations = ints_prop((1, 1))
    ceil_mode = bool_prop(False)

    def infer_type(self) -> TensorType[Attribute]:
        require_float(self.input)
        r, s = require_ints("kernel", self.kernel, 2, 1)
        ceil = bool(self.ceil_mode.value.data)
        return TensorType(
            self.element_type,
            self.in_layout(*Window.of(self).pooled(self.image_extents(), (r, s), ceil_mode=ceil)),
        )


@irdl_op_definition
class MaxPool2dOp(Pool2dOp):
    """The largest value in each window"""

    name = "graph.max_pool2d"


@irdl_op_definition
class AvgPool2dOp(Pool2dOp):
    """The mean of each window, over its elements or (count_include_pad) over the padding too"""

    name = "graph.avg_pool2d"
    count_include_pad = bool_prop(False)


class GlobalPool2dOp(ImageOp, ABC):
    """A reduction over H and W, which become 1."""

    def infer_type(self) -> TensorType[Attribute]:
        require_float(self.input)
        n, _, _, c = self.image_extents()
        return TensorType(self.element_type, self.in_layout(n, 1, 1, c))


@irdl_op_definition
class GlobalAvgPool2dOp(GlobalPool2dOp):
    """The mean of each channel's image"""

    name = "graph.global_avg_pool2d"


@irdl_op_definition
class GlobalMaxPool2dOp(GlobalPool2dOp):
    """The largest value of each channel's image"""

    name = "graph.global_max_pool2d"


class ReduceOp(UnaryOp, ABC):
    """A reduction over `axes`, which become 1 or, without `keepdims`, disappear."""

    axes = ints_prop()
    keepdims = bool_prop(True)

    def infer_type(self) -> TensorType[Attribute]:
        require_numbers(self.input)
        shape = reduced_shape(self.shape, self.axes.get_values(), keepdims=bool(self.keepdims.value.data))
        return TensorType(self.element_type, shape)


@irdl_op_definition
class ReduceSumOp(ReduceOp):
    """The sum over the axes"""

    name = "graph.reduce_sum"


@irdl_op_definition
class ReduceMeanOp(ReduceOp):
    """The mean over the axes"""

    name = "graph.reduce_mean"


@irdl_op_definition
class ReduceMaxOp(ReduceOp):
    """The largest value over the axes"""

    name = "graph.reduce_max"


@irdl_op_definition
class ReduceMinOp(ReduceOp):
    """The smallest value over the axes"""

    name = "graph.reduce_min"
