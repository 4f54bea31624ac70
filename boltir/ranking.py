"""Templates in the order of their speed: how what was measured reaches the passes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from boltir.dialects.cutlass import TemplateAttr
from boltir.dialects.fused import ChainOp, FusedOp
from boltir.target import Target

SOURCES = ("heuristic", "database", "measured")
"""Where the times come from: the cost model, what was measured before, or what is measured meanwhile."""


@dataclass(frozen=True)
class RankedTemplate:
    """One way to run an operation.

    Attributes:
        template: the instantiation.
        arguments: the values of its `launch_parameters`.
        seconds: the median time of a launch; None if it was not measured.
        spread: how far the times were apart, relative to the median.
        status: `ok`, or what went wrong in one word; empty if it was not measured.
        note: what went wrong, or why it was not measured.
    """

    template: TemplateAttr
    arguments: Mapping[str, int]
    seconds: float | None
    spread: float = 0.0
    status: str = "ok"
    note: str = ""


@dataclass(frozen=True)
class Ranking:
    """The ways to run an operation, the fastest first; only those whose status is `ok` may be chosen."""

    rows: tuple[RankedTemplate, ...]


class Rankings(Protocol):
    """Where rankings come from: a database, or measurements made now."""

    def rank(self, ops: Sequence[FusedOp | ChainOp], target: Target) -> Sequence[Ranking | None]:
        """A ranking for each operation; None for what was not measured."""
        ...


Refused = Mapping[TemplateAttr, str]
"""Templates whose kernels were seen to compute wrong results, or to crash, with what was wrong."""
