"""Questions about tensor-typed values, and the checks verifiers share."""

from typing_extensions import TypeIs
from xdsl.dialects.builtin import (
    AnyFloat,
    IntegerType,
    NoneAttr,
    Signedness,
    TensorType,
    bf16,
    f16,
    f32,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.shapes import element_count
from boltir.errors import NoFixedTensorError

Shape = tuple[int, ...]

ui8 = IntegerType(8, Signedness.UNSIGNED)
ELEMENT_TYPES: tuple[Attribute, ...] = (f32, f16, bf16, i64, i32, i8, ui8, i1)
"""What tensors hold; i1 is a truth value."""

MOST_ELEMENTS = 2**31 - 1
"""How many elements a tensor may have: kernels count them in 32 bits."""


def is_tensor(candidate: Attribute) -> TypeIs[TensorType[Attribute]]:
    """Whether `candidate` is a tensor type; xDSL's `isa` takes 100 times as long, and this is asked everywhere."""
    return isinstance(candidate, TensorType)


def tensor_type(value: SSAValue) -> TensorType[Attribute]:
    """The type of `value`.

    Raises:
        NoFixedTensorError: it is no tensor.
    """
    if not is_tensor(value.type):
        raise NoFixedTensorError(f"expected a tensor, got {value.type}")
    return value.type


def static_shape(value: SSAValue) -> Shape:
    """The shape of tensor `value`.

    Raises:
        NoFixedTensorError: it is none, or a dimension is dynamic; boltir compiles for fixed shapes.
    """
    shape = tensor_type(value).get_shape()
    if any(extent < 0 for extent in shape):
        raise NoFixedTensorError(f"dynamic shape in {value.type}; specialise the model to fixed shapes first")
    return shape


def check_tensor(value: SSAValue) -> None:
    """Whether boltir compiles tensors of the type of `value`.

    Raises:
        VerifyException: not a dense, non-empty tensor of fixed shape over the known element types.
    """
    kind, shape = tensor_type(value), static_shape(value)
    if kind.element_type not in ELEMENT_TYPES:
        known = ", ".join(map(str, ELEMENT_TYPES))
        raise VerifyException(f"elements of {kind.element_type} are not supported; supported are {known}")
    if 0 in shape:
        raise VerifyException(f"{kind} has no elements")
    if element_count(shape) > MOST_ELEMENTS:
        raise VerifyException(f"{kind} has more than {MOST_ELEMENTS} elements")
    if not isinstance(kind.encoding, NoneAttr):
        raise VerifyException(f"{kind} has an encoding; tensors are dense and row-major")


def element_type(value: SSAValue) -> Attribute:
    """The element type of tensor `value`."""
    return tensor_type(value).element_type


def require_rank(value: SSAValue, rank: int, role: str) -> Shape:
    """The shape of `value`, which must have `rank` dimensions."""
    shape = static_shape(value)
    if len(shape) != rank:
        raise VerifyException(f"{role} must have {rank} dimensions, got {value.type}")
    return shape


def require_same_element_type(*values: SSAValue) -> Attribute:
    """The one element type of all `values`."""
    first = element_type(values[0])
    for value in values[1:]:
        if element_type(value) != first:
            raise VerifyException(f"element types differ: {first} and {element_type(value)}")
    return first


def require_float(value: SSAValue) -> None:
    """`value` must hold floating-point numbers."""
    if not isinstance(element_type(value), AnyFloat):
        raise VerifyException(f"expected floating-point elements, got {value.type}")


def require_numbers(value: SSAValue) -> None:
    """`value` must hold numbers, not truth values."""
    if element_type(value) == i1:
        raise VerifyException(f"expected numbers, got truth values: {value.type}")


def require_nonnegative(name: str, number: float) -> None:
    """Property `name` must be a number >= 0."""
    if not 0.0 <= number < float("inf"):
        raise VerifyException(f"{name} must be a number >= 0, got {number}")


def require_positive(name: str, number: float) -> None:
    """Property `name` must be a number > 0."""
    if not 0.0 < number < float("inf"):
        raise VerifyException(f"{name} must be a number > 0, got {number}")


def require_indices(value: SSAValue) -> None:
    """`value` must hold indices: i32 or i64."""
    if element_type(value) not in (i32, i64):
        raise VerifyException(f"indices must be i32 or i64, got {value.type}")


def require_representable(value: SSAValue, number: float) -> None:
    """`number` must be one that the elements of `value` can hold."""
    if not isinstance(element_type(value), AnyFloat) and not number.is_integer():
        raise VerifyException(f"{value.type} cannot be padded with {number}")


def compute_type(element: Attribute) -> Attribute:
    """The type in which kernels compute on elements of type `element`: f32 for every float, i32 for ui8.

    Raises:
        VerifyException: kernels do not compute on that type.
    """
    if element not in ELEMENT_TYPES:
        known = ", ".join(map(str, ELEMENT_TYPES))
        raise VerifyException(f"kernels do not compute on {element}; supported are {known}")
    if element == ui8:
        return i32
    return f32 if isinstance(element, AnyFloat) else element


def normalized_axis(axis: int, rank: int) -> int:
    """`axis` counted from the front; it must name one of `rank` dimensions."""
    if not -rank <= axis < rank:
        raise VerifyException(f"axis {axis} is outside a tensor of {rank} dimensions")
    return axis % rank


def broadcast_shapes(*shapes: Shape) -> Shape:
    """The shape that numpy broadcasting gives `shapes`.

    Raises:
        VerifyException: they do not broadcast.
    """
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    result: list[int] = []
    for extents in zip(*padded, strict=True):
        wide = {extent for extent in extents if extent != 1}
        if len(wide) > 1:
            listed = " and ".join("x".join(map(str, shape)) or "scalar" for shape in shapes)
            raise VerifyException(f"shapes {listed} do not broadcast")
        result.append(wide.pop() if wide else 1)
    return tuple(result)
