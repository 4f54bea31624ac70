"""The legal templates of a chain, those first that the cost model expects to be the fastest."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from xdsl.utils.exceptions import VerifyException

from boltir.cost_model import Estimate, estimate
from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.cutlass.matrix import Math
from boltir.lowering.fused_to_cutlass.chains.problem import ChainProblem, legal_selection_of
from boltir.lowering.fused_to_cutlass.chains.tables import attempts
from boltir.lowering.fused_to_cutlass.family import Rejection
from boltir.lowering.fused_to_cutlass.selection import Refusal
from boltir.target import Target

SHOWN = 3
"""Rules that a refusal names."""


@dataclass(frozen=True)
class ChainCandidate:
    """A legal template with the values of its launch parameters, and what the cost model expects of them."""

    template: ChainAttr
    arguments: Mapping[str, int]
    estimate: Estimate


@dataclass(frozen=True)
class ChainRanking:
    """Legal templates, those first that the cost model expects to be the fastest, and the others with the rules that
    they break: `misfits` the rules of this chain, `malformed` those among parameters.
    """

    candidates: tuple[ChainCandidate, ...]
    misfits: tuple[Rejection, ...]
    malformed: tuple[Rejection, ...]

    @property
    def refusal(self) -> str:
        """Why there is no template: the rules that are broken most often."""
        rejected = self.misfits or self.malformed
        counts = Counter(rejection.reason for rejection in rejected).most_common(SHOWN)
        if len(counts) == 1:
            return counts[0][0]
        return "; ".join(f"{count} rejected: {reason}" for reason, count in counts)


@lru_cache(maxsize=1024)  # networks repeat their layers
def chain_candidates(problem: ChainProblem, target: Target) -> ChainRanking:
    """What the templates say to `problem`."""
    element = problem.signature.inputs[0]
    math = Math.of(element)
    if math is None:
        return ChainRanking((), (Rejection("", f"tensor cores multiply f16 and bf16, not {element}"),), ())
    found: list[ChainCandidate] = []
    misfits: list[Rejection] = []
    malformed: list[Rejection] = []
    for kind, parameters in attempts(problem, math, target):
        try:
            template = kind.of(**parameters)
        except VerifyException as error:
            malformed.append(Rejection(kind.name, str(error)))
            continue
        answer = _candidate(template, problem, target)
        if isinstance(answer, Rejection):
            misfits.append(answer)
        else:
            found.append(answer)
    found.sort(key=lambda candidate: candidate.estimate.seconds)
    return ChainRanking(tuple(found), tuple(misfits), tuple(malformed))


def _candidate(template: ChainAttr, problem: ChainProblem, target: Target) -> ChainCandidate | Rejection:
    answer = legal_selection_of(problem, template, target)
    if isinstance(answer, Refusal):
        return Rejection(str(template), answer.reason)
    expected = estimate(template, answer.arguments, problem.signature, target, problem.instructions)
    if expected is None:
        return Rejection(str(template), "the cost model does not know it")
    return ChainCandidate(template, answer.arguments, expected)
