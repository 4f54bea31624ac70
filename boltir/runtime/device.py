"""A GPU, through pycuda: its primary context, memory, and the order of streams.

pycuda is imported when a GPU is opened, and only here. It has no way to take a stream by its address, and no graphs:
for those the driver's library is asked.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from boltir.errors import BoltError

Array = npt.NDArray[Any]

_DISABLE_TIMING = 2  # CU_EVENT_DISABLE_TIMING


class Context(Protocol):
    """`pycuda.driver.Context`."""

    def push(self) -> None: ...
    def pop(self) -> None: ...
    def synchronize(self) -> None: ...


class Allocation(Protocol):
    """`pycuda.driver.DeviceAllocation`."""

    def __int__(self) -> int: ...
    def free(self) -> None: ...


class Stream(Protocol):
    """`pycuda.driver.Stream`."""

    @property
    def handle(self) -> int: ...
    def synchronize(self) -> None: ...


class Event(Protocol):
    """`pycuda.driver.Event`; times are in milliseconds."""

    def record(self, stream: Any) -> Event: ...
    def synchronize(self) -> Event: ...
    def time_since(self, start: Any) -> float: ...


class DriverDevice(Protocol):
    """`pycuda.driver.Device`."""

    def retain_primary_context(self) -> Context: ...
    def name(self) -> str: ...
    def compute_capability(self) -> tuple[int, int]: ...


class Driver(Protocol):
    """What is used of the module `pycuda.driver`."""

    Error: type[Exception]

    def init(self) -> None: ...
    def Device(self, ordinal: int, /) -> DriverDevice: ...
    def Stream(self) -> Stream: ...
    def Event(self) -> Event: ...
    def mem_alloc(self, bytes: int, /) -> Allocation: ...
    def mem_get_info(self) -> tuple[int, int]: ...
    def memset_d8(self, dest: int, data: int, size: int, /) -> None: ...
    def memcpy_htod(self, dest: int, src: Array, /) -> None: ...
    def memcpy_dtoh(self, dest: Array, src: int, /) -> None: ...


class Device:
    """One GPU. Whatever uses it happens inside `with device.current()`."""

    def __init__(self, ordinal: int, driver: Driver) -> None:
        self.ordinal = ordinal
        self.driver = driver
        try:
            driver.init()
            device = driver.Device(ordinal)
            self._context = device.retain_primary_context()
            self.name, self.capability = device.name(), device.compute_capability()
        except driver.Error as error:
            raise _no_device(ordinal, error) from None

    @staticmethod
    @cache
    def open(ordinal: int) -> Device:
        """The GPU of that number, as CUDA counts them.

        Raises:
            BoltError: pycuda is not installed, or there is no driver or no such GPU.
        """
        try:
            driver: Any = import_module("pycuda.driver")
        except ModuleNotFoundError as error:
            hint = "pip install 'boltir[gpu]'"
            raise BoltError(f"using a GPU needs pycuda: {error}", hint=hint) from None
        except ImportError as error:
            raise _no_device(ordinal, error) from None
        return Device(ordinal, driver)

    @contextmanager
    def current(self) -> Generator[None]:
        """Makes the primary context, the one that torch and the CUDA runtime use, this thread's current one.

        Raises:
            BoltError: the block meets an error of the driver, perhaps of earlier work.
        """
        try:
            self._context.push()
            try:
                yield
            finally:
                self._context.pop()
        except self.driver.Error as error:
            raise BoltError(str(error), where=f"GPU {self.ordinal}") from None

    def synchronize(self) -> None:
        """Wait for all work on this GPU."""
        self._context.synchronize()

    def allocate(self, nbytes: int) -> Memory:
        """A block of device memory."""
        return Memory(self, nbytes)

    def upload(self, array: Array, address: int) -> None:
        """Copy a contiguous array to the device, and wait for it."""
        self.driver.memcpy_htod(address, _bytes_of(array))

    def download(self, address: int, array: Array) -> None:
        """Fill a contiguous array from the device when what runs on its default stream is done."""
        self.driver.memcpy_dtoh(_bytes_of(array), address)

    def order(self, first: int, then: int) -> None:
        """Make what will be queued on stream `then` wait for what is on stream `first`.

        Raises:
            BoltError: one of them is no stream of this GPU.
        """
        event = ctypes.c_void_p()
        call_driver("cuEventCreate", ctypes.byref(event), ctypes.c_uint(_DISABLE_TIMING))
        try:
            call_driver("cuEventRecord", event, ctypes.c_void_p(first))
            call_driver("cuStreamWaitEvent", ctypes.c_void_p(then), event, ctypes.c_uint(0))
        finally:
            call_driver("cuEventDestroy_v2", event)

    def time(self, queue: Callable[[int], object], repetitions: int) -> list[float]:
        """Microseconds of each of several calls of `queue`, which puts work on the stream it is given.

        All are queued at once, after a first one that is not counted, so the GPU is not left waiting.
        """
        stream = self.driver.Stream()
        events = [self.driver.Event() for _ in range(repetitions + 1)]
        queue(stream.handle)
        events[0].record(stream)
        for event in events[1:]:
            queue(stream.handle)
            event.record(stream)
        events[-1].synchronize()
        return [end.time_since(start) * 1e3 for start, end in pairwise(events)]

    def clean_up_with(self, owner: object, free: Callable[[], object]) -> weakref.finalize[..., object]:
        """Call `free` on an idle GPU when `owner` goes, or at the end of the process; at most once."""
        return weakref.finalize(owner, _run_on_idle, self, free)


class Memory:
    """A block of device memory, freed with its last reference."""

    def __init__(self, device: Device, nbytes: int) -> None:
        allocation = device.driver.mem_alloc(nbytes)
        self.address = int(allocation)
        self.free = device.clean_up_with(self, allocation.free)


def _run_on_idle(device: Device, free: Callable[[], object]) -> None:
    # Where the GPU has failed, the call that met it has said so, and nothing can be freed any more.
    with suppress(BoltError), device.current():
        device.synchronize()
        free()


def _bytes_of(array: Array) -> Array:
    """The memory of a contiguous array; Python's buffer protocol does not know bfloat16."""
    return array.reshape(-1).view(np.uint8)


def _no_device(ordinal: int, error: Exception) -> BoltError:
    reason = " ".join(str(error).split())
    return BoltError(f"there is no NVIDIA GPU {ordinal} to run on: {reason}", hint="nvidia-smi lists driver and GPUs")


def call_driver(function: str, *arguments: object) -> None:
    """Call a function of the driver's library, for what pycuda lacks.

    Raises:
        BoltError: it fails.
    """
    status = _driver_library()[function](*arguments)
    if status != 0:
        raise BoltError(f"{function} failed with CUDA error {status}")


@cache
def _driver_library() -> ctypes.CDLL:
    return ctypes.CDLL("libcuda.so.1")
