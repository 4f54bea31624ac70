"""What a caller gave: one array per input or output, checked against what the network takes; a stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np

from boltir.errors import BoltError
from boltir.runtime.device import Array
from boltir.runtime.element_types import BY_NUMPY, ElementType
from boltir.runtime.tensors import DeviceTensor, TensorDescription, type_text

Arrays: TypeAlias = Any | Sequence[Any] | Mapping[str, Any]
"""Arrays in the order of the descriptions, by name, or the only one."""


@dataclass(frozen=True)
class Argument:
    """An array that is given for an input or output.

    Attributes:
        where: what errors call it: `input 'x'`.
    """

    description: TensorDescription
    array: Any
    where: str


def arrange(given: Arrays, descriptions: Sequence[TensorDescription], role: str) -> list[Argument]:
    """One array per description, in order. `role` is `input` or `output`.

    Raises:
        BoltError: too few or too many, or a name that is unknown or missing.
    """
    if isinstance(given, Mapping):
        arrays = _by_name(cast(Mapping[str, Any], given), descriptions, role)
    else:
        arrays = list(cast(Sequence[Any], given)) if isinstance(given, list | tuple) else [given]
    if len(arrays) != len(descriptions):
        message = f"expected {len(descriptions)} {role}s, got {len(arrays)}"
        raise BoltError(message, hint=_listed(descriptions, role))
    pairs = zip(descriptions, arrays, strict=True)
    return [Argument(description, array, f"{role} '{description.name}'") for description, array in pairs]


def _by_name(given: Mapping[str, Any], descriptions: Sequence[TensorDescription], role: str) -> list[Any]:
    names = [description.name for description in descriptions]
    for name in given:
        if name not in names:
            hint = _listed(descriptions, role)
            raise BoltError(f"the network has no such {role}", where=f"{role} '{name}'", hint=hint)
    for name in names:
        if name not in given:
            raise BoltError("is missing", where=f"{role} '{name}'", hint=_listed(descriptions, role))
    return [given[name] for name in names]


def _listed(descriptions: Sequence[TensorDescription], role: str) -> str:
    return f"the network's {role}s: {', '.join(map(str, descriptions)) or 'none'}"


def host_input(argument: Argument) -> Array:
    """The numpy array that was given for an input, contiguous.

    Raises:
        BoltError: it has another element type or shape.
    """
    _check_host_type(argument)
    return np.asarray(argument.array, order="C")


def host_output(argument: Argument) -> Array:
    """The numpy array that was given for an output.

    Raises:
        BoltError: it has another element type or shape, or cannot be written in one piece.
    """
    _check_host_type(argument)
    flags = argument.array.flags
    if not (flags.c_contiguous and flags.writeable):
        raise BoltError("the array is not contiguous and writable", where=argument.where)
    return argument.array


def check_device_tensor(argument: Argument, tensor: DeviceTensor, device: int) -> None:
    """Whether a network on GPU `device` can use `tensor`, the array of `argument`, where it is.

    Raises:
        BoltError: another element type, shape or GPU, or memory that is not dense.
    """
    _check_type(argument, tensor.dtype, tensor.shape)
    if not tensor.contiguous:
        hint = "pass a contiguous copy, as .contiguous() of a torch tensor"
        raise BoltError("the array is not contiguous", where=argument.where, hint=hint)
    if tensor.device not in (None, device):
        raise BoltError(
            f"the array is on GPU {tensor.device}, the network on GPU {device}",
            where=argument.where,
            hint=f"load the network with device={tensor.device}, or move the array",
        )


def _check_host_type(argument: Argument) -> None:
    dtype: np.dtype[Any] = argument.array.dtype
    _check_type(argument, BY_NUMPY.get(dtype, str(dtype)), argument.array.shape)


def _check_type(argument: Argument, dtype: ElementType | str, shape: tuple[int, ...]) -> None:
    expected = argument.description
    if dtype is not expected.dtype or shape != expected.shape:
        wanted, got = type_text(expected.dtype, expected.shape), type_text(dtype, shape)
        raise BoltError(f"expected {wanted}, got {got}", where=argument.where)


def stream_address(stream: Any) -> int:
    """The address of a CUDA stream: itself, or of a torch, cupy or pycuda stream object.

    Raises:
        BoltError: it is none of these.
    """
    if isinstance(stream, int):
        return stream
    for attribute in ("cuda_stream", "ptr", "handle"):
        address = getattr(stream, attribute, None)
        if isinstance(address, int):
            return address
    hint = "an address, or an object with .cuda_stream, .ptr or .handle"
    raise BoltError(f"expected a CUDA stream, got {type(stream).__name__}", where="stream", hint=hint)
