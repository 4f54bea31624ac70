"""select-templates: which template each fused operation becomes. No other pass chooses one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from boltir.context import refused_of, remarks_of
from boltir.dialects.cutlass import CHOICE_ATTRIBUTE, ChoiceAttr, choice_of
from boltir.dialects.fused import ChainOp, FusedOp
from boltir.errors import UnsupportedError
from boltir.lowering.fused_to_cutlass.choose import PASS_NAME, choose_templates
from boltir.lowering.fused_to_cutlass.chosen import legal_selection
from boltir.lowering.fused_to_cutlass.family import MatrixTemplate
from boltir.lowering.fused_to_cutlass.ranking_text import measurements_text
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.sources import rankings_from
from boltir.passes.support.rewriting import functions
from boltir.ranking import Ranking, Rankings, Refused
from boltir.remarks import Remarks, location_text
from boltir.target import Target


def select_templates(
    function: FuncOp,
    target: Target,
    remarks: Remarks,
    rankings: Rankings | None = None,
    refused: Refused | None = None,
) -> Mapping[FusedOp | ChainOp, Selection]:
    """Attach a template to every kernel of `function`, taking apart what no template holds as a whole.

    Templates that are attached already stay. The cost model chooses the others; where `rankings` knows better, that.
    None of `refused` is used.

    Raises:
        UnsupportedError: no family takes a kernel, or an attached template does not fit or is refused.
    """
    chosen, refused = choose_templates(function, target, remarks), refused or {}
    chosen |= {
        op: _another(op, selection, refused, target, remarks)
        for op, selection in chosen.items()
        if selection.template in refused
    }
    if rankings is not None:
        chosen |= _measured(chosen, rankings, refused, target, remarks)
    for op, selection in chosen.items():
        own = {name: selection.arguments[name] for name in selection.template.launch_parameters}
        op.attributes[CHOICE_ATTRIBUTE] = ChoiceAttr.of(selection.template, own)
    return chosen


def _another(op: FusedOp | ChainOp, first: Selection, refused: Refused, target: Target, remarks: Remarks) -> Selection:
    """The best template for `op` that is not refused.

    Raises:
        UnsupportedError: there is none, or the first was attached.
    """
    fault = refused[first.template]
    for candidate in first.ranked:
        if isinstance(op, ChainOp) or candidate.template in refused:
            continue
        answer = legal_selection(op, candidate.template, candidate.arguments, target)
        if isinstance(answer, Selection):
            remarks.missed(PASS_NAME, op, f"uses {answer.template} instead: the first failed on random data: {fault}")
            return answer
    raise UnsupportedError(
        f"the template for {op.name} failed on random data: {fault}",
        where=location_text(op) or None,
        hint="`bolt-tune prune` forgets failures",
    )


def _measured(
    chosen: Mapping[FusedOp | ChainOp, Selection],
    rankings: Rankings,
    refused: Refused,
    target: Target,
    remarks: Remarks,
) -> dict[FusedOp, Selection]:
    """The fastest of what was measured, for the operations of which anything was."""
    found: dict[FusedOp, Selection] = {}
    kernels = {op: choice for op, choice in chosen.items() if isinstance(op, FusedOp) and _is_open(op, choice)}
    for op, ranking in zip(kernels, rankings.rank(list(kernels), target), strict=True):
        if ranking is None:
            remarks.missed(PASS_NAME, op, "nothing was measured: the cost model chose")
            continue
        remarks.note(PASS_NAME, op, measurements_text(op, ranking.rows, target))
        answer = _fastest(op, ranking, refused, target)
        if isinstance(answer, Refusal):
            remarks.missed(PASS_NAME, op, f"no measured template serves, the cost model chose: {answer.reason}")
            continue
        if (answer.template, answer.arguments) != (kernels[op].template, kernels[op].arguments):
            remarks.passed(PASS_NAME, op, f"uses {answer.template} instead, which was measured to be the fastest")
        found[op] = answer
    return found


def _is_open(op: FusedOp, choice: Selection) -> bool:
    """Whether `op` has no template attached, and the one chosen has rivals."""
    return choice_of(op) is None and isinstance(choice.template, MatrixTemplate)


def _fastest(op: FusedOp, ranking: Ranking, refused: Refused, target: Target) -> Selection | Refusal:
    """The first row that was measured, gave right results and is legal."""
    refusal = Refusal("none gave right results")
    for row in ranking.rows:
        if row.status != "ok" or row.seconds is None or row.template in refused:
            continue
        answer = legal_selection(op, row.template, row.arguments, target)
        if isinstance(answer, Selection):
            return answer
        refusal = answer
    return refusal


@dataclass(frozen=True)
class SelectTemplatesPass(ModulePass):
    """Attaches to every kernel the template it is to become.

    Attributes:
        source: `heuristic` ranks them by the cost model; `database` takes what was measured before, `measured` measures
            now, both from the rankings of the pass's context.
    """

    name: ClassVar[str] = PASS_NAME
    target: str = "sm_80"
    source: str = "heuristic"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        target, rankings = Target.named(self.target), rankings_from(self.source, ctx)
        for function in functions(op):
            select_templates(function, target, remarks_of(ctx), rankings, refused_of(ctx))
