"""What ONNX itself says about an operator: its inputs, and its attributes with their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from onnx import AttributeProto, NodeProto, defs

from boltir.errors import BoltError
from boltir.frontends.onnx.names import printable

_KINDS = defs.OpSchema.AttrType
_ATTRIBUTE_TYPES: dict[defs.OpSchema.AttrType, AttributeProto.AttributeType] = {
    _KINDS.FLOAT: AttributeProto.FLOAT,
    _KINDS.INT: AttributeProto.INT,
    _KINDS.STRING: AttributeProto.STRING,
    _KINDS.TENSOR: AttributeProto.TENSOR,
    _KINDS.GRAPH: AttributeProto.GRAPH,
    _KINDS.SPARSE_TENSOR: AttributeProto.SPARSE_TENSOR,
    _KINDS.TYPE_PROTO: AttributeProto.TYPE_PROTO,
    _KINDS.FLOATS: AttributeProto.FLOATS,
    _KINDS.INTS: AttributeProto.INTS,
    _KINDS.STRINGS: AttributeProto.STRINGS,
    _KINDS.TENSORS: AttributeProto.TENSORS,
    _KINDS.GRAPHS: AttributeProto.GRAPHS,
    _KINDS.SPARSE_TENSORS: AttributeProto.SPARSE_TENSORS,
    _KINDS.TYPE_PROTOS: AttributeProto.TYPE_PROTOS,
}


@dataclass(frozen=True)
class Signature:
    """An operator at one opset."""

    inputs: tuple[str, ...]
    min_inputs: int
    max_inputs: int
    attribute_types: Mapping[str, AttributeProto.AttributeType]
    required: frozenset[str]
    defaults: Mapping[str, AttributeProto]

    def input_name(self, index: int) -> str:
        """What ONNX calls input `index`; the last name stands for all variadic inputs."""
        return self.inputs[min(index, len(self.inputs) - 1)] if self.inputs else str(index)


@cache
def signature(op_type: str, opset: int) -> Signature | None:
    """The signature of `op_type` at `opset`; None if ONNX has no such operator."""
    try:
        schema = defs.get_schema(op_type, opset, "")
    except defs.SchemaError:
        return None
    attributes = schema.attributes
    return Signature(
        tuple(parameter.name for parameter in schema.inputs),
        schema.min_input,
        schema.max_input,
        {name: _ATTRIBUTE_TYPES[attribute.type] for name, attribute in attributes.items()},
        frozenset(name for name, attribute in attributes.items() if attribute.required),
        {name: a.default_value for name, a in attributes.items() if a.default_value.type != AttributeProto.UNDEFINED},
    )


def checked_attributes(node: NodeProto, opset: int, where: str) -> dict[str, AttributeProto]:
    """The attributes of `node` with ONNX's defaults filled in.

    Raises:
        BoltError: the node is not well-formed: inputs missing, an attribute unknown, missing or of a wrong type.
    """
    rules = signature(node.op_type, opset)
    if rules is None:
        raise BoltError(f"ONNX has no operator {printable(node.op_type)} in opset {opset}", where=where)
    if not rules.min_inputs <= len(node.input) <= rules.max_inputs:
        raise BoltError(f"it has {len(node.input)} inputs, ONNX asks for {_input_range(rules)}", where=where)
    attributes = dict(rules.defaults)
    for attribute in node.attribute:
        name = printable(attribute.name)
        if attribute.name not in rules.attribute_types:
            raise BoltError(f"{node.op_type} has no attribute '{name}' in opset {opset}", where=where)
        expected = rules.attribute_types[attribute.name]
        if attribute.type != expected or attribute.ref_attr_name:
            wanted = AttributeProto.AttributeType.Name(expected)
            raise BoltError(f"attribute '{name}' is not of type {wanted}", where=where)
        attributes[attribute.name] = attribute
    missing = rules.required - attributes.keys()
    if missing:
        raise BoltError(f"it lacks the attribute {', '.join(sorted(missing))}", where=where)
    return attributes


def _input_range(rules: Signature) -> str:
    if rules.min_inputs == rules.max_inputs:
        return f"{rules.min_inputs}"
    most = "more" if defs.OpSchema.is_infinite(rules.max_inputs) else str(rules.max_inputs)
    return f"{rules.min_inputs} to {most}"
