"""One kernel of boltir's own families on a small problem with its result by numpy."""

from dataclasses import dataclass, field
from math import prod
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, ...]

DTYPES: dict[str, Any] = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "f32": np.float32,
    "i64": np.int64,
    "i32": np.int32,
    "i8": np.int8,
    "i1": np.bool_,
}
RNG = np.random.default_rng(0)


@dataclass
class Case:
    """One kernel on one problem. `accumulator` is what the epilogue gets, per element of the result.

    The epilogue is r0 = acc * 0.5 + e0 + e1 + ..., or r0 = acc with `plain`.
    """

    name: str
    family: str
    template: dict[str, Any]
    inputs: list[Array]
    accumulator: Array
    parameters: dict[str, int]
    operands: list[Array] = field(default_factory=list[Array])
    output: str = "f16"

    @property
    def plain(self) -> bool:
        return not self.operands

    @property
    def broadcasts(self) -> list[str]:
        return [broadcast_kind(operand.shape, self.accumulator.shape) for operand in self.operands]

    @property
    def expected(self) -> Array:
        """The result in the output's dtype; operands are numpy-broadcast."""
        if self.plain:
            return self.accumulator.astype(DTYPES[self.output])
        terms = [wide(operand) for operand in self.operands]
        total = sum(terms, wide(self.accumulator) * np.float32(0.5))
        return np.asarray(total).astype(DTYPES[self.output])

    def with_general_operands(self) -> "Case":
        """Adds the rank, positions and strides that operands with the general broadcast need."""
        shape = self.accumulator.shape
        general = [i for i, kind in enumerate(self.broadcasts) if kind == "general"]
        self.template |= {"rank": len(shape) if general else 0, "general": tuple(general)}
        if general:
            self.parameters |= {f"size_{d}": extent for d, extent in enumerate(shape)}
        for i in general:
            strides = broadcast_strides(self.operands[i].shape, shape)
            self.parameters |= {f"e{i}_stride_{d}": stride for d, stride in enumerate(strides)}
        return self


def wide(array: Array) -> Array:
    return array.astype(np.float32)


def dtype_name(array: Array) -> str:
    return next(name for name, dtype in DTYPES.items() if array.dtype == dtype)


def random(shape: Shape, dtype: str = "f16") -> Array:
    if dtype in ("i64", "i32", "i8"):
        return RNG.integers(-100, 100, shape).astype(DTYPES[dtype])
    return RNG.standard_normal(shape).astype(np.float32).astype(DTYPES[dtype])


def broadcast_kind(operand: Shape, result: Shape) -> str:
    padded = (1,) * (len(result) - len(operand)) + operand
    if padded == result:
        return "full"
    if prod(padded) == 1:
        return "scalar"
    if padded[-1] == result[-1] and prod(padded[:-1]) == 1:
        return "row"
    return "column" if padded[-1] == 1 and padded[:-1] == result[:-1] else "general"


def broadcast_strides(operand: Shape, result: Shape) -> list[int]:
    padded = (1,) * (len(result) - len(operand)) + operand
    return [0 if extent == 1 else prod(padded[d + 1 :]) for d, extent in enumerate(padded)]


def float_bits(value: float) -> int:
    return int(np.float32(value).view(np.uint32))
