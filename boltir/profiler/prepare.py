"""From a problem to what can be tried: legal candidates, lowered as far as building them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from boltir.dialects.cutlass import CHOICE_ATTRIBUTE, ChoiceAttr
from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.fused import ChainOp
from boltir.dialects.fused.chain import ResidenceAttr
from boltir.errors import BoltError
from boltir.profiler.candidate_text import candidate_text
from boltir.profiler.candidates import AnyCandidate, Candidates, candidates_for
from boltir.profiler.executable import Executable
from boltir.profiler.job import Job, Trial
from boltir.profiler.key import Machine, TuningKey
from boltir.profiler.lower_problem import lower_problem
from boltir.profiler.measurement import Measurement
from boltir.profiler.options import DEFAULT_TOP
from boltir.profiler.problem import Problem, kernels_of
from boltir.profiler.reference import reference
from boltir.profiler.remembered import remembered_candidates
from boltir.target import Target

FindCandidates = Callable[[Problem, Target], Candidates]
"""What can be tried for a problem."""


def all_candidates(problem: Problem, target: Target) -> Candidates:
    """Everything that can be tried for a problem.

    Raises:
        BoltError: cutlass_library is not installed.
    """
    return candidates_for(problem.op, target)


@dataclass(frozen=True)
class Preparation:
    """Makes jobs of problems.

    Attributes:
        top: how many candidates of each are measured; where so many have been, nothing is looked for.
        candidates: finds them.
        explains: whether to say of what is no candidate why, also where enough has been measured already.
    """

    machine: Machine
    top: int = DEFAULT_TOP
    candidates: FindCandidates = all_candidates
    explains: bool = False

    def __call__(self, problem: Problem, count: int, known: Mapping[str, Measurement]) -> Job:
        """The job that a problem is, of which something may be known from earlier.

        What cannot be lowered is rejected, with the reason.
        """
        target = Target.named(self.machine.target)
        candidates = self._candidates(problem, known, target)
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

    def _candidates(self, problem: Problem, known: Mapping[str, Measurement], target: Target) -> Candidates:
        """What is to be found or, where anything would do, only the known ones if these are enough."""
        if self.candidates is all_candidates and len(known) >= self.top and not self.explains:
            remembered = remembered_candidates(problem.op, known, target)
            if len(remembered) >= self.top:
                return Candidates(remembered, ())
        return self.candidates(problem, target)

    def _worth_a_row(
        self, candidates: Sequence[AnyCandidate], known: Mapping[str, Measurement]
    ) -> Iterator[tuple[str, AnyCandidate]]:
        """The first candidates and all known ones, with their texts."""
        unmet = set(known)
        for rank, candidate in enumerate(candidates):
            if rank >= self.top and not unmet:
                return
            text = candidate_text(candidate.template, candidate.arguments)
            unmet.discard(text)
            if rank < self.top or text in known:
                yield text, candidate


def _lowered(problem: Problem, candidate: AnyCandidate, target: Target) -> Executable:
    choice = ChoiceAttr.of(candidate.template, candidate.arguments)

    def choose(module: ModuleOp) -> None:
        for op in kernels_of(module):
            op.attributes[CHOICE_ATTRIBUTE] = choice
            if isinstance(op, ChainOp) and isinstance(candidate.template, ChainAttr):
                op.residence = ResidenceAttr(candidate.template.intermediates)

    return lower_problem(problem, target, choose)
