"""Element types: ONNX, numpy and IR."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper
from xdsl.dialects.builtin import IntegerType, bf16, f16, f32, i1, i8, i32, i64
from xdsl.ir import Attribute

from boltir.dialects.tensors import ui8
from boltir.errors import UnsupportedError

Array = npt.NDArray[Any]

_IR_TYPES: dict[np.dtype[Any], Attribute] = {
    np.dtype(np.float32): f32,
    np.dtype(np.float16): f16,
    np.dtype(ml_dtypes.bfloat16): bf16,
    np.dtype(np.int64): i64,
    np.dtype(np.int32): i32,
    np.dtype(np.int8): i8,
    np.dtype(np.uint8): ui8,
    np.dtype(np.bool_): i1,
}
_DTYPES = {ir_type: dtype for dtype, ir_type in _IR_TYPES.items()}


def type_name(onnx_type: int) -> str:
    """ONNX's name of an element type, such as FLOAT."""
    return TensorProto.DataType.Name(onnx_type) if onnx_type in TensorProto.DataType.values() else f"type {onnx_type}"


def dtype_of_ir(element: Attribute) -> np.dtype[Any]:
    """The numpy dtype that stores elements of IR type `element`, which this file gave out."""
    return _DTYPES[element]


def ir_type(dtype: np.dtype[Any], where: str) -> Attribute:
    """The IR type of elements of numpy `dtype`.

    Raises:
        UnsupportedError: the IR has no such type.
    """
    if dtype not in _IR_TYPES:
        raise UnsupportedError(f"elements of type {dtype} are not supported", where=where, hint=supported_types())
    return _IR_TYPES[dtype]


def ir_type_of_onnx(onnx_type: int, where: str) -> Attribute:
    """The IR type of ONNX's element type; DOUBLE is computed in f32.

    Raises:
        UnsupportedError: the IR has no such type.
    """
    if onnx_type == TensorProto.DOUBLE:
        return f32
    if onnx_type not in helper.get_all_tensor_dtypes() or onnx_type == TensorProto.STRING:
        raise UnsupportedError(f"elements of {type_name(onnx_type)} are not supported", where=where)
    return ir_type(np.dtype(helper.tensor_dtype_to_np_dtype(onnx_type)), where)


def is_float_dtype(dtype: np.dtype[Any]) -> bool:
    """Whether `dtype` holds floating-point numbers (ml_dtypes' kinds look like raw bytes to numpy)."""
    return dtype == ml_dtypes.bfloat16 or np.issubdtype(dtype, np.floating)


def is_integer(element: Attribute) -> bool:
    """Whether IR type `element` holds integers or truth values."""
    return isinstance(element, IntegerType)


def supported_types() -> str:
    return "supported: " + ", ".join(str(element) for element in _DTYPES)
