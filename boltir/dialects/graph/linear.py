"""Matrix products and convolutions."""

from abc import ABC

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, prop_def
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.enums import Layout, LayoutAttr
from boltir.dialects.properties import bool_prop, int_prop, ints_prop, require_ints
from boltir.dialects.shape_rules import matrix_product_shape
from boltir.dialects.tensors import (
    Shape,
    element_type,
    normalized_axis,
    require_float,
    require_numbers,
    require_rank,
    require_same_element_type,
    static_shape,
    tensor_type,
)
from boltir.dialects.window import Image, Window


class MatrixProductOp(GraphOp, ABC):
    """A @ B, each optionally transposed in its last two dimensions."""

    a = operand_def(TensorType)
    b = operand_def(TensorType)
    transpose_a = bool_prop(False)
    transpose_b = bool_prop(False)

    assembly_format = "$a `,` $b attr-dict `:` functional-type(operands, results)"

    def infer_type(self) -> TensorType[Attribute]:
        element = require_same_element_type(self.a, self.b)
        require_numbers(self.a)
        shape = matrix_product_shape(
            static_shape(self.a),
            static_shape(self.b),
            transpose_a=bool(self.transpose_a.value.data),
            transpose_b=bool(self.transpose_b.value.data),
        )
        return TensorType(element, shape)


@irdl_op_definition
class GemmOp(MatrixProductOp):
    """[M, K] @ [K, N] -> [M, N]"""

    name = "graph.gemm"

    def infer_type(self) -> TensorType[Attribute]:
        require_rank(self.a, 2, "A")
        require_rank(self.b, 2, "B")
        return super().infer_type()


@irdl_op_definition
class BatchMatmulOp(MatrixProductOp):
    """[..., M, K] @ [..., K, N] -> [..., M, N]; leading dimensions broadcast"""

    name = "graph.batch_matmul"


class WindowedConvolutionOp(GraphOp, ABC):
    """What a convolution and its transpose share. `padding` is [top, left, bottom, right]."""

    input = operand_def(TensorType)
    filter = operand_def(TensorType)
    strides = ints_prop((1, 1))
    padding = ints_prop((0, 0, 0, 0))
    dilations = ints_prop((1, 1))
    groups = int_prop(1)
    layout = prop_def(LayoutAttr, default_value=LayoutAttr(Layout.NCHW))

    assembly_format = "$input `,` $filter attr-dict `:` functional-type(operands, results)"

    @property
    def channels_last(self) -> bool:
        return self.layout.data == Layout.NHWC

    def spatial_first(self, shape: Shape) -> Image:
        """`shape` as (outer, H, W, C), whatever the layout."""
        if self.channels_last:
            return shape[0], shape[1], shape[2], shape[3]
        return shape[0], shape[2], shape[3], shape[1]

    def operand_extents(self) -> tuple[Image, Image]:
        """Input and filter as (outer, H, W, C); convolutions are of real numbers of one type."""
        require_float(self.input)
        require_same_element_type(self.input, self.filter)
        shapes = require_rank(self.input, 4, "the input"), require_rank(self.filter, 4, "the filter")
        return self.spatial_first(shapes[0]), self.spatial_first(shapes[1])

    def result_of(self, extents: Image) -> TensorType[Attribute]:
        """The type of a result of (N, H, W, C) `extents`, in this operation's layout."""
        n, h, w, c = extents
        return TensorType(element_type(self.input), (n, h, w, c) if self.channels_last else (n, c, h, w))


@irdl_op_definition
class Conv2dOp(WindowedConvolutionOp):
    """Two-dimensional cross-correlation, grouped if `groups` > 1"""

    name = "graph.conv2d"

    def infer_type(self) -> TensorType[Attribute]:
        image, filter = self.operand_extents()
        return self.result_of(Window.of(self).convolved(image, filter, self.groups.value.data))


@irdl_op_definition
class ConvTranspose2dOp(WindowedConvolutionOp):
    """The gradient of a convolution with respect to its input ("deconvolution")"""

    name = "graph.conv_transpose2d"
    output_padding = ints_prop((0, 0))

    def infer_type(self) -> TensorType[Attribute]:
        image, filter = self.operand_extents()
        extra_h, extra_w = require_ints("output_padding", self.output_padding, 2, 0)
        groups = self.groups.value.data
        return self.result_of(Window.of(self).transposed(image, filter, groups, (extra_h, extra_w)))


@irdl_op_definition
class BiasAddOp(GraphOp):
    """Adds a vector along one axis"""

    name = "graph.bias_add"
    input = operand_def(TensorType)
    bias = operand_def(TensorType)
    axis = int_prop(1)

    assembly_format = "$input `,` $bias attr-dict `:` functional-type(operands, results)"

    def infer_type(self) -> TensorType[Attribute]:
        require_same_element_type(self.input, self.bias)
        require_numbers(self.input)
        shape = static_shape(self.input)
        (extent,) = require_rank(self.bias, 1, "the bias")
        axis = normalized_axis(self.axis.value.data, len(shape))
        if shape[axis] != extent:
            raise VerifyException(f"the bias has {extent} values, axis {axis} of {self.input.type} has {shape[axis]}")
        return tensor_type(self.input)
