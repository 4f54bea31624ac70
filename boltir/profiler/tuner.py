"""Finds the fastest candidates by measuring: whatever ends it, the best so far is known and nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import Literal, Protocol

from boltir.errors import BoltError
from boltir.profiler.building import BuildOutcome, KernelBuilds, MakeBuilder
from boltir.profiler.database import Database
from boltir.profiler.interrupt import interrupt_wish
from boltir.profiler.job import Job, Trial
from boltir.profiler.key import Machine, TuningKey
from boltir.profiler.measure import Backend, ReferenceFailedError
from boltir.profiler.measurement import Measurement, Status
from boltir.profiler.problem import Problem
from boltir.profiler.schedule import Batch, Schedule

_TICK = 0.2  # seconds between two looks at the clock
_PREPARING = 0.5  # the part of the budget after which measuring begins, whatever is not prepared


@dataclass(frozen=True)
class Progress:
    """How far tuning is: candidates measured and kernels built, of how many, and seconds until it ends, if known."""

    measured: int
    trials: int
    built: int
    kernels: int
    seconds_left: float | None


class Listener(Protocol):
    """Who is told what happens while it happens."""

    def progress(self, progress: Progress) -> None: ...
    def measured(self, problem: Problem, candidate: str, measurement: Measurement) -> None: ...


class Silent:
    """Tells nobody."""

    def progress(self, progress: Progress) -> None: ...
    def measured(self, problem: Problem, candidate: str, measurement: Measurement) -> None: ...


Ending = Literal["done", "budget", "interrupted"]


@dataclass(frozen=True)
class TuningResult:
    """What is known when tuning ends: every problem with its candidates, and why it ended."""

    jobs: tuple[Job, ...]
    ended: Ending


Prepare = Callable[[Problem, int, Mapping[str, Measurement]], Job]
"""What there is to do about a problem that occurs so often, and of which so much is known."""


@dataclass(frozen=True)
class _Measured:
    job: Job
    trial: Trial
    measurement: Measurement


@dataclass(frozen=True)
class _Idle:
    """A device has done what it was given, or could not: then `error` says why."""

    device: int
    batch: Batch
    error: BoltError | None = None


@dataclass
class Tuner:
    """Measures candidates of problems on devices of one kind.

    Attributes:
        executor: builds kernels.
        backends: the devices.
        budget: seconds; None for as long as it takes.
    """

    database: Database
    machine: Machine
    prepare: Prepare
    make_builder: MakeBuilder
    executor: Executor
    backends: Sequence[Backend]
    budget: float | None = None

    def tune(self, problems: Mapping[Problem, int], listener: Listener | None = None) -> TuningResult:
        """Measure what is not known yet, what matters most first.

        Ends when all is measured, when the budget is spent, or at Ctrl-C. What has been measured by then is in the
        database and in the result. Where half of the budget does not suffice to find out what to measure, the result
        has only the problems, one at least, that it did suffice for.

        Args:
            problems: with how often each occurs.
            listener: is told what happens.

        Raises:
            BoltError: no device can be used any more, or the database cannot.
        """
        start, jobs = time.monotonic(), list[Job]()
        with interrupt_wish() as interrupted:
            ended: Ending = "done"
            for problem, count in problems.items():
                if interrupted.is_set():
                    return TuningResult(tuple(jobs), "interrupted")
                if not self._may_prepare(jobs, start):
                    ended = "budget"
                    break
                known = self.database.measurements(TuningKey.for_problem(problem, self.machine))
                jobs.append(self.prepare(problem, count, known))
            jobs.sort(key=lambda job: -job.count * min((trial.estimate.seconds for trial in job.trials), default=0.0))
            if any(job.pending for job in jobs):
                with TemporaryDirectory(prefix="bolt-tune-") as folder:
                    measured = _Run(self, jobs, Path(folder), start, listener or Silent()).run(interrupted)
                ended = ended if measured == "done" else measured
        return TuningResult(tuple(jobs), ended)

    def _may_prepare(self, jobs: Sequence[Job], start: float) -> bool:
        """Whether there is time for another problem; what there is to measure already must not wait for ever."""
        if self.budget is None or not jobs:
            return True
        part = _PREPARING if any(job.pending for job in jobs) else 1.0
        return time.monotonic() - start < part * self.budget


class _Run:
    """The threads of one call of `tune`, whose events the calling thread takes in turn."""

    def __init__(self, tuner: Tuner, jobs: Sequence[Job], folder: Path, start: float, listener: Listener) -> None:
        self._tuner = tuner
        self._start = start
        self._listener = listener
        self._events: SimpleQueue[BuildOutcome | _Measured | _Idle] = SimpleQueue()
        self._builds = KernelBuilds(tuner.make_builder, tuner.executor, folder, self._events.put)
        self._schedule = Schedule(jobs, self._builds.key_of)
        self._free: dict[int, Job | None] = dict.fromkeys(range(len(tuner.backends)))
        self._devices = ThreadPoolExecutor(len(tuner.backends))
        self._devices_left = len(tuner.backends)
        self._kernels = 0

    def run(self, interrupted: threading.Event) -> Ending:
        """Measure until one of the endings.

        Raises:
            BoltError: the last device, or the database, has failed.
        """
        try:
            for backend in self._tuner.backends:
                backend.start()
            kernels = self._schedule.kernels()
            self._kernels = len(kernels)
            self._builds.start(kernels)
            while not self._schedule.is_done:
                if interrupted.is_set():
                    return "interrupted"
                left = self._budget_left()
                if left is not None and left <= 0:
                    return "budget"
                self._assign()
                self._wait(_TICK if left is None else min(left, _TICK))
                self._listener.progress(self._progress())
            return "done"
        finally:
            self._stop()

    def _assign(self) -> None:
        for device, last in list(self._free.items()):
            batch = self._schedule.next_batch(last)
            if batch is not None:
                del self._free[device]
                self._devices.submit(self._measure, device, batch)

    def _measure(self, device: int, batch: Batch) -> None:
        """What a device's thread does."""
        error = None
        try:
            measurements = self._tuner.backends[device].measure(batch.workload, batch.candidates, batch.fastest)
            for trial, measurement in zip(batch.trials, measurements, strict=True):
                self._events.put(_Measured(batch.job, trial, measurement))
        except BoltError as failure:
            error = failure
        except Exception as failure:
            error = BoltError(f"measuring ended early: {type(failure).__name__}: {failure}")
        self._events.put(_Idle(device, batch, error))

    def _wait(self, seconds: float) -> None:
        """Take in what happens next, if it happens soon."""
        try:
            event = self._events.get(timeout=seconds)
        except Empty:
            return
        match event:
            case BuildOutcome():
                for job, trial, failure in self._schedule.built(event):
                    measurement = Measurement(Status.BUILD_FAILED, error=failure.reason)
                    self._record(job, trial, measurement, for_good=failure.is_lasting)
            case _Measured():
                self._record(event.job, event.trial, event.measurement)
            case _Idle():
                self._released(event)

    def _released(self, event: _Idle) -> None:
        self._schedule.idle(event.batch)
        if isinstance(event.error, ReferenceFailedError):
            event.batch.job.error = str(event.error)
        elif event.error is not None:
            self._devices_left -= 1
            if self._devices_left == 0:
                raise event.error
            return
        self._free[event.device] = event.batch.job

    def _record(self, job: Job, trial: Trial, measurement: Measurement, *, for_good: bool = True) -> None:
        """Take note of a measurement, also in the database if the next run may believe it."""
        job.measurements[trial.text] = measurement
        if for_good:
            self._tuner.database.record(job.key, trial.text, measurement)
        self._listener.measured(job.problem, trial.text, measurement)

    def _stop(self) -> None:
        """End all that runs, and keep what it has measured by now."""
        for backend in self._tuner.backends:
            backend.stop()
        self._builds.cancel()
        self._devices.shutdown()
        while not self._events.empty():
            event = self._events.get()
            if isinstance(event, _Measured):
                self._record(event.job, event.trial, event.measurement)

    def _budget_left(self) -> float | None:
        budget = self._tuner.budget
        return None if budget is None else budget - (time.monotonic() - self._start)

    def _progress(self) -> Progress:
        schedule, elapsed, budget = self._schedule, time.monotonic() - self._start, self._budget_left()
        steps = schedule.trials + self._kernels
        done = schedule.measured + schedule.built_kernels
        rest = elapsed * (steps - done) / done if done else None
        left = rest if budget is None else budget if rest is None else min(rest, budget)
        return Progress(schedule.measured, schedule.trials, schedule.built_kernels, self._kernels, left)
