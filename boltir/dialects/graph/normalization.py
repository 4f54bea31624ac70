"""Normalisations and softmax."""

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.graph.base import GraphOp, UnaryOp
from boltir.dialects.properties import float_prop, int_prop
from boltir.dialects.tensors import (
    normalized_axis,
    require_float,
    require_nonnegative,
    require_same_element_type,
    static_shape,
    tensor_type,
)


@irdl_op_definition
class BatchNormOp(GraphOp):
    """(x - mean) / sqrt(variance + epsilon) * scale + bias per channel, with stored statistics"""

    name = "graph.batch_norm"
    input = operand_def(TensorType)
    scale = operand_def(TensorType)
    bias = operand_def(TensorType)
    mean = operand_def(TensorType)
    variance = operand_def(TensorType)
    epsilon = float_prop(1e-5)
    axis = int_prop(1)

    assembly_format = (
        "$input `,` $scale `,` $bias `,` $mean `,` $variance attr-dict `:` functional-type(operands, results)"
    )

    def infer_type(self) -> TensorType[Attribute]:
        require_float(self.input)
        require_nonnegative("epsilon", self.epsilon.value.data)
        require_same_element_type(*self.operands)
        shape = static_shape(self.input)
        channels = shape[normalized_axis(self.axis.value.data, len(shape))]
        for name, value in (
            ("scale", self.scale),
            ("bias", self.bias),
            ("mean", self.mean),
            ("variance", self.variance),
        ):
            if static_shape(value) != (channels,):
                raise VerifyException(f"{name} must have {channels} values, one per channel, got {value.type}")
        return tensor_type(self.input)


@irdl_op_definition
class LayerNormOp(GraphOp):
    """(x - mean) / sqrt(variance + epsilon) * scale + bias over the dimensions from `axis` on"""

    name = "graph.layer_norm"
    input = operand_def(TensorType)
    scale = operand_def(TensorType)
    bias = operand_def(TensorType)
    epsilon = float_prop(1e-5)
    axis = int_prop(-1)

    assembly_format = "$input `,` $scale `,` $bias attr-dict `:` functional-type(operands, results)"

    def infer_type(self) -> TensorType[Attribute]:
        require_float(self.input)
        require_nonnegative("epsilon", self.epsilon.value.data)
        require_same_element_type(*self.operands)
        shape = static_shape(self.input)
        normalized = shape[normalized_axis(self.axis.value.data, len(shape)) :]
        for name, value in (("scale", self.scale), ("bias", self.bias)):
            if static_shape(value) != normalized:
                expected = "x".join(map(str, normalized))
                raise VerifyException(f"{name} must have the normalised shape {expected}, got {value.type}")
        return tensor_type(self.input)


@irdl_op_definition
class SoftmaxOp(UnaryOp):
    """exp(x - max) / sum(exp(x - max)) along one axis"""

    name = "graph.softmax"
    axis = int_prop(-1)

    def infer_type(self) -> TensorType[Attribute]:
        require_float(self.input)
        normalized_axis(self.axis.value.data, len(self.shape))
        return tensor_type(self.input)
