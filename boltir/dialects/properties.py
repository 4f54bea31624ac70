"""Properties that operations of several dialects share: how lists, numbers and truth values are stored."""

from collections.abc import Sequence
from functools import lru_cache

from typing_extensions import TypeIs
from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    BoolAttr,
    DenseArrayBase,
    Float32Type,
    FloatAttr,
    IntegerAttr,
    StringAttr,
    f32,
    i64,
)
from xdsl.ir import Attribute
from xdsl.irdl import IRDLOperation, MessageConstraint, irdl_to_attr_constraint, prop_def
from xdsl.utils.exceptions import VerifyException

_INTS = MessageConstraint(DenseArrayBase.constr(i64), "expected integers such as array<i64: 1, 2>.")
_INT = MessageConstraint(irdl_to_attr_constraint(IntegerAttr[I64]), "expected an integer such as 1 : i64.")
_FLOAT = MessageConstraint(irdl_to_attr_constraint(FloatAttr[Float32Type]), "expected a number such as 1.0 : f32.")
_BOOL = MessageConstraint(irdl_to_attr_constraint(BoolAttr), "expected true or false.")

_STRINGS = irdl_to_attr_constraint(ArrayAttr[StringAttr])


def ints(values: Sequence[int]) -> DenseArrayBase[I64]:
    """`array<i64: ...>`, the form of every list of integers in the dialects."""
    return DenseArrayBase.from_list(i64, values)


@lru_cache(maxsize=4096)
def int_attr(value: int) -> IntegerAttr[I64]:
    return IntegerAttr(value, i64)


def float_attr(value: float) -> FloatAttr[Float32Type]:
    return FloatAttr(value, f32)


def bool_attr(value: bool) -> BoolAttr:
    return IntegerAttr.from_bool(value)


def ints_prop(default: Sequence[int] | None = None) -> DenseArrayBase[I64]:
    """A property that is a list of integers."""
    return prop_def(_INTS, default_value=None if default is None else ints(default))


def int_prop(default: int | None = None) -> IntegerAttr[I64]:
    """A property that is an integer."""
    return prop_def(_INT, default_value=None if default is None else int_attr(default))


def float_prop(default: float | None = None) -> FloatAttr[Float32Type]:
    """A property that is an f32 number."""
    return prop_def(_FLOAT, default_value=None if default is None else float_attr(default))


def bool_prop(default: bool) -> BoolAttr:
    """A property that is a truth value (i1)."""
    return prop_def(_BOOL, default_value=bool_attr(default))


def is_strings(candidate: Attribute | None) -> TypeIs[ArrayAttr[StringAttr]]:
    """Whether `candidate` is a list of strings; xDSL's `isa` would build this constraint every time."""
    return candidate is not None and _STRINGS.verifies(candidate)


def require_ints(name: str, attribute: DenseArrayBase[I64], length: int, least: int) -> tuple[int, ...]:
    """The values of property `name`, which must be `length` integers >= `least`.

    Raises:
        VerifyException: the length or a value is wrong.
    """
    values = attribute.get_values()
    if len(values) != length or min(values, default=least) < least:
        raise VerifyException(f"{name} must be {length} integers >= {least}, got {list(values)}")
    return values


def check_attributes(op: IRDLOperation) -> None:
    """Attributes that the operation does not define carry a dialect's prefix, as MLIR demands.

    Without this rule a misspelt attribute (`stride` for `strides`) would silently leave the default.

    Raises:
        VerifyException: an attribute is neither the operation's own nor prefixed.
    """
    for name in op.attributes:
        if "." in name:
            continue
        known = ", ".join(own for own in op.get_irdl_definition().properties if own != "operandSegmentSizes")
        raise VerifyException(f"unknown attribute '{name}'" + (f"; known are {known}" if known else ""))
