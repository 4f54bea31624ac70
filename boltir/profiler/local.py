"""A tuner on this machine's GPUs."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from boltir.errors import BoltError
from boltir.profiler.backend.process import WorkerBackend
from boltir.profiler.building import LocalBuilder
from boltir.profiler.database import Database
from boltir.profiler.devices import common_device, native_target, runs_on
from boltir.profiler.key import Machine, versions_of
from boltir.profiler.prepare import DEFAULT_TOP, Preparation
from boltir.profiler.tuner import Tuner
from boltir.target import Target


@dataclass(frozen=True)
class TuningOptions:
    """How to tune.

    Attributes:
        target: the architecture to compile for; None for the GPU's.
        devices: the GPUs to measure on, which are all of one kind.
        top: candidates per problem.
        budget: seconds; None for as long as it takes.
    """

    target: str | None = None
    devices: Sequence[int] = (0,)
    top: int = DEFAULT_TOP
    budget: float | None = None


@contextmanager
def open_tuner(database: Database, executor: Executor, options: TuningOptions) -> Generator[Tuner]:
    """A tuner, for one call of its `tune`.

    Raises:
        BoltError: a GPU cannot be used or does not run the target, or there is no nvcc.
    """
    with ExitStack() as stack:
        backends = [WorkerBackend(device) for device in options.devices]
        for backend in backends:
            stack.callback(backend.close)
        facts = common_device(backends)
        target = native_target(facts) if options.target is None else Target.named(options.target)
        if not runs_on(target, facts):
            raise BoltError(f"kernels for {target.name} do not run on it", where=facts.name, hint="leave --target out")
        make_builder = LocalBuilder(target.name)
        machine = Machine(target.name, facts.name, versions_of(make_builder()))
        prepare = Preparation(machine, options.top)
        yield Tuner(database, machine, prepare, make_builder, executor, backends, options.budget)
