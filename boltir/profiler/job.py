"""What there is to do about one problem, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from boltir.cost_model import Estimate
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.profiler.executable import Executable
from boltir.profiler.key import TuningKey
from boltir.profiler.measurement import Measurement
from boltir.profiler.problem import Problem

FINALISTS = 3
CLOSE = 1.05  # times the fastest: so near that another measurement may order them differently


@dataclass(frozen=True)
class Trial:
    """A candidate that can be built and measured.

    Attributes:
        text: what the database calls it.
        estimate: what the cost model expects.
        executable: what runs it; None if it has been measured already.
    """

    text: str
    template: TemplateAttr
    arguments: Mapping[str, int]
    estimate: Estimate
    executable: Executable | None


@dataclass(eq=False)
class Job:
    """A problem with its candidates, the likely fastest first.

    Attributes:
        count: how often the problem occurs.
        rejected: what is no candidate, and why.
        reference: computes the right results; None if there is nothing to check.
        measurements: what is known of candidates, by their texts.
        error: why no candidate can be checked; empty if they can.
        finals: the close ones that were measured once more, side by side; None until that is decided.
    """

    problem: Problem
    key: TuningKey
    count: int
    trials: tuple[Trial, ...]
    rejected: tuple[tuple[str, str], ...]
    reference: Executable | None = None
    measurements: dict[str, Measurement] = field(default_factory=dict[str, Measurement])
    error: str = ""
    finals: list[Trial] | None = None

    @property
    def pending(self) -> list[Trial]:
        """The candidates of which nothing is known and something can be."""
        return [] if self.error else [trial for trial in self.trials if trial.text not in self.measurements]

    @property
    def right(self) -> list[Trial]:
        """The candidates whose results are right, the fastest first."""
        known = self.measurements
        right = [trial for trial in self.trials if trial.text in known and known[trial.text].is_ok]
        return sorted(right, key=self.seconds)

    @property
    def best(self) -> Trial | None:
        """The fastest of the candidates whose results are right."""
        return next(iter(self.right), None)

    def seconds(self, trial: Trial) -> float:
        """The time that was measured for a candidate."""
        return self.measurements[trial.text].seconds

    def contenders(self) -> list[Trial]:
        """The candidates that are too close to each other to tell which is the fastest."""
        right = self.right[:FINALISTS]
        close = [trial for trial in right if self.seconds(trial) <= CLOSE * self.seconds(right[0])]
        return close if len(close) > 1 else []
