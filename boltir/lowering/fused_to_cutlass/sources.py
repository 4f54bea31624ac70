"""Where the times come from by which passes choose templates: the option `source`."""

from xdsl.context import Context

from boltir.context import rankings_of
from boltir.errors import BoltError
from boltir.ranking import SOURCES, Rankings


def rankings_from(source: str, ctx: Context) -> Rankings | None:
    """What was measured, from the rankings of a pass's context; None for `heuristic`, the cost model.

    Raises:
        BoltError: there is no such source, or the context has no rankings.
    """
    if source not in SOURCES:
        raise BoltError(f"unknown source of templates '{source}'", hint=f"one of {', '.join(SOURCES)}")
    if source == "heuristic":
        return None
    rankings = rankings_of(ctx)
    if rankings is None:
        raise BoltError(
            f"there is nothing to take {source} templates from", hint="give a database, as bolt-compile can"
        )
    return rankings
