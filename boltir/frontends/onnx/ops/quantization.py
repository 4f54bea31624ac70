"""Operators between reals and 8-bit integers. Of weights they are computed at import."""

from __future__ import annotations

from math import prod

import numpy as np
from onnx import TensorProto
from xdsl.ir import Attribute, SSAValue

from boltir.dialects.graph.quantization import DequantizeOp, QuantizeOp
from boltir.dialects.tensors import element_type, static_shape
from boltir.frontends.onnx.element_types import dtype_of_ir, ir_type_of_onnx
from boltir.frontends.onnx.node import Node, shape_of
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.reshaping import checked_axis, reshaped
from boltir.frontends.onnx.values import Constant, Shape, Value


@converts("QuantizeLinear", note="to i8 and ui8, per tensor or per axis")
def quantize_linear(node: Node) -> Value:
    """The type of the result is that of the zero point, or `output_dtype`; ONNX's default is UINT8."""
    if node.has(2):
        zero = _operand(node, 2)
    else:
        zero = _zero(node, ir_type_of_onnx(node.attr_int("output_dtype") or TensorProto.UINT8, node.where))
    return node.emit(QuantizeOp, _operand(node, 0), _operand(node, 1), zero)


@converts("DequantizeLinear", note="of i8, ui8 and i32, per tensor or per axis")
def dequantize_linear(node: Node) -> Value:
    x, scale = _operand(node, 0), _operand(node, 1)
    return node.emit(DequantizeOp, x, scale, _operand(node, 2) if node.has(2) else _zero(node, element_type(x)))


def _zero(node: Node, element: Attribute) -> SSAValue:
    return node.constant(np.zeros((), dtype_of_ir(element)))


def _operand(node: Node, index: int) -> SSAValue:
    """Operand `index`: the tensor, or a scale or zero point shaped such that it broadcasts to it."""
    value = node.value(index)
    if index == 0:
        return node.builder.tensor(value)
    shape = _spread(node, shape_of(value))
    if isinstance(value, Constant):
        return node.builder.tensor(Constant.of(value.name, value.array.reshape(shape)))
    return reshaped(node, value, shape)


def _spread(node: Node, shape: Shape) -> Shape:
    """The shape in which a scale of `shape` broadcasts along the node's axis; one number is for the whole tensor."""
    extents = static_shape(node.tensor(0))
    if shape in ((), (1,)):
        return ()
    if len(shape) > 1 or node.attr_int("block_size"):
        raise node.unsupported("scales by block are not supported", "use one scale, or one per channel")
    axis = checked_axis(node, node.attr_int("axis"), len(extents))
    if shape != extents[axis : axis + 1]:
        raise node.error(f"{prod(shape)} scales for {extents[axis]} entries of axis {axis}")
    return (*shape, *(1,) * (len(extents) - 1 - axis))
