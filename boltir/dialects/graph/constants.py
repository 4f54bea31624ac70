"""Reading and building constants without numpy."""

from __future__ import annotations

from math import copysign, isfinite
from typing import TYPE_CHECKING, Any, TypeGuard

from typing_extensions import TypeIs
from xdsl.dialects.builtin import (
    AnyFloat,
    BytesAttr,
    DenseIntOrFPElementsAttr,
    FixedBitwidthType,
    IntegerType,
    TensorType,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

from boltir.dialects.graph.values import ConstantOp, WeightOp
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import element_type, static_shape

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


def splat_value(value: SSAValue) -> float | None:
    """The number that every element of constant `value` has; None for anything else."""
    if not isinstance(value.owner, ConstantOp):
        return None
    dense = value.owner.value
    if not _holds_numbers(dense) or not len(dense):
        return None
    data, size = dense.data.data, dense.get_element_type().compile_time_size
    if data != data[:size] * len(dense):
        return None
    return next(iter(dense.get_element_type().iter_unpack(data[:size])))


def _holds_numbers(dense: Attribute) -> TypeIs[DenseIntOrFPElementsAttr[AnyFloat | IntegerType]]:
    # xDSL's isa is too slow for what every pattern asks; a constant's verifier has checked the type.
    return isinstance(dense, DenseIntOrFPElementsAttr)


def splat_constant(number: float, result: TensorType[Attribute]) -> ConstantOp:
    """A constant of type `result` whose elements are all `number`."""
    element = result.element_type
    if isinstance(element, AnyFloat):
        packed = element.pack((number,))
    elif isa(element, IntegerType):
        packed = element.pack((int(number),))
    else:
        raise ValueError(f"no constant of {result}")
    return _constant(packed * element_count(result.get_shape()), result)


LARGEST_CONSTANT = 16
"""The most elements a constant holds in the IR's text; larger ones are weights."""


def fits_text(array: Array) -> bool:
    """Whether `array` is small enough for a constant, and reads back as it was.

    xDSL 0.74 reads a printed infinity or NaN as another number, and prints 0 and -0 together as one of them.
    """
    if array.size > LARGEST_CONSTANT:
        return False
    return all(isfinite(number) and (number != 0 or copysign(1, number) > 0) for number in map(float, array.flat))


def array_constant(array: Array, result: TensorType[Attribute]) -> ConstantOp:
    """A constant that holds `array`, whose shape and dtype are those of `result`."""
    # MLIR stores a true i1 as -1.
    stored = -array.astype("int8") if array.dtype == bool else array
    return _constant(stored.tobytes(), result)


def _constant(data: bytes, result: TensorType[Attribute]) -> ConstantOp:
    if not _is_numeric(result):
        raise ValueError(f"no constant of {result}")
    value = DenseIntOrFPElementsAttr(result, BytesAttr(data))
    return ConstantOp(result_types=[result], properties={"value": value})


def _is_numeric(result: TensorType[Attribute]) -> TypeGuard[TensorType[AnyFloat | IntegerType]]:
    return isinstance(result.element_type, AnyFloat | IntegerType)


def byte_count(value: SSAValue) -> int:
    """The bytes that tensor `value` takes."""
    element = element_type(value)
    size = element.compile_time_size if isinstance(element, FixedBitwidthType) else 8
    return element_count(static_shape(value)) * size


def is_constant(value: SSAValue) -> bool:
    """Whether `value` is a constant or a weight."""
    return isinstance(value.owner, ConstantOp | WeightOp)


def depends_on_weights_only(value: SSAValue) -> bool:
    """Whether `value` is computed from weights and constants alone."""
    pending, seen = [value], {value}
    while pending:
        owner = pending.pop().owner
        if not isinstance(owner, Operation):
            return False
        new = [operand for operand in owner.operands if operand not in seen]
        seen.update(new)
        pending.extend(new)
    return True
