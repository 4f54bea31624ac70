"""form-persistent-kernels: products that feed each other become one kernel where that is faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block
from xdsl.passes import ModulePass

from boltir.context import refused_of, remarks_of
from boltir.dialects.fused import FusedOp
from boltir.lowering.fused_to_cutlass.chains.candidates import ChainCandidate
from boltir.lowering.fused_to_cutlass.chains.form_chain import form_chain
from boltir.lowering.fused_to_cutlass.chains.gate import Comparison, Gate
from boltir.lowering.fused_to_cutlass.chains.measured import measured_comparisons
from boltir.lowering.fused_to_cutlass.chains.runs import runs_of
from boltir.lowering.fused_to_cutlass.sources import rankings_from
from boltir.passes.support.rewriting import functions
from boltir.ranking import Rankings
from boltir.remarks import Remarks
from boltir.target import Target


@dataclass(frozen=True)
class FormPersistentKernelsPass(ModulePass):
    """Makes a `fused.chain` with its template of dependent products that are faster in one kernel.

    Attributes:
        target: the GPU for which templates must be legal, and whose speed decides.
        force: form every chain that a template computes, also those that are slower.
        source: of the times, as for select-templates. Where something was not measured, the cost model decides.
    """

    name: ClassVar[str] = "form-persistent-kernels"
    target: str = "sm_80"
    force: bool = False
    source: str = "heuristic"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        gate = Gate(Target.named(self.target), self.force, refused_of(ctx))
        rankings = rankings_from(self.source, ctx)
        for function in functions(op):
            self._form(function.body.block, gate, rankings, remarks_of(ctx))

    def _form(self, block: Block, gate: Gate, rankings: Rankings | None, remarks: Remarks) -> None:
        runs, obstacles = runs_of(block)
        if rankings is not None:
            worth_measuring = (comparison for run in runs for comparison in gate.worth_measuring(run))
            gate = replace(gate, measured=measured_comparisons(worth_measuring, rankings, gate.refused, gate.target))
        for obstacle in obstacles:
            remarks.missed(self.name, obstacle.anchor, obstacle.message, reason=obstacle.reason)
        for run in runs:
            chains = gate.cut(run)
            self._report_missed(run, chains, gate, remarks)
            for comparison in chains:
                assert isinstance(comparison.together, ChainCandidate)
                chain = form_chain(comparison.anchors, comparison.together)
                count = len(comparison.anchors)
                remarks.passed(self.name, chain, f"one kernel for {count} products: {comparison}")

    def _report_missed(
        self, run: Sequence[FusedOp], chains: Sequence[Comparison], gate: Gate, remarks: Remarks
    ) -> None:
        linked = {op for comparison in chains for op in comparison.anchors[:-1]}
        for producer, consumer in pairwise(run):
            if producer not in linked:
                comparison = gate.compare((producer, consumer))
                reason = (
                    "it would be slower" if isinstance(comparison.together, ChainCandidate) else "no template serves"
                )
                remarks.missed(
                    self.name, producer, f"not in one kernel with the product behind it: {comparison}", reason=reason
                )
