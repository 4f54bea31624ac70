"""A launch as its kernel sees it: template parameters, integers and pointers, but no shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from boltir.dialects.cutlass.store import Store
from boltir.dialects.cutlass.template import ParameterValue
from boltir.dialects.fused.broadcast import Broadcast
from boltir.interpreters.arrays import Array, widen
from boltir.interpreters.memory import strided_view

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Launch:
    """The arguments of one kernel launch. Buffers are in their storage dtypes."""

    kernel: str
    template: Mapping[str, ParameterValue]
    integers: Mapping[str, int]
    inputs: Sequence[Array]
    epilogue_operands: Sequence[Array]
    broadcasts: Sequence[Broadcast]
    stores: Sequence[Store]

    def values(self, *names: str) -> Shape:
        """The launch integers of these names."""
        return tuple(self.integers[name] for name in names)

    def series(self, prefix: str) -> Shape:
        """The launch integers `<prefix>_0`, `<prefix>_1`, ..."""
        found: list[int] = []
        while f"{prefix}_{len(found)}" in self.integers:
            found.append(self.integers[f"{prefix}_{len(found)}"])
        return tuple(found)

    def float_value(self, name: str) -> float:
        """A launch integer that holds the bits of an f32."""
        return float(np.uint32(self.integers[name] & 0xFFFFFFFF).view(np.float32))

    def input(self, index: int, shape: Sequence[int], strides: Sequence[int] | None = None) -> Array:
        """Input `index` in its compute type, addressed as the kernel addresses it.

        Raises:
            BoltError: the kernel would read outside the buffer.
        """
        role = f"cutlass.launch @{self.kernel}, input {index}"
        return widen(strided_view(self.inputs[index], shape, strides, role=role))

    def epilogue_operand(self, index: int, shape: Shape, strides: Shape | None) -> Array:
        """Epilogue operand `index` in its compute type, to broadcast over a result of `shape` and `strides`.

        Raises:
            BoltError: the kernel would read outside the buffer.
        """
        buffer = self.epilogue_operands[index]
        role = f"cutlass.launch @{self.kernel}, epilogue operand {index}"
        match self.broadcasts[index]:
            case Broadcast.FULL:
                return widen(strided_view(buffer, shape, strides, role=role))
            case Broadcast.ROW:
                return widen(strided_view(buffer, shape[-1:], role=role))
            case Broadcast.COLUMN:
                return widen(strided_view(buffer, (*shape[:-1], 1), role=role))
            case Broadcast.SCALAR:
                return widen(strided_view(buffer, (), role=role))
            case Broadcast.GENERAL:
                sizes, own = self.series("size"), self.series(f"e{index}_stride")
                return widen(strided_view(buffer, sizes, own, role=role)).reshape(shape)


@dataclass(frozen=True)
class Anchored:
    """What a kernel computed before its epilogue.

    `strides` are those of the result in its buffer, in elements; None if it is dense.
    """

    accumulator: Array
    strides: Shape | None = None


Anchor: TypeAlias = Callable[[Launch], Anchored]
