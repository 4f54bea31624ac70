"""A device behind a worker process, which a candidate may take down with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing.connection import Connection
from threading import Lock
from typing import IO, Any

from boltir.errors import BoltError, one_line
from boltir.profiler.backend.identity import identify
from boltir.profiler.measure import Built, DeviceFacts, ReferenceFailedError, Workload
from boltir.profiler.measurement import Measurement, Status

GPU_ENGINE = "boltir.profiler.backend.gpu:GpuEngine"
START_LIMIT = 60.0  # seconds to import, to make a context, to load a problem
CANDIDATE_LIMIT = 15.0  # seconds to check and to time one candidate


class WorkerDiedError(Exception):
    """The worker process ended without an answer."""


class WorkerTimeoutError(Exception):
    """The worker gave no answer in time."""


@dataclass
class Worker:
    """One process, the connection to it, and what it writes to stderr."""

    process: subprocess.Popen[bytes]
    connection: Connection[Any, Any]
    errors: IO[bytes]

    @staticmethod
    def start(engine: str, device: int) -> Worker:
        ours, theirs = socket.socketpair()
        errors = os.fdopen(os.memfd_create("stderr"), "w+b")
        command = [sys.executable, "-m", "boltir.profiler.backend.worker", engine, str(device), str(theirs.fileno())]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=(theirs.fileno(),),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # the terminal's Ctrl-C is the tuner's
        )
        theirs.close()
        return Worker(process, Connection(ours.detach()), errors)

    def ask(self, request: tuple[Any, ...], limit: float) -> Any:
        """The worker's answer.

        Raises:
            WorkerTimeoutError: there is none after `limit` seconds.
            WorkerDiedError: there will be none; with the reason.
        """
        try:
            self.connection.send(request)
            if not self.connection.poll(limit):
                raise WorkerTimeoutError(f"no answer after {limit:g} s")
            return self.connection.recv()
        except (EOFError, OSError):
            raise WorkerDiedError(self._last_words()) from None

    def kill(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()

    def close(self) -> None:
        self.kill()
        self.process.wait()
        self.connection.close()
        self.errors.close()

    def _last_words(self) -> str:
        status = self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        return one_line(": ".join([how, *lines[-1:]]), 300)


@dataclass
class WorkerBackend:
    """Measures on one device, in a process that is started when it is needed and again after every failure.

    Attributes:
        device: its number, as CUDA counts.
        engine: what the worker measures with, as `module:class`.
    """

    device: int = 0
    engine: str = GPU_ENGINE
    start_limit: float = START_LIMIT
    candidate_limit: float = CANDIDATE_LIMIT
    _worker: Worker | None = None
    _loaded: Workload | None = None
    _stopped: bool = False
    _lock: Lock = field(default_factory=Lock)

    @cached_property
    def _known(self) -> DeviceFacts | None:
        """What the device is, if that can be told without the process."""
        return identify(self.device) if self.engine == GPU_ENGINE else None

    def launch(self) -> None:
        """Start the process without waiting for it, unless what the device is can be told without one."""
        if self._known is not None:
            return
        with self._lock:
            if self._worker is None:
                self._worker, self._loaded = Worker.start(self.engine, self.device), None

    def facts(self) -> DeviceFacts:
        return self.ask_facts() if self._known is None else self._known

    def ask_facts(self) -> DeviceFacts:
        """What the process says the device is.

        Raises:
            BoltError: the device cannot be used.
        """
        try:
            return self._ask(("facts",), self.start_limit)
        except (WorkerDiedError, WorkerTimeoutError) as error:
            self._drop()
            raise BoltError(f"cannot measure on it: {error}", where=f"GPU {self.device}") from None

    def measure(self, workload: Workload, candidates: Sequence[Built], fastest: float | None) -> Iterator[Measurement]:
        for candidate in candidates:
            try:
                measurement = self._measure(workload, candidate, fastest)
            except BoltError:
                if self._stopped:
                    return
                raise
            if self._stopped:
                return
            if measurement.is_ok:
                fastest = measurement.seconds if fastest is None else min(fastest, measurement.seconds)
            yield measurement

    def start(self) -> None:
        self._drop()
        self._stopped = False

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            if self._worker is not None:
                self._worker.kill()

    def close(self) -> None:
        """End the process."""
        self.stop()
        self._drop()

    def _measure(self, workload: Workload, candidate: Built, fastest: float | None) -> Measurement:
        if self._loaded is not workload:
            self._load(workload)
        try:
            return self._ask(("measure", candidate, fastest), self.candidate_limit)
        except WorkerTimeoutError as error:
            self._drop()
            return Measurement(Status.TIMEOUT, error=str(error))
        except (BoltError, WorkerDiedError) as error:
            self._drop()
            return Measurement(Status.CRASHED, error=one_line(str(error), 300))

    def _load(self, workload: Workload) -> None:
        """Give the process a problem.

        Raises:
            BoltError: the device cannot be used any more.
            ReferenceFailedError: it can, but not for this problem.
        """
        self._loaded = None
        try:
            self._ask(("load", workload), self.start_limit)
        except (BoltError, WorkerDiedError, WorkerTimeoutError) as error:
            self._drop()
            self.ask_facts()
            raise ReferenceFailedError(f"the reference fails: {error}", where=workload.name) from None
        self._loaded = workload

    def _ask(self, request: tuple[Any, ...], limit: float) -> Any:
        with self._lock:
            if self._stopped:
                raise WorkerDiedError("stopped")
            if self._worker is None:
                self._worker, self._loaded = Worker.start(self.engine, self.device), None
        answer = self._worker.ask(request, limit)
        if isinstance(answer, BoltError):
            raise answer
        return answer

    def _drop(self) -> None:
        """Start anew for what comes next: after a failure, a context on the GPU is good for nothing."""
        with self._lock:
            worker, self._worker, self._loaded = self._worker, None, None
        if worker is not None:
            worker.close()
