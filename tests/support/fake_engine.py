"""What a worker process measures with in tests: each candidate does what its kernel's name says."""

from __future__ import annotations

import os
import signal
import sys
import time

from boltir.errors import BoltError
from boltir.profiler.measure import Built, DeviceFacts, Workload
from boltir.profiler.measurement import Measurement, Status


class FakeEngine:
    def __init__(self, ordinal: int) -> None:
        if ordinal > 1:
            raise BoltError(f"there is no NVIDIA GPU {ordinal} to run on")
        self._loads = 0

    def facts(self) -> DeviceFacts:
        return DeviceFacts("Fake GPU", 90)

    def load(self, workload: Workload) -> None:
        if workload.name == "hopeless":
            raise BoltError("out of memory")
        self._loads += 1

    def measure(self, candidate: Built, fastest: float | None) -> Measurement:
        match candidate.executable.kernels[0].name:
            case "hangs":
                time.sleep(1000)
            case "dies":
                print("an unaligned access", file=sys.stderr, flush=True)
                os.kill(os.getpid(), signal.SIGSEGV)
            case "raises":
                raise BoltError("a launch failed with CUDA error 700")
            case "buggy":
                raise ZeroDivisionError("division by zero")
            case _:
                pass
        return Measurement(Status.OK, 1e-6, samples=self._loads)
