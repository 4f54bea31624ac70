"""What a converter sees of one ONNX node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from onnx import AttributeProto, GraphProto, NodeProto, TensorProto
from xdsl.dialects.builtin import LocationAttr
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.graph import GraphOp
from boltir.dialects.tensors import element_type, static_shape
from boltir.errors import BoltError, UnsupportedError
from boltir.frontends.onnx.builder import GraphBuilder
from boltir.frontends.onnx.element_types import Array, dtype_of_ir
from boltir.frontends.onnx.names import location, printable
from boltir.frontends.onnx.schema import signature
from boltir.frontends.onnx.values import Constant, Shape, Value

_Choice = TypeVar("_Choice", bound=StrEnum)


def node_label(node: NodeProto) -> str:
    """How messages name `node`: by its own name, else by what it computes."""
    name = node.name or next(iter(node.output), "")
    return f"{printable(node.op_type, 60)} node '{printable(name, 60)}'"


@dataclass
class Node:
    """One node: operands, attributes with ONNX's defaults, and ways to emit operations in its place.

    Attributes:
        inputs: the operands; None where an optional one is left out.
        outputs: how many results the node has.
        inline: imports a subgraph in the node's place and returns its results.
        read_tensor: the elements of a tensor attribute.
    """

    proto: NodeProto
    opset: int
    inputs: Sequence[Value | None]
    attributes: Mapping[str, AttributeProto]
    builder: GraphBuilder
    inline: Callable[[GraphProto], Sequence[Value]]
    read_tensor: Callable[[TensorProto], Array]

    @property
    def where(self) -> str:
        return node_label(self.proto)

    @property
    def location(self) -> LocationAttr:
        return location(self.name)

    @property
    def name(self) -> str:
        return self.proto.name or self.proto.output[0]

    @property
    def outputs(self) -> int:
        return len(self.proto.output)

    # Operands

    def has(self, index: int) -> bool:
        """Whether operand `index` is given."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def value(self, index: int) -> Value:
        """Operand `index`, which must be given."""
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            raise self.error(f"it lacks its input {self._input_name(index)}")
        return value

    def tensor(self, index: int) -> SSAValue:
        """Operand `index` as an operand of graph operations."""
        return self.builder.tensor(self.value(index))

    def known(self, index: int) -> Array:
        """The elements of operand `index`.

        Raises:
            UnsupportedError: they depend on the network's inputs.
        """
        value = self.value(index)
        if isinstance(value, Constant):
            return value.array
        raise self.unsupported(
            f"its input {self._input_name(index)} is computed from the network's inputs; it must be a constant",
            "export the model with fixed shapes, or simplify it with onnxsim",
        )

    def known_ints(self, index: int) -> tuple[int, ...]:
        """The elements of operand `index`, integers in a list."""
        array = self.known(index)
        if array.ndim > 1 or not np.issubdtype(array.dtype, np.integer):
            raise self.error(f"its input {self._input_name(index)} must be a list of integers")
        return tuple(int(value) for value in array.ravel())

    def known_number(self, index: int) -> float:
        """The one element of operand `index`, rounded to f32."""
        array = self.known(index)
        if array.size != 1:
            raise self.error(f"its input {self._input_name(index)} must be one number")
        with np.errstate(over="ignore"):
            return float(np.float32(array.ravel()[0]))

    def _input_name(self, index: int) -> str:
        rules = signature(self.proto.op_type, self.opset)
        return f"{index} ({rules.input_name(index)})" if rules else str(index)

    # Attributes

    def attr_int(self, name: str, default: int = 0) -> int:
        return self.attributes[name].i if name in self.attributes else default

    def attr_flag(self, name: str) -> bool:
        return self.attr_int(name) != 0

    def attr_float(self, name: str, default: float = 0.0) -> float:
        return self.attributes[name].f if name in self.attributes else default

    def attr_ints(self, name: str) -> tuple[int, ...] | None:
        """A list of integers; None if it is left out."""
        return tuple(self.attributes[name].ints) if name in self.attributes else None

    def attr_string(self, name: str, default: str = "") -> str:
        return self.attributes[name].s.decode(errors="replace") if name in self.attributes else default

    def attr_choice(self, name: str, choices: type[_Choice]) -> _Choice:
        """A string attribute that names one of `choices`.

        Raises:
            UnsupportedError: it names something else.
        """
        value = self.attr_string(name)
        for choice in choices:
            if choice.value == value:
                return choice
        listed = ", ".join(choice.value for choice in choices)
        raise self.unsupported(f"{name} '{printable(value, 40)}' is not supported", f"supported: {listed}")

    # Results

    def emit(self, op: type[GraphOp], *operands: SSAValue, **properties: Attribute) -> SSAValue:
        """Append a graph operation at this node's location; its result.

        Raises:
            BoltError: the operands and properties do not fit together.
        """
        return self.builder.emit(op, operands, properties, self.where, self.location)

    def cast(self, value: SSAValue, element: Attribute) -> SSAValue:
        """`value` with elements of type `element`."""
        return value if element_type(value) == element else self.builder.cast(value, element, self.location)

    def constant(self, array: Array) -> SSAValue:
        """An operand that holds `array`, named after this node."""
        return self.builder.tensor(Constant.of(self.name, array))

    def number(self, value: float, like: SSAValue) -> SSAValue:
        """A constant without dimensions, with the element type of `like`."""
        return self.constant(np.array(value, dtype_of_ir(element_type(like))))

    def error(self, message: str, hint: str | None = None) -> BoltError:
        """The model is wrong at this node."""
        return BoltError(message, where=self.where, hint=hint)

    def unsupported(self, message: str, hint: str | None = None) -> UnsupportedError:
        """The model is right, but boltir cannot do this."""
        return UnsupportedError(message, where=self.where, hint=hint)


def shape_of(value: Value) -> Shape:
    """The shape of `value`."""
    return value.array.shape if isinstance(value, Constant) else static_shape(value)
