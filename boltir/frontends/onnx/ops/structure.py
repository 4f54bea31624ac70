"""Operators that compute nothing: constants, copies, and branches that are decided at import."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import AttributeProto

from boltir.frontends.onnx.element_types import Array
from boltir.frontends.onnx.node import Node, shape_of
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.values import Constant, Value


@converts("Constant", note="tensors and numbers")
def constant(node: Node) -> Value:
    if len(node.attributes) != 1:
        raise node.error("it must have exactly one attribute")
    ((name, attribute),) = node.attributes.items()
    if name == "value":
        return Constant(node.proto.output[0], lambda: node.read_tensor(attribute.t))
    return Constant.of(node.proto.output[0], _numbers(node, name, attribute))


def _numbers(node: Node, name: str, attribute: AttributeProto) -> Array:
    match name:
        case "value_float":
            return np.array(attribute.f, np.float32)
        case "value_floats":
            return np.array(attribute.floats, np.float32)
        case "value_int":
            return np.array(attribute.i, np.int64)
        case "value_ints":
            return np.array(attribute.ints, np.int64)
        case _:
            raise node.unsupported(f"constants given as {name} are not supported")


@converts("Identity", fold=False)
def identity(node: Node) -> Value:
    return node.value(0)


@converts("Dropout", note="inference only: a copy", fold=False)
def dropout(node: Node) -> Sequence[Value]:
    if node.has(2) and node.known(2).any():
        raise node.unsupported("training mode is not supported", "export the model in evaluation mode (model.eval())")
    mask = Constant(f"{node.name}_mask", lambda: np.ones(shape_of(node.value(0)), np.bool_))
    return [node.value(0), mask]


@converts("If", note="the condition must be known at import", fold=False)
def branch(node: Node) -> Sequence[Value]:
    taken = "then_branch" if node.known_number(0) else "else_branch"
    return node.inline(node.attributes[taken].g)
