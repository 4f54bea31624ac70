"""Anchors that are matrix products or convolutions. Convolutions are NHWC with KRSC filters."""

from abc import ABC

from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.fused.base import FusedOp
from boltir.dialects.properties import bool_prop, int_prop, ints_prop, require_ints
from boltir.dialects.shape_rules import matrix_product_shape
from boltir.dialects.tensors import (
    Shape,
    require_float,
    require_numbers,
    require_rank,
    require_same_element_type,
    static_shape,
)
from boltir.dialects.window import Image, Window


class MatrixProductOp(FusedOp, ABC):
    """What products of A [..., M, K] and B [..., K, N] share, each optionally transposed in its last two dimensions."""

    transpose_a = bool_prop(False)
    transpose_b = bool_prop(False)

    def product_shape(self) -> Shape:
        """The shape [..., M, N] of the product of the inputs, which are of one type of numbers."""
        self.require_inputs(2)
        require_same_element_type(*self.inputs)
        require_numbers(self.inputs[0])
        a, b = map(static_shape, self.inputs)
        transpose_a, transpose_b = bool(self.transpose_a.value.data), bool(self.transpose_b.value.data)
        return matrix_product_shape(a, b, transpose_a=transpose_a, transpose_b=transpose_b)


@irdl_op_definition
class GemmOp(MatrixProductOp):
    """A [..., M, K] @ B [..., K, N], each optionally transposed in its last two dimensions"""

    name = "fused.gemm"

    def infer_shape(self) -> Shape:
        return self.product_shape()


PAIR_GROUP = 8
"""Adjacent columns that kernels accumulate together: pairs of so many columns meet in one thread."""


@irdl_op_definition
class DualGemmOp(MatrixProductOp):
    """A [..., M, K] with two matrices at once: B [..., K, 2N] holds them in alternating groups of `group` columns

    The epilogue gets an accumulator of each; the result is [..., M, N].
    """

    name = "fused.dual_gemm"
    group = int_prop(PAIR_GROUP)

    def infer_shape(self) -> Shape:
        *rows, columns = self.product_shape()
        group = self.group.value.data
        if group < 1 or columns % (2 * group):
            raise VerifyException(f"{columns} columns do not alternate between two matrices in groups of {group}")
        return (*rows, columns // 2)

    def accumulator_types(self) -> tuple[Attribute, ...]:
        return super().accumulator_types() * 2


class ConvolutionOp(FusedOp, ABC):
    """What all convolutions share. `padding` is [top, left, bottom, right]."""

    strides = ints_prop((1, 1))
    padding = ints_prop((0, 0, 0, 0))
    dilations = ints_prop((1, 1))

    def operand_extents(self) -> tuple[Image, Image]:
        """The extents of input and filter, which are of one floating-point type."""
        self.require_inputs(2)
        require_same_element_type(*self.inputs)
        require_float(self.inputs[0])
        n, h, w, c = require_rank(self.inputs[0], 4, "the input")
        k, r, s, c_group = require_rank(self.inputs[1], 4, "the filter")
        return (n, h, w, c), (k, r, s, c_group)


@irdl_op_definition
class Conv2dOp(ConvolutionOp):
    """Cross-correlation of [N, H, W, C] with a filter [K, R, S, C/groups]"""

    name = "fused.conv2d"
    groups = int_prop(1)

    def infer_shape(self) -> Shape:
        image, filter = self.operand_extents()
        return Window.of(self).convolved(image, filter, self.groups.value.data)


@irdl_op_definition
class DepthwiseConv2dOp(ConvolutionOp):
    """Each channel of [N, H, W, C] with its own window: filter [R, S, C]"""

    name = "fused.depthwise_conv2d"

    def operand_extents(self) -> tuple[Image, Image]:
        self.require_inputs(2)
        require_same_element_type(*self.inputs)
        require_float(self.inputs[0])
        n, h, w, c = require_rank(self.inputs[0], 4, "the input")
        r, s, c_filter = require_rank(self.inputs[1], 3, "the filter")
        if c != c_filter:
            raise VerifyException(f"the input has {c} channels, the filter {c_filter}")
        return (n, h, w, c), (c, r, s, 1)

    def infer_shape(self) -> Shape:
        image, filter = self.operand_extents()
        return Window.of(self).convolved(image, filter, image[3])


@irdl_op_definition
class ConvTranspose2dOp(ConvolutionOp):
    """Transposed convolution of [N, H, W, C] with a filter [C, R, S, K/groups]"""

    name = "fused.conv_transpose2d"
    groups = int_prop(1)
    output_padding = ints_prop((0, 0))

    def infer_shape(self) -> Shape:
        image, filter = self.operand_extents()
        extra_h, extra_w = require_ints("output_padding", self.output_padding, 2, 0)
        return Window.of(self).transposed(image, filter, self.groups.value.data, (extra_h, extra_w))
