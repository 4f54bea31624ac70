"""DLPack capsules, read and made through ctypes; the layouts are those of dlpack.h, version 0.8.

A capsule called "dltensor" holds a DLManagedTensor. Whoever takes it over renames it and calls its deleter
when done; one that nobody takes over calls the deleter when it is collected.
"""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    PYFUNCTYPE,
    Structure,
    addressof,
    c_char_p,
    c_int,
    c_int32,
    c_int64,
    c_uint8,
    c_uint16,
    c_uint64,
    c_void_p,
    cast,
    py_object,
    pythonapi,
)
from math import prod
from typing import Any

from boltir.runtime.element_types import BY_DLPACK, ElementType
from boltir.runtime.tensors import DeviceTensor

CUDA = 2
"""kDLCUDA of DLDeviceType."""

_NAME = b"dltensor"  # PyCapsule_New keeps the pointer, so this must not be collected


class _DLTensor(Structure):
    _fields_ = (
        ("data", c_void_p),
        ("device_type", c_int32),
        ("device_id", c_int32),
        ("ndim", c_int32),
        ("code", c_uint8),
        ("bits", c_uint8),
        ("lanes", c_uint16),
        ("shape", POINTER(c_int64)),
        ("strides", POINTER(c_int64)),
        ("byte_offset", c_uint64),
    )


_DELETER = CFUNCTYPE(None, c_void_p)
_DESTRUCTOR = CFUNCTYPE(None, c_void_p)


class _DLManagedTensor(Structure):
    _fields_ = (("tensor", _DLTensor), ("manager_ctx", c_void_p), ("deleter", _DELETER))


_capsule_pointer = pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype, _capsule_pointer.argtypes = c_void_p, (py_object, c_char_p)
_pointer_at = PYFUNCTYPE(c_void_p, c_void_p, c_char_p)(("PyCapsule_GetPointer", pythonapi))
_is_unused = PYFUNCTYPE(c_int, c_void_p, c_char_p)(("PyCapsule_IsValid", pythonapi))
_new_capsule = pythonapi.PyCapsule_New
_new_capsule.restype, _new_capsule.argtypes = py_object, (c_void_p, c_char_p, _DESTRUCTOR)


def read_capsule(capsule: Any) -> DeviceTensor:
    """The array that a fresh capsule holds; the capsule is its owner and is not taken over."""
    managed = cast(_capsule_pointer(capsule, _NAME), POINTER(_DLManagedTensor)).contents
    tensor = managed.tensor
    shape = tuple(tensor.shape[: tensor.ndim])
    strides = tuple(tensor.strides[: tensor.ndim]) if tensor.strides else None
    dtype = BY_DLPACK.get((tensor.code, tensor.bits)) if tensor.lanes == 1 else None
    return DeviceTensor(
        address=(tensor.data or 0) + tensor.byte_offset,
        dtype=dtype or f"DLPack type {tensor.code} of {tensor.bits} bits x {tensor.lanes}",
        shape=shape,
        contiguous=strides is None or is_row_major(shape, strides),
        owner=capsule,
        device=tensor.device_id,
    )


def is_row_major(shape: tuple[int, ...], strides: tuple[int, ...], unit: int = 1) -> bool:
    """Whether elements `strides` apart lie densely in order; the stride of an extent of 1 says nothing."""
    dense = (unit * prod(shape[axis + 1 :]) for axis in range(len(shape)))
    return all(extent == 1 or stride == d for extent, stride, d in zip(shape, strides, dense, strict=True))


def make_capsule(address: int, dtype: ElementType, shape: tuple[int, ...], device: int, owner: object) -> object:
    """A capsule for dense memory of GPU `device`, which keeps `owner` until its deleter is called."""
    extents = (c_int64 * max(1, len(shape)))(*shape)
    code, bits = dtype.dlpack
    tensor = _DLTensor(address, CUDA, device, len(shape), code, bits, 1, extents, None, 0)
    managed = _DLManagedTensor(tensor, None, _delete)
    _exported[addressof(managed)] = (managed, extents, owner)
    return _new_capsule(addressof(managed), _NAME, _destroy)


_exported: dict[int, tuple[Any, ...]] = {}
"""What capsules that were handed out still need, by the address of their DLManagedTensor."""


@_DELETER
def _delete(managed: int) -> None:
    _exported.pop(managed, None)


@_DESTRUCTOR
def _destroy(capsule: int) -> None:
    # The capsule is being collected: only its address may be used, no reference to it.
    if _is_unused(capsule, _NAME):
        _delete(_pointer_at(capsule, _NAME))
