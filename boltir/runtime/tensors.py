"""What a network's inputs and outputs must be, and what an array in device memory is."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from boltir.runtime.element_types import ElementType


@dataclass(frozen=True)
class TensorDescription:
    """One input or output of a compiled network; printed as `x: f32 1x3x224x224`."""

    name: str
    dtype: ElementType
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * self.dtype.numpy.itemsize

    def __str__(self) -> str:
        return f"{self.name}: {type_text(self.dtype, self.shape)}"


class DeviceTensor(NamedTuple):
    """An array in device memory, whichever library made it.

    Attributes:
        address: of its first element.
        dtype: an element type, or the library's name for one that boltir does not have.
        contiguous: whether it is dense and row-major.
        owner: what keeps the memory alive.
        writable: whether results may be written to it.
        device: which GPU it is on; None where its library does not say.
        ready_on: the stream on which it is written, if its library says that a reader must wait for it.
    """

    address: int
    dtype: ElementType | str
    shape: tuple[int, ...]
    contiguous: bool
    owner: Any
    writable: bool = True
    device: int | None = None
    ready_on: int | None = None


def type_text(dtype: ElementType | str, shape: tuple[int, ...]) -> str:
    """`f32 1x3x224x224`."""
    return f"{dtype} {'x'.join(map(str, shape)) or 'scalar'}"
