"""What was measured of products in one kernel, and of the same products apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from xdsl.ir import Block, SSAValue

from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.fused import ChainOp, FusedOp
from boltir.lowering.fused_to_cutlass.chains.candidates import ChainCandidate
from boltir.lowering.fused_to_cutlass.chains.form_chain import form_chain
from boltir.lowering.fused_to_cutlass.chains.gate import Comparison
from boltir.lowering.fused_to_cutlass.chains.problem import chain_problem, legal_selection_of
from boltir.lowering.fused_to_cutlass.chains.runs import inputs_of, members
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.ranking import Ranking, Rankings, Refused
from boltir.target import Target

Anchors = tuple[FusedOp, ...]


def measured_comparisons(
    expected: Iterable[Comparison], rankings: Rankings, refused: Refused, target: Target
) -> dict[Anchors, Comparison]:
    """The comparisons of which everything was measured, by their anchors; the rankings are asked once for all."""
    trials = [(one, _trial(one.anchors, one.together)) for one in expected if isinstance(one.together, ChainCandidate)]
    products = list(dict.fromkeys(op for one, _ in trials for op in one.anchors))
    found = rankings.rank([*(chain for _, chain in trials), *products], target)
    apart = {op: _seconds(ranking, refused) for op, ranking in zip(products, found[len(trials) :], strict=True)}
    comparisons: dict[Anchors, Comparison] = {}
    for (one, chain), ranking in zip(trials, found, strict=False):
        together = _fastest(one.together, chain, ranking, refused, target)
        seconds = [time for op in one.anchors if (time := apart[op]) is not None]
        if together is not None and len(seconds) == len(one.anchors):
            comparisons[one.anchors] = Comparison(one.anchors, together, sum(seconds), source="measured")
    return comparisons


def _trial(anchors: Sequence[FusedOp], candidate: ChainCandidate) -> ChainOp:
    """The kernel that `anchors`, a run, would become: a problem to look up. They stay as they are."""
    ops = members(anchors)
    outside = inputs_of(ops)
    block = Block(arg_types=[value.type for value in outside])
    copies: dict[SSAValue, SSAValue] = dict(zip(outside, block.args, strict=True))
    block.add_ops([op.clone(copies) for op in ops])
    return form_chain([op for op in block.ops if isinstance(op, FusedOp)], candidate)


def _fastest(
    expected: ChainCandidate | Refusal, chain: ChainOp, ranking: Ranking | None, refused: Refused, target: Target
) -> ChainCandidate | None:
    """The first of the ranking that was measured, gave right results and is legal."""
    problem = chain_problem(chain)
    if ranking is None or isinstance(problem, Refusal) or isinstance(expected, Refusal):
        return None
    for row in ranking.rows:
        if row.seconds is None or row.template in refused or not isinstance(row.template, ChainAttr):
            continue
        if isinstance(legal_selection_of(problem, row.template, target), Selection):
            return ChainCandidate(row.template, row.arguments, replace(expected.estimate, seconds=row.seconds))
    return None


def _seconds(ranking: Ranking | None, refused: Refused) -> float | None:
    """Of the fastest that gave right results, here and elsewhere."""
    rows = ranking.rows if ranking is not None else ()
    return next((row.seconds for row in rows if row.template not in refused), None)
