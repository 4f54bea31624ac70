"""Building the kernels of the tuning benchmark while something else has the GPU."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory

from tuning_problems import Case

from boltir.profiler.building import BuildOutcome, KernelBuilds
from boltir.profiler.database import Database
from boltir.profiler.executors import building_on
from boltir.profiler.local import TuningOptions, open_tuner
from boltir.profiler.schedule import Schedule

WEIGHT_SECONDS = 1e-2
"""Cases count as if each took so long in a network: none is built before the others because its kernels are slow."""


def prebuild(cases: Sequence[Case], top: int, seconds: float | None) -> int:
    """Put the kernels of the first `top` candidates of each case into the compile cache, the most useful first.

    Returns how many there are after so many seconds, or when all are.
    """
    end = None if seconds is None else time.monotonic() + seconds
    outcomes: SimpleQueue[BuildOutcome] = SimpleQueue()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="tuning-")))
        database = stack.enter_context(Database(folder / "empty.db"))
        executor = stack.enter_context(building_on(None))
        tuner = stack.enter_context(open_tuner(database, executor, TuningOptions(top=top)))
        jobs = [tuner.prepare(case.problem(), 1, {}) for case in cases]
        for job in jobs:
            job.count = max(1, round(WEIGHT_SECONDS / min(trial.estimate.seconds for trial in job.trials)))
        builds = KernelBuilds(tuner.make_builder, executor, folder, outcomes.put)
        kernels = Schedule(jobs, builds.key_of).kernels()
        builds.start(kernels)
        built = 0
        while built < len(kernels):
            try:
                outcome = outcomes.get(timeout=None if end is None else max(0.0, end - time.monotonic()))
            except Empty:
                break
            built += len(outcome.entries) + len(outcome.failures)
        builds.cancel()
    print(f"{built} of {len(kernels)} kernels are built", flush=True)
    return built
