"""Operations that move elements and compute nothing."""

from collections.abc import Sequence

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, prop_def, var_operand_def
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.graph.base import GraphOp, UnaryOp
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
from boltir.dialects.properties import float_prop, int_prop, ints_prop
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
    broadcast_shapes,
    element_type,
    require_float,
    require_indices,
    require_representable,
    require_same_element_type,
    static_shape,
)


@irdl_op_definition
class ReshapeOp(UnaryOp):
    """The same elements in row-major order under another shape"""

    name = "graph.reshape"
    shape_to = ints_prop()

    def infer_type(self) -> TensorType[Attribute]:
        shape = self.shape_to.get_values()
        if min(shape, default=1) < 1 or element_count(shape) != element_count(self.shape):
            raise VerifyException(f"{self.input.type} does not have the elements of shape {list(shape)}")
        return TensorType(self.element_type, shape)


@irdl_op_definition
class TransposeOp(UnaryOp):
    """result dimension i is operand dimension permutation[i]"""

    name = "graph.transpose"
    permutation = ints_prop()

    def infer_type(self) -> TensorType[Attribute]:
        return TensorType(self.element_type, transposed_shape(self.shape, self.permutation.get_values()))


@irdl_op_definition
class BroadcastToOp(UnaryOp):
    """Repeats elements along dimensions of extent 1, by numpy's rules"""

    name = "graph.broadcast_to"
    shape_to = ints_prop()

    def infer_type(self) -> TensorType[Attribute]:
        shape = self.shape_to.get_values()
        if min(shape, default=1) < 1 or broadcast_shapes(self.shape, shape) != shape:
            raise VerifyException(f"{self.input.type} does not broadcast to shape {list(shape)}")
        return TensorType(self.element_type, shape)


@irdl_op_definition
class ConcatOp(GraphOp):
    """Joins tensors along one axis"""

    name = "graph.concat"
    inputs = var_operand_def(TensorType)
    axis = int_prop()

    assembly_format = "$inputs attr-dict `:` functional-type(operands, results)"

    @classmethod
    def operand_groups(cls, operands: Sequence[SSAValue]) -> Sequence[SSAValue | Sequence[SSAValue]]:
        return [operands]

    def infer_type(self) -> TensorType[Attribute]:
        shape = concatenated_shape([static_shape(value) for value in self.inputs], self.axis.value.data)
        return TensorType(require_same_element_type(*self.inputs), shape)


@irdl_op_definition
class SliceOp(UnaryOp):
    """result[i] = operand[offsets + i * strides] for `sizes` positions per dimension"""

    name = "graph.slice"
    offsets = ints_prop()
    sizes = ints_prop()
    strides = ints_prop()

    def infer_type(self) -> TensorType[Attribute]:
        bounds = (p.get_values() for p in (self.offsets, self.sizes, self.strides))
        return TensorType(self.element_type, sliced_shape(self.shape, *bounds))


@irdl_op_definition
class PadOp(UnaryOp):
    """Adds `low` elements before and `high` elements after each dimension"""

    name = "graph.pad"
    low = ints_prop()
    high = ints_prop()
    value = float_prop(0.0)
    mode = prop_def(PadModeAttr, default_value=PadModeAttr(PadMode.CONSTANT))

    def infer_type(self) -> TensorType[Attribute]:
        require_representable(self.input, self.value.value.data)
        low, high = self.low.get_values(), self.high.get_values()
        reflect = self.mode.data == PadMode.REFLECT
        return TensorType(self.element_type, padded_shape(self.shape, low, high, reflect=reflect))


@irdl_op_definition
class GatherOp(GraphOp):
    """Picks entries of `data` along one axis by index; a negative index counts from the end"""

    name = "graph.gather"
    data = operand_def(TensorType)
    indices = operand_def(TensorType)
    axis = int_prop(0)

    assembly_format = "$data `,` $indices attr-dict `:` functional-type(operands, results)"

    def infer_type(self) -> TensorType[Attribute]:
        require_indices(self.indices)
        shape = gathered_shape(static_shape(self.data), static_shape(self.indices), self.axis.value.data)
        return TensorType(element_type(self.data), shape)


@irdl_op_definition
class ResizeOp(UnaryOp):
    """Resamples each dimension to `sizes`; the ratio of the extents is the scale (ONNX Resize)"""

    name = "graph.resize"
    sizes = ints_prop()
    mode = prop_def(ResizeModeAttr, default_value=ResizeModeAttr(ResizeMode.NEAREST))
    coordinate_transform = prop_def(
        CoordinateTransformAttr, default_value=CoordinateTransformAttr(CoordinateTransform.HALF_PIXEL)
    )
    nearest_mode = prop_def(NearestModeAttr, default_value=NearestModeAttr(NearestMode.ROUND_PREFER_FLOOR))

    def infer_type(self) -> TensorType[Attribute]:
        if self.mode.data == ResizeMode.LINEAR:
            require_float(self.input)
        return TensorType(self.element_type, resized_shape(self.shape, self.sizes.get_values()))
