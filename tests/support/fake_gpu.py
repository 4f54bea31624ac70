"""A GPU whose memory is the host's: pycuda, torch and arrays with an interface, as far as the runtime uses them."""

from __future__ import annotations

import ctypes
import gc
import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from boltir.runtime.device import Device

Array = npt.NDArray[Any]

ROOT = Path(__file__).parents[2]
ALIGNMENT = 256
SOURCE = Path(__file__).with_name("host_model.cpp")


def build_host_model(folder: Path) -> Path:
    """An artifact in `folder` whose library computes on host memory; see host_model.cpp."""
    folder.mkdir(parents=True)
    include = ROOT / "boltir" / "lowering" / "host"
    flags = ["-std=c++17", "-O1", "-shared", "-fPIC", "-Wl,-Bsymbolic", f"-I{include}"]
    subprocess.run(["g++", *flags, str(SOURCE), "-o", str(folder / "libmodel.so")], check=True)
    (folder / "manifest.json").write_text(json.dumps({"format": 2}))
    return folder


class DriverError(Exception):
    """pycuda.driver.Error."""


class Allocation:
    """pycuda.driver.DeviceAllocation."""

    def __init__(self, nbytes: int, living: set[int]) -> None:
        self._memory = ctypes.create_string_buffer(nbytes + ALIGNMENT)
        self._living = living
        living.add(int(self))

    def __int__(self) -> int:
        return -(-ctypes.addressof(self._memory) // ALIGNMENT) * ALIGNMENT

    def free(self) -> None:
        self._living.remove(int(self))


@dataclass
class Context:
    """pycuda.driver.Context."""

    depth: int = 0
    waits: int = 0

    def push(self) -> None:
        self.depth += 1

    def pop(self) -> None:
        self.depth -= 1

    def synchronize(self) -> None:
        assert self.depth > 0, "the context is not current"
        self.waits += 1


@dataclass
class Event:
    """pycuda.driver.Event: one millisecond passes between two records."""

    clock: list[int]
    time: int = 0

    def record(self, stream: Any) -> Event:
        self.clock[0] += 1
        self.time = self.clock[0]
        return self

    def synchronize(self) -> Event:
        return self

    def time_since(self, start: Event) -> float:
        return float(self.time - start.time)


@dataclass
class FakeDriver:
    """pycuda.driver, with two GPUs; `stream` is the address of every new stream."""

    Error: type[Exception] = DriverError
    stream: int = 77
    context: Context = field(default_factory=Context)
    living: set[int] = field(default_factory=set[int])
    clock: list[int] = field(default_factory=lambda: [0])

    def init(self) -> None:
        pass

    def Device(self, ordinal: int) -> Any:
        if ordinal > 1:
            raise DriverError("cuDeviceGet failed: invalid device ordinal")
        return SimpleNamespace(
            retain_primary_context=lambda: self.context, name=lambda: "Fake GPU", compute_capability=lambda: (9, 0)
        )

    def Stream(self) -> Any:
        return SimpleNamespace(handle=self.stream, synchronize=lambda: None)

    def Event(self) -> Event:
        return Event(self.clock)

    def mem_alloc(self, nbytes: int) -> Allocation:
        assert self.context.depth > 0, "the context is not current"
        return Allocation(nbytes, self.living)

    def mem_get_info(self) -> tuple[int, int]:
        return 1 << 30, 1 << 30

    def memset_d8(self, dest: int, data: int, size: int) -> None:
        ctypes.memset(dest, data, size)

    def memcpy_htod(self, dest: int, src: Array) -> None:
        ctypes.memmove(dest, src.ctypes.data, src.nbytes)

    def memcpy_dtoh(self, dest: Array, src: int) -> None:
        ctypes.memmove(dest.ctypes.data, src, dest.nbytes)


@contextmanager
def installed(driver: FakeDriver) -> Generator[None]:
    """The block imports `driver` as pycuda's; in the end every block of memory must be freed."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(sys.modules, "pycuda", SimpleNamespace(driver=driver))
        monkeypatch.setitem(sys.modules, "pycuda.driver", driver)
        Device.open.cache_clear()
        yield
        Device.open.cache_clear()
    gc.collect()
    assert driver.living == set(), "memory was not freed"
    assert driver.context.depth == 0, "the context stayed current"


class FakeTensor:
    """torch.Tensor over a numpy array."""

    def __init__(self, array: Array, device: int | None = 0, dtype: str | None = None) -> None:
        self.array = array
        self.is_cuda = device is not None
        self.device = SimpleNamespace(index=device) if device is not None else "cpu"
        self.layout = "strided"
        self.dtype = f"torch.{dtype or array.dtype.name}"
        self.shape = array.shape

    def data_ptr(self) -> int:
        return self.array.ctypes.data

    def is_contiguous(self) -> bool:
        return self.array.flags.c_contiguous


class FakeTorch(ModuleType):
    """torch, with a current stream that can be set, and a note of the streams on which results were made."""

    def __init__(self) -> None:
        super().__init__("torch")
        self.Tensor = FakeTensor
        self.strided = "strided"
        self.float32, self.bool = "float32", "bool"
        self.cuda = FakeTorchCuda()
        self.made_on: list[int] = []

    def empty(self, shape: tuple[int, ...], dtype: str, device: str) -> FakeTensor:
        self.made_on.append(self.cuda.address)
        return FakeTensor(np.full(shape, -1, dtype), int(device.removeprefix("cuda:")))


@dataclass
class FakeTorchCuda:
    """torch.cuda; a stream is its address."""

    address: int = 5

    def current_stream(self, device: int) -> Any:
        return SimpleNamespace(cuda_stream=self.address)

    def default_stream(self, device: int) -> int:
        return 0

    def ExternalStream(self, address: int, device: int) -> int:
        return address

    @contextmanager
    def stream(self, address: int) -> Generator[None]:
        before, self.address = self.address, address
        yield
        self.address = before


@dataclass
class InterfaceArray:
    """An array with the CUDA array interface and nothing else."""

    array: Array
    stream: int | None = None
    read_only: bool = False

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        array = self.array
        strides = None if array.flags.c_contiguous else array.strides
        interface = {"shape": array.shape, "typestr": array.dtype.str, "strides": strides, "version": 3}
        return {**interface, "data": (array.ctypes.data, self.read_only), "stream": self.stream}


@dataclass
class CapsuleArray:
    """An array with DLPack that says it is on a GPU; notes the streams it was asked for."""

    array: Array
    device: tuple[int, int] = (2, 0)
    streams: list[int] = field(default_factory=list[int])

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device

    def __dlpack__(self, *, stream: int) -> object:
        self.streams.append(stream)
        return self.array.__dlpack__()
