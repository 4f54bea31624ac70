"""A tuner on this machine's GPUs."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager

from boltir.errors import BoltError
from boltir.profiler.backend.starting import starting_backends
from boltir.profiler.building import LocalBuilder
from boltir.profiler.database import Database
from boltir.profiler.devices import common_device, native_target, runs_on
from boltir.profiler.key import Machine, versions_of
from boltir.profiler.measure import Backend
from boltir.profiler.options import TuningOptions
from boltir.profiler.prepare import FindCandidates, Preparation, all_candidates
from boltir.profiler.tuner import Tuner
from boltir.target import Target

__all__ = ["TuningOptions", "open_tuner", "tuner_on"]


@contextmanager
def open_tuner(
    database: Database, executor: Executor, options: TuningOptions, candidates: FindCandidates = all_candidates
) -> Generator[Tuner]:
    """A tuner, for one call of its `tune`.

    Raises:
        BoltError: a GPU cannot be used or does not run the target, or there is no nvcc.
    """
    with starting_backends(options.devices) as backends:
        yield tuner_on(backends, database, executor, options, candidates)


def tuner_on(
    backends: Sequence[Backend],
    database: Database,
    executor: Executor,
    options: TuningOptions,
    candidates: FindCandidates = all_candidates,
) -> Tuner:
    """A tuner that measures on `backends`, for one call of its `tune`.

    Raises:
        BoltError: a GPU cannot be used or does not run the target, or there is no nvcc.
    """
    facts = common_device(backends)
    target = native_target(facts) if options.target is None else Target.named(options.target)
    if not runs_on(target, facts):
        raise BoltError(f"kernels for {target.name} do not run on it", where=facts.name, hint="leave --target out")
    make_builder = LocalBuilder(target.name)
    machine = Machine(target.name, facts.name, versions_of(make_builder()))
    prepare = Preparation(machine, options.top, candidates, options.explains)
    return Tuner(database, machine, prepare, make_builder, executor, backends, options.budget)
