"""Calling the kernels of a shared library."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from ctypes import POINTER, c_int, c_int64, c_void_p
from typing import Any

from boltir.errors import BoltError
from boltir.profiler.backend.memory import Buffers
from boltir.profiler.executable import Entry
from boltir.profiler.measure import Built

Queue = Callable[[int], None]
"""Puts work on the stream whose address it is given."""


def load_kernel(entry: Entry) -> Any:
    """The function at `entry`.

    Raises:
        BoltError: the library cannot be loaded, or has no such function.
    """
    try:
        function = ctypes.CDLL(str(entry.library.resolve()))[entry.symbol]
    except (OSError, AttributeError) as error:
        raise BoltError(f"the kernel cannot be loaded: {error}", where=str(entry.library)) from None
    function.restype, function.argtypes = c_int, (POINTER(c_void_p), POINTER(c_int64), c_void_p)
    return function


def call(kernel: Any, operands: Sequence[int], integers: Sequence[int]) -> Queue:
    """A launch of `kernel` on operands at these addresses."""
    pointers, parameters = (c_void_p * len(operands))(*operands), (c_int64 * max(1, len(integers)))(*integers)

    def queue(stream: int) -> None:
        status = kernel(pointers, parameters, stream)
        if status != 0:
            raise BoltError(f"a launch failed with CUDA error {status}")

    return queue


def run(built: Built, buffers: Buffers, arena: int) -> Queue:
    """All launches of an executable, one after another.

    Raises:
        BoltError: its library cannot be loaded.
    """
    kernels = list(map(load_kernel, built.kernels))
    calls = [
        call(kernels[step.kernel], [buffers.address(place, arena) for place in step.places], step.integers)
        for step in built.executable.steps
    ]

    def queue(stream: int) -> None:
        for launch in calls:
            launch(stream)

    return queue
