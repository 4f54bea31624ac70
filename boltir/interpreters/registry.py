"""Tables from operations to numpy functions, and their registration with xDSL's interpreter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

import numpy as np
from xdsl.interpreter import InterpreterFunctions, NonTerminatorOpImpl, impl, register_impls
from xdsl.ir import Attribute, Operation

from boltir.errors import BoltError
from boltir.interpreters.arrays import Array, convert, shape_and_dtype
from boltir.remarks import location_text

Functions = TypeVar("Functions", bound=InterpreterFunctions)
Meaning: TypeAlias = Callable[..., Array]
F = TypeVar("F", bound=Meaning)


class Meanings(dict[type[Any], Meaning]):
    """Maps classes of operations to functions of one operation and its operands' arrays."""

    def of(self, *keys: type[Any]) -> Callable[[F], F]:
        """Decorates the meaning of `keys`."""

        def annotate(function: F) -> F:
            self.update(dict.fromkeys(keys, function))
            return function

        return annotate


def implement(
    functions: type[Functions],
    op_types: Iterable[type[Operation]],
    run: NonTerminatorOpImpl[Functions, Operation],
) -> type[Functions]:
    """Register `run` as the implementation of every one of `op_types`."""
    for op_type in op_types:
        setattr(functions, op_type.name, impl(op_type)(run))
    return register_impls(functions)


def stored(value: Array, result_type: Attribute) -> Array:
    """`value`, which has the shape of `result_type`, converted to its storage dtype.

    Raises:
        BoltError: the shapes differ, which is a mistake of ours: a verifier and a meaning disagree.
    """
    shape, dtype = shape_and_dtype(result_type)
    if value.shape != shape:
        raise BoltError(f"the interpreter computed shape {list(value.shape)} for a result of type {result_type}")
    return convert(value, dtype)


def where(op: Operation) -> str:
    """The place that errors about `op` name."""
    location = location_text(op)
    return f"{op.name} at {location}" if location else op.name


def require_type(array: Array, expected: Attribute, role: str) -> None:
    """`array` must be what a value of type `expected` holds.

    Raises:
        BoltError: shape or dtype differ.
    """
    shape, dtype = shape_and_dtype(expected)
    if array.shape != shape or array.dtype != dtype:
        given, wanted = _describe(array.shape, array.dtype), _describe(shape, dtype)
        raise BoltError(f"the array is {given}, the module needs {wanted}", where=role)


def _describe(shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
    return f"{'x'.join(map(str, shape)) or 'scalar'} {dtype.name}"
