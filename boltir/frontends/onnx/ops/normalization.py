"""Normalisations and softmax."""

from __future__ import annotations

import math

import numpy as np
from xdsl.ir import SSAValue

from boltir.dialects.graph.elementwise import ExpOp, LogOp, SubOp
from boltir.dialects.graph.movement import BroadcastToOp
from boltir.dialects.graph.normalization import BatchNormOp, LayerNormOp, SoftmaxOp
from boltir.dialects.graph.pooling import ReduceMaxOp, ReduceSumOp
from boltir.dialects.properties import float_attr, int_attr, ints
from boltir.dialects.tensors import element_type, static_shape
from boltir.frontends.onnx.element_types import dtype_of_ir
from boltir.frontends.onnx.node import Node
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.reshaping import checked_axis, reshaped
from boltir.frontends.onnx.values import Shape, Value


@converts("BatchNormalization", note="inference only", fold=False)
def batch_normalization(node: Node) -> Value:
    if node.attr_flag("training_mode"):
        raise node.unsupported("training mode is not supported", "export the model in evaluation mode (model.eval())")
    x = node.tensor(0)
    parameters = [node.cast(node.tensor(i), element_type(x)) for i in range(1, 5)]
    return node.emit(BatchNormOp, x, *parameters, epsilon=float_attr(node.attr_float("epsilon")))


@converts("LayerNormalization", note="without the outputs Mean and InvStdDev", fold=False)
def layer_normalization(node: Node) -> Value:
    x = node.tensor(0)
    shape = static_shape(x)
    axis = checked_axis(node, node.attr_int("axis"), len(shape))
    scale = _parameter(node, node.tensor(1), shape[axis:])
    bias = node.tensor(2) if node.has(2) else node.constant(np.zeros(shape[axis:], dtype_of_ir(element_type(x))))
    epsilon = float_attr(node.attr_float("epsilon"))
    return node.emit(LayerNormOp, x, scale, _parameter(node, bias, shape[axis:]), epsilon=epsilon, axis=int_attr(axis))


def _parameter(node: Node, value: SSAValue, shape: Shape) -> SSAValue:
    """A scale or bias repeated to the normalised shape."""
    return value if static_shape(value) == shape else node.emit(BroadcastToOp, value, shape_to=ints(shape))


@converts("Softmax", fold=False)
def softmax(node: Node) -> Value:
    x, axis = _softmax_operand(node)
    y = node.emit(SoftmaxOp, x, axis=int_attr(axis))
    return reshaped(node, y, static_shape(node.tensor(0)))


@converts("LogSoftmax", fold=False)
def log_softmax(node: Node) -> Value:
    """(x - max) - log(sum(exp(x - max)))"""
    x, axis = _softmax_operand(node)
    axes = ints([axis])
    shifted = node.emit(SubOp, x, node.emit(ReduceMaxOp, x, axes=axes))
    total = node.emit(ReduceSumOp, node.emit(ExpOp, shifted), axes=axes)
    y = node.emit(SubOp, shifted, node.emit(LogOp, total))
    return reshaped(node, y, static_shape(node.tensor(0)))


def _softmax_operand(node: Node) -> tuple[SSAValue, int]:
    """The operand and the one axis to work along.

    Before opset 13 softmax works on a matrix whose rows hold all dimensions from `axis` on.
    """
    x = node.tensor(0)
    shape = static_shape(x)
    axis = checked_axis(node, node.attr_int("axis"), len(shape))
    if node.opset >= 13 or math.prod(shape[axis + 1 :]) == 1:
        return x, axis
    matrix = (math.prod(shape[:axis]), math.prod(shape[axis:]))
    return reshaped(node, x, matrix), 1
