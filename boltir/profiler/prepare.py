"""From a problem to what can be tried: legal candidates, lowered as far as building them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from boltir.dialects.cutlass import CHOICE_ATTRIBUTE, ChoiceAttr
from boltir.errors import BoltError
from boltir.profiler.candidate_text import candidate_text
from boltir.profiler.candidates import Candidate, candidates_for
from boltir.profiler.executable import Executable
from boltir.profiler.job import Job, Trial
from boltir.profiler.key import Machine, TuningKey
from boltir.profiler.lower_problem import lower_problem
from boltir.profiler.measurement import Measurement
from boltir.profiler.problem import Problem, kernels_of
from boltir.profiler.reference import reference
from boltir.target import Target

DEFAULT_TOP = 10
"""How many of the candidates that the cost model thinks fastest are measured."""


@dataclass(frozen=True)
class Preparation:
    """Makes jobs of problems.

    Attributes:
        top: how many candidates of each are measured, besides those that have been.
    """

    machine: Machine
    top: int = DEFAULT_TOP

    def __call__(self, problem: Problem, count: int, known: Mapping[str, Measurement]) -> Job:
        """The job that a problem is, of which something may be known from earlier.

        What cannot be lowered is rejected, with the reason.
        """
        target = Target.named(self.machine.target)
        candidates = candidates_for(problem.op, target)
        rejected = [(rejection.what, rejection.reason) for rejection in candidates.rejected]
        trials: list[Trial] = []
        for text, candidate in self._worth_a_row(candidates.legal, known):
            try:
                lowered = None if text in known else _lowered(problem, candidate, target)
                trials.append(Trial(text, candidate.template, candidate.arguments, candidate.estimate, lowered))
            except BoltError as error:
                rejected.append((str(candidate.template), str(error)))
        job = Job(problem, TuningKey.for_problem(problem, self.machine), count, tuple(trials), tuple(rejected))
        job.measurements.update(known)
        if job.pending:
            try:
                job.reference = reference(problem, target)
            except BoltError as error:
                job.error = str(error)
        return job

    def _worth_a_row(
        self, candidates: Sequence[Candidate], known: Mapping[str, Measurement]
    ) -> Iterator[tuple[str, Candidate]]:
        """The first candidates and all known ones, with their texts."""
        unmet = set(known)
        for rank, candidate in enumerate(candidates):
            if rank >= self.top and not unmet:
                return
            text = candidate_text(candidate.template, candidate.arguments)
            unmet.discard(text)
            if rank < self.top or text in known:
                yield text, candidate


def _lowered(problem: Problem, candidate: Candidate, target: Target) -> Executable:
    choice = ChoiceAttr.of(candidate.template, candidate.arguments)

    def choose(module: ModuleOp) -> None:
        for op in kernels_of(module):
            op.attributes[CHOICE_ATTRIBUTE] = choice

    return lower_problem(problem, target, choose)
