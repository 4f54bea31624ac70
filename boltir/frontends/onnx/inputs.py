"""The network's inputs: their types, with every dynamic dimension fixed by the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onnx import GraphProto, TensorProto, ValueInfoProto
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute

from boltir.errors import BoltError, UnsupportedError
from boltir.frontends.onnx.element_types import ir_type_of_onnx
from boltir.frontends.onnx.names import printable
from boltir.frontends.onnx.values import Shape

Dimension = int | str
"""A fixed extent, or what the model calls a dynamic one."""


def network_inputs(graph: GraphProto) -> list[ValueInfoProto]:
    """The inputs that a caller gives; old models list their weights as inputs too."""
    weights = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in weights]


def input_types(inputs: Sequence[ValueInfoProto], given: Mapping[str, Shape]) -> list[TensorType[Attribute]]:
    """The type of each input, with the shapes `given` by name.

    Raises:
        BoltError: a shape is missing, does not fit, or is for no input of the model.
    """
    names = [value.name for value in inputs]
    for name in given.keys() - set(names):
        listed = ", ".join(f"'{printable(known, 40)}'" for known in names[:10])
        raise BoltError(f"the model has no input '{printable(name)}'", where="input shapes", hint=f"it has {listed}")
    dynamic = [value for value in inputs if value.name not in given and not _is_fixed(value)]
    if dynamic:
        raise _missing_shapes(dynamic)
    return [_input_type(value, given.get(value.name)) for value in inputs]


def _input_type(value: ValueInfoProto, given: Shape | None) -> TensorType[Attribute]:
    where = f"input '{printable(value.name)}'"
    if not value.type.HasField("tensor_type"):
        raise UnsupportedError("only tensors are supported as inputs", where=where)
    if value.type.tensor_type.elem_type == TensorProto.DOUBLE:
        raise UnsupportedError("f64 inputs are not supported", where=where, hint="export the model in f32")
    element = ir_type_of_onnx(value.type.tensor_type.elem_type, where)
    dimensions = _dimensions(value)
    if given is None:
        return TensorType(element, [extent for extent in dimensions or () if isinstance(extent, int)])
    if dimensions is not None and len(dimensions) != len(given):
        message = f"the given shape {_spelled(given)} has {len(given)} dimensions, the model's {_spelled(dimensions)}"
        raise BoltError(f"{message} has {len(dimensions)}", where=where)
    if min(given, default=1) < 1:
        raise BoltError(f"the given shape {_spelled(given)} must hold numbers >= 1", where=where)
    for extent, fixed in zip(given, dimensions or (), strict=False):
        if isinstance(fixed, int) and fixed != extent:
            hint = "export the model with a dynamic dimension there"
            message = f"the given shape {_spelled(given)} contradicts the model's {_spelled(dimensions or ())}"
            raise BoltError(message, where=where, hint=hint)
    return TensorType(element, given)


def _missing_shapes(inputs: Sequence[ValueInfoProto]) -> BoltError:
    listed = ", ".join(f"'{printable(value.name, 60)}' is {_spelled(_dimensions(value))}" for value in inputs)
    options = " ".join(f"--input-shape {printable(value.name, 60)}={_example(value)}" for value in inputs)
    plural = "inputs have" if len(inputs) > 1 else "input has"
    return BoltError(f"the {plural} dynamic dimensions: {listed}", hint=f"fix them, for example: {options}")


def _is_fixed(value: ValueInfoProto) -> bool:
    dimensions = _dimensions(value)
    return dimensions is not None and all(isinstance(extent, int) for extent in dimensions)


def _dimensions(value: ValueInfoProto) -> list[Dimension] | None:
    """The dimensions of an input; None if the model does not say how many there are."""
    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not tensor.HasField("shape"):
        return None if value.type.HasField("tensor_type") else []
    return [dim.dim_value if dim.dim_value > 0 else printable(dim.dim_param, 40) or "?" for dim in tensor.shape.dim]


def _spelled(dimensions: Sequence[Dimension] | None) -> str:
    return "of unknown rank" if dimensions is None else "x".join(map(str, dimensions)) or "scalar"


def _example(value: ValueInfoProto) -> str:
    """A shape that fits: batch 1, images of 224 by 224, sequences of 128."""
    dimensions = _dimensions(value) or [1]
    typical = 224 if len(dimensions) == 4 else 128
    return "x".join(str(d) if isinstance(d, int) else str(typical if i else 1) for i, d in enumerate(dimensions))
