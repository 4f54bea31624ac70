"""What one element is called: in IR, in the C interface, and by each array library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np


@dataclass(frozen=True, eq=False)
class ElementType:
    """One element type; each is one object.

    Attributes:
        name: as IR spells it.
        code: its `boltir_dtype` in boltir_model.h.
        numpy: the dtype that stores it on the host.
        torch: its name in torch.
        dlpack: type code and bits of DLPack's DLDataType (dlpack.h).
    """

    name: str
    code: int
    numpy: np.dtype[Any]
    torch: str
    dlpack: tuple[int, int]

    def __str__(self) -> str:
        return self.name

    @property
    def is_float(self) -> bool:
        return self.name in ("f16", "bf16", "f32")


_INT, _UINT, _FLOAT, _BFLOAT, _BOOL = 0, 1, 2, 4, 6  # DLDataTypeCode

_ROWS = (
    ElementType("f16", 1, np.dtype(np.float16), "float16", (_FLOAT, 16)),
    ElementType("bf16", 2, np.dtype(ml_dtypes.bfloat16), "bfloat16", (_BFLOAT, 16)),
    ElementType("f32", 3, np.dtype(np.float32), "float32", (_FLOAT, 32)),
    ElementType("i8", 4, np.dtype(np.int8), "int8", (_INT, 8)),
    ElementType("i32", 5, np.dtype(np.int32), "int32", (_INT, 32)),
    ElementType("i64", 6, np.dtype(np.int64), "int64", (_INT, 64)),
    ElementType("i1", 7, np.dtype(np.bool_), "bool", (_BOOL, 8)),
    ElementType("ui8", 8, np.dtype(np.uint8), "uint8", (_UINT, 8)),
)

BY_CODE: Mapping[int, ElementType] = {row.code: row for row in _ROWS}
BY_NAME: Mapping[str, ElementType] = {row.name: row for row in _ROWS}
BY_NUMPY: Mapping[np.dtype[Any], ElementType] = {row.numpy: row for row in _ROWS}
BY_TORCH: Mapping[str, ElementType] = {row.torch: row for row in _ROWS}
BY_DLPACK: Mapping[tuple[int, int], ElementType] = {row.dlpack: row for row in _ROWS}
