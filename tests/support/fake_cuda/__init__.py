"""Artifacts that run on the CPU: linked with a CUDA runtime of ours, and kernels that are plain C++."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from boltir.runtime.build import Builder
from boltir.runtime.nvcc import Nvcc
from boltir.target import Target

HERE = Path(__file__).parent

INVALID_CONFIGURATION, OUT_OF_MEMORY, ILLEGAL_ADDRESS = 9, 2, 700
"""Some values of cudaError_t."""


@dataclass(frozen=True)
class FakeCuda:
    """The runtime, as one process sees it."""

    path: Path
    library: Any

    @staticmethod
    def build(folder: Path) -> FakeCuda:
        """Compile the runtime into `folder`."""
        path = folder / "libfakecudart.so"
        # nvcc hands C++ to g++ with the include folders of its headers.
        options = ["-std=c++17", "-O1", "-shared", "-Xcompiler=-fPIC", "-cudart=none"]
        subprocess.run([Nvcc.find().path, *options, HERE / "fake_cudart.cpp", "-o", path], check=True)
        library: Any = ctypes.CDLL(str(path))
        library.fake_calls.restype = ctypes.c_char_p
        return FakeCuda(path, library)

    def builder(self, target: str) -> Builder:
        """Builds libraries that use this runtime."""
        nvcc = replace(Nvcc.find(), runtime_library=self.path)
        return Builder(Target.named(target), nvcc, jobs=1, show_progress=False)

    def reset(self) -> None:
        """One sm_80 device with 1 GiB, and nothing that fails."""
        self.set_devices()
        self.set_memory(1 << 30)
        self.fail(0)
        self.library.fake_break(0)
        self.set_durations([1.0])
        self.library.fake_forget_calls()

    def set_devices(self, count: int = 1, capability: tuple[int, int] = (8, 0), driver: int = 13000) -> None:
        self.library.fake_set_devices(count, *capability, driver)

    def set_memory(self, size: int) -> None:
        self.library.fake_set_memory(ctypes.c_int64(size))

    def fail(self, nth: int, error: int = INVALID_CONFIGURATION) -> None:
        """Let the `nth` call from now on fail; 0: none."""
        self.library.fake_fail(nth, error)

    def break_device(self) -> None:
        """Let every call fail from now on, as after a kernel that wrote where it must not."""
        self.library.fake_break(ILLEGAL_ADDRESS)

    def set_durations(self, microseconds: Sequence[float], event: float = 0) -> None:
        """How long launches take, one after the other and from the first again, and how long recording an event."""
        array = (ctypes.c_float * len(microseconds))(*microseconds)
        self.library.fake_set_durations(array, len(microseconds), ctypes.c_float(event))

    def calls_since(self) -> list[str]:
        """The calls since this was asked last."""
        calls = self.library.fake_calls().decode().split()
        self.library.fake_forget_calls()
        return calls

    @property
    def alive(self) -> int:
        """Blocks of memory, streams, events and graphs that are not freed."""
        return self.library.fake_alive()

    @property
    def launches(self) -> int:
        """Launches that have run."""
        return self.library.fake_launches()
