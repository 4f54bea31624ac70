"""What `bolt-compile --templates` takes templates from besides the cost model: a database, or measurements made now."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from boltir.errors import BoltError
from boltir.target import Target

if TYPE_CHECKING:
    from boltir.profiler.database import Database
    from boltir.ranking import Rankings


@contextmanager
def rankings_from(source: str, path: Path | None, target: str) -> Generator[Rankings | None]:
    """What is known for the block: nothing, what the database at `path` remembers, or that and what a GPU says.

    Raises:
        BoltError: the database cannot be used; there is no GPU to measure on, or no telling which one was measured on.
    """
    if source == "heuristic":
        if path is not None:
            hint = "--templates database uses what is in it"
            raise BoltError("the cost model needs no database", where="--tuning-db", hint=hint)
        yield None
        return
    from boltir.profiler.database import Database
    from boltir.profiler.locations import default_database, with_folder

    with ExitStack() as stack:
        database = stack.enter_context(Database(path or with_folder(default_database()), create=source == "measured"))
        if source == "database":
            yield _remembered(database, target)
            return
        from boltir.profiler.executors import building_on
        from boltir.profiler.local import TuningOptions, open_tuner
        from boltir.profiler.rankings import MeasuredRankings

        executor = stack.enter_context(building_on(None))
        yield MeasuredRankings(stack.enter_context(open_tuner(database, executor, TuningOptions(target))))


def _remembered(database: Database, target: str) -> Rankings:
    from boltir.profiler.building import LocalBuilder
    from boltir.profiler.devices import tuned_device
    from boltir.profiler.key import Machine, versions_of
    from boltir.profiler.rankings import DatabaseRankings

    device = tuned_device(database, Target.named(target))
    return DatabaseRankings(database, Machine(target, device, versions_of(LocalBuilder(target)())))
