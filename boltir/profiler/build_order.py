"""Which kernels to build first, so that the best so far is good whenever tuning ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from boltir.profiler.building import is_slow_to_build
from boltir.profiler.job import Job, Trial
from boltir.runtime.kernel_source import KernelSource

DIMINISHING = 0.5  # what another candidate of a problem is worth, against the one before it
DOUBT = 8  # how fast a candidate loses worth with its expected time: 10% longer halves it
QUICK = 0.2  # the time to build a 2.x kernel, against one of 3.x

Unit = tuple[str, ...]
"""The kernels of a candidate, by their keys."""


def build_order(jobs: Sequence[Job], key_of: Callable[[KernelSource], str]) -> list[KernelSource]:
    """The kernels of all candidates that are not measured, the most useful first.

    Greedy: a kernel is worth the time that its problems take in a run, the less the more of their candidates are
    there already and the slower the cost model expects it to be, over the time to build it. So one that serves many
    problems comes early, and no problem waits for another's last candidates.
    """
    uses, sources = _uses(jobs, key_of)
    chosen: Counter[Job] = Counter()
    best = {job: min(trial.estimate.seconds for trial in job.pending) for job in jobs if job.pending}

    def worth(unit: Unit) -> float:
        gain = sum(
            job.count * best[job] * DIMINISHING ** chosen[job] * (best[job] / trial.estimate.seconds) ** DOUBT
            for job, trial in uses[unit]
        )
        return gain / sum(1.0 if is_slow_to_build(sources[key]) else QUICK for key in unit)

    order: list[KernelSource] = []
    waiting = list(uses)
    while waiting:
        unit = max(waiting, key=worth)
        waiting.remove(unit)
        order += (sources[key] for key in unit)
        chosen.update(job for job, _ in uses[unit])
    return order


def _uses(
    jobs: Iterable[Job], key_of: Callable[[KernelSource], str]
) -> tuple[dict[Unit, list[tuple[Job, Trial]]], dict[str, KernelSource]]:
    """The candidates that the same kernels serve, and the kernels by their keys."""
    uses: dict[Unit, list[tuple[Job, Trial]]] = {}
    sources: dict[str, KernelSource] = {}
    for job in jobs:
        for trial in job.pending:
            if trial.executable is None:
                continue
            keyed = {key_of(kernel): kernel for kernel in trial.executable.kernels}
            sources.update(keyed)
            uses.setdefault(tuple(keyed), []).append((job, trial))
    return uses, sources
