"""select-templates: which template each fused operation becomes. No other pass chooses one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from boltir.context import rankings_of, remarks_of
from boltir.dialects.cutlass import CHOICE_ATTRIBUTE, ChoiceAttr, choice_of
from boltir.dialects.cutlass.sm90 import Sm90Attr
from boltir.dialects.cutlass.tensor_op import TensorOpAttr
from boltir.dialects.fused import FusedOp
from boltir.errors import BoltError
from boltir.lowering.fused_to_cutlass.choose import PASS_NAME, choose_templates
from boltir.lowering.fused_to_cutlass.chosen import legal_selection
from boltir.lowering.fused_to_cutlass.ranking_text import measurements_text
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection, signature_of
from boltir.passes.support.rewriting import functions
from boltir.ranking import Ranking, Rankings
from boltir.remarks import Remarks
from boltir.target import Target

SOURCES = ("heuristic", "measured", "database")


def select_templates(
    function: FuncOp, target: Target, remarks: Remarks, rankings: Rankings | None = None
) -> Mapping[FusedOp, Selection]:
    """Attach a template to every kernel of `function`, taking apart what no template holds as a whole.

    Templates that are attached already stay. The cost model chooses the others; where `rankings` knows better, that.

    Raises:
        UnsupportedError: no family takes a kernel, or an attached template does not fit.
    """
    chosen = choose_templates(function, target, remarks)
    if rankings is not None:
        chosen |= _measured(chosen, rankings, target, remarks)
    for op, selection in chosen.items():
        own = {name: selection.arguments[name] for name in selection.template.launch_parameters}
        op.attributes[CHOICE_ATTRIBUTE] = ChoiceAttr.of(selection.template, own)
    return chosen


def _measured(
    chosen: Mapping[FusedOp, Selection], rankings: Rankings, target: Target, remarks: Remarks
) -> dict[FusedOp, Selection]:
    """The fastest of what was measured, for the operations of which anything was."""
    found: dict[FusedOp, Selection] = {}
    kernels = {op: choice for op, choice in chosen.items() if choice_of(op) is None and _has_rivals(choice)}
    for op, ranking in zip(kernels, rankings.rank(list(kernels), target), strict=True):
        if ranking is None:
            remarks.missed(PASS_NAME, op, "nothing was measured: the cost model chose")
            continue
        remarks.note(PASS_NAME, op, measurements_text(ranking.rows, signature_of(op), target))
        answer = _fastest(op, ranking, target)
        if isinstance(answer, Refusal):
            remarks.missed(PASS_NAME, op, f"no measured template serves, the cost model chose: {answer.reason}")
            continue
        if (answer.template, answer.arguments) != (kernels[op].template, kernels[op].arguments):
            remarks.passed(PASS_NAME, op, f"uses {answer.template} instead, which was measured to be the fastest")
        found[op] = answer
    return found


def _has_rivals(choice: Selection) -> bool:
    return isinstance(choice.template, Sm90Attr | TensorOpAttr)


def _fastest(op: FusedOp, ranking: Ranking, target: Target) -> Selection | Refusal:
    """The first row that was measured, gave right results and is legal."""
    refusal = Refusal("none gave right results")
    for row in ranking.rows:
        if row.status != "ok" or row.seconds is None:
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
        target, rankings = Target.named(self.target), self._rankings(ctx)
        for function in functions(op):
            select_templates(function, target, remarks_of(ctx), rankings)

    def _rankings(self, ctx: Context) -> Rankings | None:
        if self.source not in SOURCES:
            raise BoltError(f"unknown source of templates '{self.source}'", hint=f"one of {', '.join(SOURCES)}")
        if self.source == "heuristic":
            return None
        rankings = rankings_of(ctx)
        if rankings is None:
            raise BoltError(
                f"there is nothing to take {self.source} templates from", hint="give a database, as bolt-compile can"
            )
        return rankings
