"""Which kernel to build and which candidate to measure next: the tuner's state, without threads or clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from boltir.profiler.build_order import build_order
from boltir.profiler.building import BuildFailure, BuildOutcome
from boltir.profiler.executable import Entry, Executable
from boltir.profiler.job import Job, Trial
from boltir.profiler.measure import Built, Workload
from boltir.runtime.kernel_source import KernelSource


@cache
def check_kernels() -> tuple[KernelSource, KernelSource]:
    """The kernels that make up data and compare results."""
    folder = files("boltir.profiler.backend")
    fill, compare = (KernelSource(name, folder.joinpath(f"{name}.cu").read_text()) for name in ("fill", "compare"))
    return fill, compare


@dataclass(frozen=True)
class Batch:
    """Candidates of one problem to measure on one device, one after another.

    Attributes:
        fastest: seconds of the fastest one so far; None where all are to be measured precisely.
    """

    job: Job
    trials: tuple[Trial, ...]
    workload: Workload
    candidates: tuple[Built, ...]
    fastest: float | None


class Schedule:
    """What is to be built and measured of some jobs, the ones that matter most first."""

    def __init__(self, jobs: Sequence[Job], key_of: Callable[[KernelSource], str]) -> None:
        """`key_of` gives the identity of a kernel."""
        self.jobs = jobs
        self.trials = sum(len(job.pending) for job in jobs)
        self._open = [job for job in jobs if job.pending]
        self._key_of = cache(key_of)
        self._entries: dict[str, Entry] = {}
        self._failures: dict[str, BuildFailure] = {}
        self._busy: set[Job] = set()
        self._workloads: dict[Job, Workload] = {}

    def kernels(self) -> list[KernelSource]:
        """The kernels to build: those that compute right results, then those of candidates."""
        needed = [kernel for job in self._open for kernel in self._checks_of(job)]
        needed += build_order(self._open, self._key_of)
        return list({self._key_of(kernel): kernel for kernel in needed}.values())

    def built(self, outcome: BuildOutcome) -> Iterator[tuple[Job, Trial, BuildFailure]]:
        """Take note of built kernels; gives the candidates that cannot run, with the reason."""
        self._entries.update(outcome.entries)
        self._failures.update(outcome.failures)
        for job in self._open if outcome.failures else ():
            unchecked = self._failure(self._checks_of(job))
            if unchecked is not None:
                job.error = job.error or unchecked.reason
            for trial in job.pending:
                failure = self._failure(_kernels(trial.executable))
                if failure is not None:
                    yield job, trial, failure

    def next_batch(self, last: Job | None) -> Batch | None:
        """What a device can measure now, of the problem that it has loaded if there is anything; None for nothing."""
        for job in sorted(self._open, key=lambda job: job is not last):
            if job in self._busy or not self._has(self._checks_of(job)):
                continue
            trials, fastest = self._ready(job.pending), job.seconds(job.best) if job.best is not None else None
            if not job.pending and not job.error and job.finals is None:
                trials, fastest = self._ready(job.contenders()), None
                trials = job.finals = trials if len(trials) > 1 else []
            if trials:
                self._busy.add(job)
                candidates = tuple(self._built(trial.executable) for trial in trials)
                return Batch(job, tuple(trials), self._workload(job), candidates, fastest)
        return None

    def idle(self, batch: Batch) -> None:
        """A device is done with `batch`."""
        self._busy.discard(batch.job)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to build, to measure or to wait for."""
        return not self._busy and all(job.error or job.finals is not None for job in self._open)

    @property
    def measured(self) -> int:
        """How many of `trials` are known by now, or never will be."""
        return self.trials - sum(len(job.pending) for job in self._open)

    @property
    def built_kernels(self) -> int:
        return len(self._entries) + len(self._failures)

    def _checks_of(self, job: Job) -> tuple[KernelSource, ...]:
        """What is needed to check any candidate."""
        return (*check_kernels(), *_kernels(job.reference))

    def _ready(self, trials: Iterable[Trial]) -> list[Trial]:
        """Those that can be measured now; never one that was measured by another process, which has its kernels."""
        return [trial for trial in trials if trial.executable is not None and self._has(trial.executable.kernels)]

    def _has(self, kernels: Iterable[KernelSource]) -> bool:
        return all(self._key_of(kernel) in self._entries for kernel in kernels)

    def _failure(self, kernels: Iterable[KernelSource]) -> BuildFailure | None:
        return next((self._failures[key] for key in map(self._key_of, kernels) if key in self._failures), None)

    def _built(self, executable: Executable | None) -> Built:
        assert executable is not None
        return Built(executable, tuple(self._entries[self._key_of(kernel)] for kernel in executable.kernels))

    def _workload(self, job: Job) -> Workload:
        """The same object every time, by which a backend knows what it has loaded."""
        if job not in self._workloads:
            fill, compare = (self._entries[self._key_of(kernel)] for kernel in check_kernels())
            self._workloads[job] = Workload(job.problem.summary, self._built(job.reference), fill, compare)
        return self._workloads[job]


def _kernels(executable: Executable | None) -> tuple[KernelSource, ...]:
    return () if executable is None else executable.kernels
