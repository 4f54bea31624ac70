"""Anchors that move elements: the accumulator is the element that lands at the output's position."""

from xdsl.dialects.builtin import ArrayAttr, BoolAttr, TensorType
from xdsl.interfaces import HasCanonicalizationPatternsInterface
from xdsl.ir import SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, prop_def, result_def, traits_def
from xdsl.pattern_rewriter import RewritePattern
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.fused.base import FusedOp
from boltir.dialects.fused.linear import Conv2dOp, DualGemmOp, GemmOp
from boltir.dialects.graph.enums import (
    CoordinateTransform,
    CoordinateTransformAttr,
    NearestMode,
    NearestModeAttr,
    PadMode,
    PadModeAttr,
    ResizeMode,
    ResizeModeAttr,
)
from boltir.dialects.properties import check_attributes, float_prop, int_prop, ints_prop
from boltir.dialects.shape_rules import (
    concatenated_shape,
    gathered_shape,
    padded_shape,
    resized_shape,
    sliced_shape,
    transposed_shape,
)
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import (
    Shape,
    check_tensor,
    element_type,
    normalized_axis,
    require_float,
    require_indices,
    require_representable,
    require_same_element_type,
    static_shape,
)


@irdl_op_definition
class TransposeOp(FusedOp):
    """Output dimension i is input dimension permutation[i]; `padding` zeros are appended to the last"""

    name = "fused.transpose"
    permutation = ints_prop()
    padding = int_prop(0)

    def infer_shape(self) -> Shape:
        self.require_inputs(1)
        shape = transposed_shape(static_shape(self.inputs[0]), self.permutation.get_values())
        zeros = self.padding.value.data
        if zeros < 0 or (zeros > 0 and not shape):
            raise VerifyException(f"cannot append {zeros} zeros to a dimension of shape {list(shape)}")
        return (*shape[:-1], shape[-1] + zeros) if shape else shape


@irdl_op_definition
class SliceOp(FusedOp):
    """output[i] = input[offsets + i * strides] for `sizes` positions per dimension"""

    name = "fused.slice"
    offsets = ints_prop()
    sizes = ints_prop()
    strides = ints_prop()

    def infer_shape(self) -> Shape:
        self.require_inputs(1)
        bounds = (p.get_values() for p in (self.offsets, self.sizes, self.strides))
        return sliced_shape(static_shape(self.inputs[0]), *bounds)


@irdl_op_definition
class PadOp(FusedOp):
    """`low` elements before and `high` after each dimension"""

    name = "fused.pad"
    low = ints_prop()
    high = ints_prop()
    value = float_prop(0.0)
    mode = prop_def(PadModeAttr, default_value=PadModeAttr(PadMode.CONSTANT))

    def infer_shape(self) -> Shape:
        self.require_inputs(1)
        require_representable(self.inputs[0], self.value.value.data)
        low, high = self.low.get_values(), self.high.get_values()
        return padded_shape(static_shape(self.inputs[0]), low, high, reflect=self.mode.data == PadMode.REFLECT)

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from boltir.dialects.fused.canonicalization import AppendZerosInTranspose

        return (AppendZerosInTranspose(), *super().get_canonicalization_patterns())


@irdl_op_definition
class GatherOp(FusedOp):
    """Inputs are data and indices: picks entries of the data along `axis`"""

    name = "fused.gather"
    axis = int_prop(0)

    def infer_shape(self) -> Shape:
        self.require_inputs(2)
        require_indices(self.inputs[1])
        data, indices = map(static_shape, self.inputs)
        return gathered_shape(data, indices, self.axis.value.data)


@irdl_op_definition
class ConcatOp(FusedOp):
    """Joins the inputs along one axis

    `in_place` says for each input whether its producer, a matrix product or convolution, writes it straight into
    the place it has in the output. The meaning is the same.
    """

    name = "fused.concat"
    axis = int_prop()
    in_place = prop_def(ArrayAttr[BoolAttr], default_value=ArrayAttr[BoolAttr]([]))

    def infer_shape(self) -> Shape:
        shape = concatenated_shape([static_shape(value) for value in self.inputs], self.axis.value.data)
        require_same_element_type(*self.inputs)
        return shape

    @property
    def in_place_flags(self) -> tuple[bool, ...]:
        """For each input whether it is written in place."""
        return tuple(bool(flag.value.data) for flag in self.in_place) or (False,) * len(self.inputs)

    def verify_(self) -> None:
        super().verify_()
        flags = self.in_place_flags
        if len(flags) != len(self.inputs):
            raise VerifyException(f"{len(self.inputs)} inputs need as many flags in in_place, got {len(flags)}")
        if not any(flags):
            return
        if reason := in_place_obstacle(self):
            raise VerifyException(f"nothing can be written in place: {reason}")
        for index, (value, flag) in enumerate(zip(self.inputs, flags, strict=True)):
            if flag and (reason := in_place_input_obstacle(value)):
                raise VerifyException(f"input {index} cannot be written in place: {reason}")


def in_place_obstacle(op: ConcatOp) -> str | None:
    """Why no producer can write into the output of `op`; None if they can."""
    shape = op.result_shape
    axis = normalized_axis(op.axis.value.data, len(shape))
    if axis != len(shape) - 1 and element_count(shape[:axis]) > 1:
        return f"along axis {axis} of {list(shape)} an input lies in several pieces of several rows"
    if not op.stores_accumulator:
        return "it does more than join its inputs"
    return None


def in_place_input_obstacle(value: SSAValue) -> str | None:
    """Why the producer of `value`, an input of a concat, cannot write it into the output; None if it can."""
    producer = value.owner
    if not isinstance(producer, GemmOp | DualGemmOp | Conv2dOp):
        return "no matrix product or convolution computes it"
    if len(producer.outputs) > 1 or producer.has_stores:
        return "its producer stores more than its elements"
    if not value.has_one_use():
        return "something else uses it"
    return None


@irdl_op_definition
class ResizeOp(FusedOp):
    """Resamples each dimension to `sizes`; the ratio of the extents is the scale"""

    name = "fused.resize"
    sizes = ints_prop()
    mode = prop_def(ResizeModeAttr, default_value=ResizeModeAttr(ResizeMode.NEAREST))
    coordinate_transform = prop_def(
        CoordinateTransformAttr, default_value=CoordinateTransformAttr(CoordinateTransform.HALF_PIXEL)
    )
    nearest_mode = prop_def(NearestModeAttr, default_value=NearestModeAttr(NearestMode.ROUND_PREFER_FLOOR))

    def infer_shape(self) -> Shape:
        self.require_inputs(1)
        if self.mode.data == ResizeMode.LINEAR:
            require_float(self.inputs[0])
        return resized_shape(static_shape(self.inputs[0]), self.sizes.get_values())


@irdl_op_definition
class ReshapeOp(IRDLOperation, HasCanonicalizationPatternsInterface):
    """The same bytes under another shape: a view, no kernel"""

    name = "fused.reshape"
    input = operand_def(TensorType)
    output = result_def(TensorType)
    traits = traits_def(Pure())

    assembly_format = "$input attr-dict `:` type($input) `->` type($output)"

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from boltir.dialects.fused.canonicalization import ComposeReshapes

        return (ComposeReshapes(),)

    def verify_(self) -> None:
        check_attributes(self)
        check_tensor(self.input)
        check_tensor(self.output)
        same_count = element_count(static_shape(self.input)) == element_count(static_shape(self.output))
        if not same_count or element_type(self.input) != element_type(self.output):
            raise VerifyException(f"{self.output.type} is no view of {self.input.type}")

    @staticmethod
    def of(value: SSAValue, shape: Shape) -> "ReshapeOp":
        """A view of `value` with another shape."""
        return ReshapeOp(operands=[value], result_types=[TensorType(element_type(value), shape)])
