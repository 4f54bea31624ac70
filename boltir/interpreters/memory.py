"""Device memory: buffers are flat arrays, and kernels read and write them through strides."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from boltir.errors import BoltError
from boltir.interpreters.arrays import Array, DType

POISON = 0xFF
"""Fills memory that nothing has written: NaN in every float type, -1 in every integer type."""


def poisoned(shape: Sequence[int], dtype: DType) -> Array:
    """A fresh buffer."""
    return np.full(prod(shape) * dtype.itemsize, POISON, dtype=np.uint8).view(dtype).reshape(shape)


def poison(buffer: Array) -> None:
    """Forget the contents of a buffer, or of a strided view of one."""
    buffer[...] = poisoned((1,), buffer.dtype)[0]


def flat(buffer: Array) -> Array:
    """The elements of a contiguous buffer in order, without a copy."""
    return buffer.reshape(-1)


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides, in elements, of a dense row-major tensor."""
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def strided_view(
    buffer: Array, shape: Sequence[int], strides: Sequence[int] | None = None, offset: int = 0, *, role: str
) -> Array:
    """What a kernel sees through a pointer: elements `strides` apart from `offset` on, in elements; dense by default.

    Raises:
        BoltError: some of them lie outside the buffer. `role` says whose it is.
    """
    strides = row_major(shape) if strides is None else strides
    if 0 not in shape:
        reach = [(extent - 1) * stride for extent, stride in zip(shape, strides, strict=True)]
        first, last = offset + sum(min(0, r) for r in reach), offset + sum(max(0, r) for r in reach)
        if first < 0 or last >= buffer.size:
            raise BoltError(f"elements {first} to {last} of a buffer of {buffer.size} would be accessed", where=role)
    begin = flat(buffer)[offset:]
    return as_strided(begin, tuple(shape), tuple(stride * buffer.itemsize for stride in strides))
