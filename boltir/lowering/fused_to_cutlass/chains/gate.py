"""Whether one kernel for several products is faster than the best kernel for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Literal

from boltir.dialects.cutlass.chain import PRODUCTS, ChainAttr
from boltir.dialects.cutlass.chain_conv2d_sm90 import ChainConv2dSm90Attr
from boltir.dialects.cutlass.chain_tensor_op import ChainTensorOpAttr
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.fused import Conv2dOp, FusedOp, GemmOp
from boltir.lowering.fused_to_cutlass.chains.candidates import ChainCandidate, chain_candidates
from boltir.lowering.fused_to_cutlass.chains.problem import problem_of
from boltir.lowering.fused_to_cutlass.families import select_on_tensor_cores
from boltir.lowering.fused_to_cutlass.selection import Refusal
from boltir.ranking import Refused
from boltir.target import Target

LEAST_SHARE = 0.1
"""What a chain must be expected to save of the time of its products apart: both estimates are wrong by a tenth."""
LEAST_SHARE_OF_TENSOR_OP = 0.2
"""The same for CUTLASS 2.x, whose estimates apart are of launches that do not overlap."""
LEAST_SHARE_OF_CONVOLUTIONS = 0.02
"""The same for chains that begin with a convolution on Hopper: of 15 pairs that were measured on an H100, this accepts
none that loses and refuses none that gains a twentieth (tests/unit/lowering/test_chain_gate.py)."""
HOPELESS = 1.5
"""How many times longer than apart a chain may be expected to take and still be measured."""


@dataclass(frozen=True)
class Comparison:
    """Consecutive anchors as one kernel and as one kernel each.

    Attributes:
        together: the best template for all of them, or why there is none.
        apart: seconds of the best template of each; infinite where tensor cores cannot run one.
        source: of the times.
    """

    anchors: tuple[FusedOp, ...]
    together: ChainCandidate | Refusal
    apart: float
    source: Literal["expected", "measured"] = "expected"

    @property
    def pays(self) -> bool:
        if isinstance(self.together, Refusal) or not isfinite(self.apart):
            return False
        share = _least_share(self.together.template) if self.source == "expected" else 0.0
        return self.seconds < (1 - share) * self.apart

    @property
    def seconds(self) -> float:
        """Of one kernel for all."""
        return self.together.estimate.seconds if isinstance(self.together, ChainCandidate) else inf

    @property
    def saved(self) -> float:
        """Seconds that one kernel saves."""
        return self.apart - self.seconds

    def __str__(self) -> str:
        if isinstance(self.together, Refusal):
            return f"no template serves: {self.together.reason}"
        template = self.together.template
        kept = f"{template.family} in {template.intermediates.value}"
        if not isfinite(self.apart):
            return f"{self.source} {1e6 * self.seconds:.1f} us as {kept}, tensor cores do not run all products apart"
        return f"{self.source} {1e6 * self.seconds:.1f} us as {kept}, {1e6 * self.apart:.1f} us apart"


def _least_share(template: ChainAttr) -> float:
    match template:
        case ChainConv2dSm90Attr():
            return LEAST_SHARE_OF_CONVOLUTIONS
        case ChainTensorOpAttr():
            return LEAST_SHARE_OF_TENSOR_OP
        case _:
            return LEAST_SHARE


@dataclass(frozen=True)
class Gate:
    """Cuts runs of anchors where that is fastest.

    Attributes:
        force: cut into as few kernels as there are templates for.
        refused: templates not to use, with the reasons.
        measured: comparisons of what was measured, which decide in place of the cost model.
    """

    target: Target
    force: bool = False
    refused: Refused = field(default_factory=dict[TemplateAttr, str])
    measured: Mapping[tuple[FusedOp, ...], Comparison] = field(default_factory=dict[tuple[FusedOp, ...], Comparison])

    def compare(self, anchors: Sequence[FusedOp]) -> Comparison:
        """`anchors`, which are a run, together and apart."""
        known = self.measured.get(tuple(anchors))
        return known if known is not None else self._expected(anchors)

    def worth_measuring(self, run: tuple[FusedOp, ...]) -> Iterator[Comparison]:
        """The chains of a run that the cost model does not think hopeless."""
        for begin in range(len(run)):
            for comparison in self._beginning_at(run, begin).values():
                if comparison.seconds <= HOPELESS * comparison.apart:
                    yield comparison

    def _expected(self, anchors: Sequence[FusedOp]) -> Comparison:
        return Comparison(tuple(anchors), self._together(anchors), sum(map(self._apart, anchors)))

    def _together(self, anchors: Sequence[FusedOp]) -> ChainCandidate | Refusal:
        refusal = Refusal("")
        best: list[ChainCandidate] = []
        for transposes_weights in (False, True):
            problem = problem_of(anchors, transposes_weights=transposes_weights)
            if isinstance(problem, Refusal):
                refusal = problem
                continue
            ranking = chain_candidates(problem, self.target)
            allowed = [candidate for candidate in ranking.candidates if candidate.template not in self.refused]
            best += allowed[:1]
            faults = [self.refused[candidate.template] for candidate in ranking.candidates if not allowed]
            refusal = Refusal(f"every legal template failed on random data: {faults[0]}" if faults else ranking.refusal)
        return min(best, key=lambda candidate: candidate.estimate.seconds) if best else refusal

    def _apart(self, op: FusedOp) -> float:
        assert isinstance(op, GemmOp | Conv2dOp)
        answer = select_on_tensor_cores(op, self.target)
        if isinstance(answer, Refusal):
            return inf
        allowed = (candidate for candidate in answer.ranked if candidate.template not in self.refused)
        return next((candidate.estimate.seconds for candidate in allowed), inf)

    def cut(self, run: tuple[FusedOp, ...]) -> list[Comparison]:
        """The chains that `run` becomes, those that save most; what is in none of them stays apart."""
        best: list[tuple[tuple[int, float], list[Comparison]]] = [((0, 0.0), [])]
        found = {begin: self._formed_from(run, begin) for begin in range(len(run))}
        for end in range(1, len(run) + 1):
            (kernels, saved), chains = best[end - 1]
            ways = [((kernels + 1, saved), chains)]
            for begin in range(max(0, end - PRODUCTS[-1]), end - 1):
                comparison = found[begin].get(end)
                if comparison is not None:
                    (kernels, saved), chains = best[begin]
                    ways.append(((kernels + 1, saved + comparison.saved), [*chains, comparison]))
            best.append(min(ways, key=lambda way: (way[0][0] if self.force else 0, -way[0][1])))
        return best[-1][1]

    def _formed_from(self, run: tuple[FusedOp, ...], begin: int) -> dict[int, Comparison]:
        """The chains from there on that may be formed, by where they end."""
        found = self._beginning_at(run, begin)
        return {end: comparison for end, comparison in found.items() if self.force or comparison.pays}

    def _beginning_at(self, run: tuple[FusedOp, ...], begin: int) -> dict[int, Comparison]:
        """The chains from there on that a template serves, by where they end."""
        found: dict[int, Comparison] = {}
        for end in range(begin + PRODUCTS[0], min(len(run), begin + PRODUCTS[-1]) + 1):
            comparison = self.compare(run[begin:end])
            if not isinstance(comparison.together, Refusal):
                found[end] = comparison
            elif not self.refused:
                break  # a template for more products would serve these
        return found
