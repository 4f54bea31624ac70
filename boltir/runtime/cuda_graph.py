"""Launches recorded as a CUDA graph, which the GPU then runs without waiting for the host."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Self

from boltir.runtime.device import Device, call_driver

_THREAD_LOCAL = 1  # CU_STREAM_CAPTURE_MODE_THREAD_LOCAL


class CudaGraph:
    """A recorded sequence of launches on a device. Use it inside `with device.current()`."""

    def __init__(self, device: Device, queue: Callable[[int], object]) -> None:
        """Record what `queue` puts on the stream it is given; nothing runs yet.

        Raises:
            BoltError: it cannot be recorded.
        """
        stream, graph = device.driver.Stream(), ctypes.c_void_p()
        address = ctypes.c_void_p(stream.handle)
        call_driver("cuStreamBeginCapture_v2", address, ctypes.c_int(_THREAD_LOCAL))
        try:
            queue(stream.handle)
        finally:
            call_driver("cuStreamEndCapture", address, ctypes.byref(graph))
        self._executable = ctypes.c_void_p()
        try:
            call_driver("cuGraphInstantiateWithFlags", ctypes.byref(self._executable), graph, ctypes.c_ulonglong(0))
        finally:
            call_driver("cuGraphDestroy", graph)

    def launch(self, stream: int) -> None:
        """Queue all of it on a stream."""
        call_driver("cuGraphLaunch", self._executable, ctypes.c_void_p(stream))

    def close(self) -> None:
        """Free it; its last launch must be over."""
        call_driver("cuGraphExecDestroy", self._executable)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
