"""How IR types map to numpy arrays, and how elements convert between storage and computation."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import ml_dtypes
import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import (
    BFloat16Type,
    DenseIntOrFPElementsAttr,
    Float16Type,
    Float32Type,
    Float64Type,
    IndexType,
    IntegerType,
    MemRefType,
    Signedness,
    TensorType,
)
from xdsl.ir import Attribute
from xdsl.utils.hints import isa

from boltir.errors import BoltError

Array: TypeAlias = npt.NDArray[Any]
DType: TypeAlias = np.dtype[Any]

BFLOAT16: DType = np.dtype(ml_dtypes.bfloat16)


def numpy_dtype(element: Attribute) -> DType:
    """The dtype that stores elements of type `element`; i1 takes one byte.

    Raises:
        BoltError: no numpy dtype stores this type.
    """
    match element:
        case Float16Type():
            return np.dtype(np.float16)
        case BFloat16Type():
            return BFLOAT16
        case Float32Type():
            return np.dtype(np.float32)
        case Float64Type():
            return np.dtype(np.float64)
        case IndexType():
            return np.dtype(np.int64)
        case IntegerType() if element.width.data == 1:
            return np.dtype(np.bool_)
        case IntegerType() if element.width.data in (8, 16, 32, 64):
            sign = "u" if element.signedness.data == Signedness.UNSIGNED else ""
            return np.dtype(f"{sign}int{element.width.data}")
        case _:
            raise BoltError(f"the interpreter has no arrays of {element}")


@lru_cache(maxsize=1024)  # xDSL's check of a parametrised type takes 0.1 ms
def shape_and_dtype(array_type: Attribute) -> tuple[tuple[int, ...], DType]:
    """The shape and dtype of the arrays of a tensor or memref type.

    Raises:
        BoltError: not a tensor or memref of fixed shape, or no dtype stores its elements.
    """
    if not isa(array_type, TensorType[Attribute] | MemRefType[Attribute]):
        raise BoltError(f"the interpreter handles tensors and memrefs, not {array_type}")
    shape = array_type.get_shape()
    if any(extent < 0 for extent in shape):
        raise BoltError(f"dynamic shape in {array_type}; specialise the model to fixed shapes first")
    return shape, numpy_dtype(array_type.element_type)


def is_float(dtype: DType) -> bool:
    """Whether `dtype` holds floating-point numbers (ml_dtypes' kinds look like raw bytes to numpy)."""
    return dtype == BFLOAT16 or np.issubdtype(dtype, np.floating)


def compute_dtype(dtype: DType) -> DType:
    """The dtype in which kernels compute: f32 for f16 and bf16, i32 for ui8, any other type as it is."""
    if dtype == np.uint8:
        return np.dtype(np.int32)
    return np.dtype(np.float32) if dtype in (np.float16, BFLOAT16) else dtype


def widen(array: Array) -> Array:
    """`array` in its compute type."""
    return array.astype(compute_dtype(array.dtype), copy=False)


def convert(array: Array, dtype: DType) -> Array:
    """`array` with elements of `dtype`, as the generated kernels convert them.

    To a narrower float rounds to nearest even. Float to integer truncates towards zero and
    saturates, NaN gives 0 (CUDA's cvt.rzi). Other integers saturate into int8 and uint8 and wrap elsewhere.
    """
    if array.dtype == dtype:
        return array
    if dtype == np.bool_:
        return array != 0
    if is_float(dtype):
        return array.astype(dtype, order="C")
    if is_float(array.dtype):
        return _truncate(array, dtype)
    if dtype.itemsize == 1 and array.dtype != np.bool_:
        limits = np.iinfo(dtype)
        return np.clip(array.astype(np.int64), limits.min, limits.max).astype(dtype)
    return array.astype(dtype)


def round_to_tf32(array: Array) -> Array:
    """f32 numbers rounded to 10 bits of mantissa, to nearest even.

    So do the tensor copies of Hopper and cvt.rn.tf32.f32, measured on an H100. Before, CUTLASS rounds halves away
    from zero (numeric_conversion.h, PreferredRoundingMode).
    """
    bits = np.ascontiguousarray(array).view(np.uint32)
    is_odd = (bits >> np.uint32(13)) & np.uint32(1)
    rounded = ((bits + np.uint32(0xFFF) + is_odd) & np.uint32(0xFFFFE000)).view(np.float32)
    return np.where(np.isfinite(array), rounded, array)


def _truncate(array: Array, dtype: DType) -> Array:
    """Float to integer. Limits are compared in f64, where 2**63 is a number and 2**63 - 1 is not."""
    limits = np.iinfo(dtype)
    value = np.trunc(array.astype(np.float64))
    fits = (value >= float(limits.min)) & (value < float(limits.max) + 1.0)
    inside = np.where(fits, value, 0.0).astype(dtype)
    saturated = np.where(value > 0, limits.max, limits.min).astype(dtype)
    return np.where(fits | np.isnan(value), inside, saturated)


def dense_array(value: DenseIntOrFPElementsAttr[Any]) -> Array:
    """The elements of a dense attribute as an array of the attribute's shape."""
    shape, dtype = shape_and_dtype(value.type)
    if dtype == np.bool_:
        return np.frombuffer(value.data.data, dtype=np.int8).reshape(shape) != 0
    return np.frombuffer(value.data.data, dtype=dtype).reshape(shape)
