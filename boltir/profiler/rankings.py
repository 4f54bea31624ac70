"""What is known of templates' speed, in the form in which passes ask for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from boltir.profiler.candidate_text import parse_candidate
from boltir.profiler.database import Database
from boltir.profiler.key import Machine, TuningKey
from boltir.profiler.measurement import Measurement
from boltir.profiler.problem import Kernel, Problem
from boltir.profiler.tuner import Tuner
from boltir.ranking import RankedTemplate, Ranking, Refused
from boltir.target import Target


@dataclass(frozen=True)
class DatabaseRankings:
    """What a database remembers of one machine."""

    database: Database
    machine: Machine

    def rank(self, ops: Sequence[Kernel], target: Target) -> Sequence[Ranking | None]:
        """A ranking for each operation; None for what was not measured, as on another target."""
        if target.name != self.machine.target:
            return [None] * len(ops)
        return [ranking_of(self.database.measurements(TuningKey.of(op, self.machine))) for op in ops]


@dataclass(frozen=True)
class MeasuredRankings:
    """Measures what a tuner's database does not know yet."""

    tuner: Tuner

    def rank(self, ops: Sequence[Kernel], target: Target) -> Sequence[Ranking | None]:
        """A ranking for each operation; None for what has no candidates, or that the budget did not suffice for.

        Raises:
            KeyboardInterrupt: as it says; what was measured by then is in the database.
        """
        known = DatabaseRankings(self.tuner.database, self.tuner.machine)
        if target.name == self.tuner.machine.target:
            result = self.tuner.tune(Counter(map(Problem.of, ops)))
            if result.ended == "interrupted":
                raise KeyboardInterrupt
        return known.rank(ops, target)


@dataclass
class AskedProblems:
    """Knows nothing, and remembers what passes would like to know.

    Attributes:
        problems: with the most often that each occurred in one question.
    """

    problems: Counter[Problem] = field(default_factory=Counter[Problem])

    def rank(self, ops: Sequence[Kernel], target: Target) -> Sequence[Ranking | None]:
        """None for each operation."""
        self.problems |= Counter(map(Problem.of, ops))
        return [None] * len(ops)


def refused_by(database: Database, target: Target) -> Refused:
    """The templates that did wrong on an architecture, whatever the problem was; passes are to leave them alone."""
    known = ((parse_candidate(text), what) for text, what in database.wrongdoers(target.name).items())
    return {candidate[0]: what for candidate, what in known if candidate is not None}


def ranking_of(measurements: Mapping[str, Measurement]) -> Ranking | None:
    """The candidates in the order of their speed, then those that failed; None without any that this version knows."""
    rows: list[RankedTemplate] = []
    for text, measurement in measurements.items():
        candidate = parse_candidate(text)
        if candidate is None:
            continue
        seconds = measurement.seconds if measurement.is_ok else None
        status, note = measurement.status.value, measurement.error
        rows.append(RankedTemplate(*candidate, seconds, measurement.spread, status, note))
    rows.sort(
        key=lambda row: (row.seconds is None, row.seconds or 0.0, str(row.template), sorted(row.arguments.items()))
    )
    return Ranking(tuple(rows)) if rows else None
