"""`pad-alignment`: give rows the lengths that tensor-core kernels read 16 bytes at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from boltir.context import remarks_of
from boltir.cost_model import LEAST_SAVING
from boltir.lowering.padding.cost import PaddingCost
from boltir.lowering.padding.plan import Planner
from boltir.passes.padding.groups import Group, LaneFinder
from boltir.passes.padding.rewriter import PaddingRewriter
from boltir.passes.support.rewriting import functions
from boltir.remarks import Remarks

NO_KERNEL = "tensor cores take none of the products that read or compute them"


@dataclass(frozen=True)
class Decision:
    """How many lanes the tensors of a group get, and why."""

    lanes: int
    message: str


@dataclass(frozen=True)
class Refusal(Decision):
    """They stay as they are; `reason` is the message without this group's numbers."""

    reason: str


@dataclass(frozen=True)
class PadAlignmentPass(ModulePass):
    """Rows of products and convolutions, and of what lies between them, end in lanes of padding where that pays.

    Weights are padded once and for all; other tensors by what computes them, where it can. Lanes stay until something
    needs rows of the exact length.

    Attributes:
        target: the GPU whose speed decides.
        dtype: the precision in which floats will be stored; 16 bytes hold 8 of f16 and bf16, 4 of f32 and 16 of i8.
        force: pad whatever it costs.
    """

    name: ClassVar[str] = "pad-alignment"
    target: str = "sm_80"
    dtype: str = "f16"
    force: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        cost = PaddingCost.named(self.target, self.dtype)
        for function in functions(op):
            # What one group gets changes what pays for others.
            while self._pad(function, cost, remarks_of(ctx)):
                pass

    def _pad(self, function: FuncOp, cost: PaddingCost, remarks: Remarks) -> bool:
        """Decide every group once; says whether one is padded. What is not is only remarked on if none is."""
        finder = LaneFinder(cost.precision)
        finder.visit(function)
        groups = list(finder.groups())
        planner = Planner(finder, cost)
        planner.expect(groups)
        refusals: list[Refusal] = []
        for group in groups:
            decision = self._decide(group, planner)
            if isinstance(decision, Refusal):
                refusals.append(decision)
            else:
                remarks.passed(self.name, group.products[0], decision.message)
            planner.decide(group, decision.lanes)
        if planner.widened:
            PaddingRewriter(finder, planner.widened).rewrite(function)
            return True
        for group, refusal in zip(groups, refusals, strict=True):
            remarks.missed(self.name, group.products[0], refusal.message, reason=refusal.reason)
        return False

    def _decide(self, group: Group, planner: Planner) -> Decision:
        rows, options = f"rows of {group.lanes}", planner.options(group)
        if options is None:
            if self.force:
                return Decision(group.aligned, f"{rows} padded to {group.aligned}, as was asked for")
            return Refusal(group.lanes, f"{rows} not padded to {group.aligned}: {NO_KERNEL}", NO_KERNEL)
        exact, padded = options
        if self.force or padded.seconds < (1 - LEAST_SAVING) * exact.seconds:
            return Decision(padded.lanes, f"{rows} padded to {padded.lanes}: {padded} instead of {exact}")
        message = f"{rows} not padded to {padded.lanes}: {exact}, padded {padded}"
        return Refusal(group.lanes, message, "rows stay, since to pad them does not pay")
