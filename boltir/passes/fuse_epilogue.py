"""`fuse-epilogue`: pointwise kernels become part of the epilogue of what produces their operand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block
from xdsl.passes import ModulePass

from boltir.context import remarks_of
from boltir.cost_model.fusion import FusionCost
from boltir.dialects.fused import ConvolutionOp, DualGemmOp, FusedOp, GemmOp
from boltir.dialects.fused.origin import origin_of
from boltir.passes.support.auxiliary_stores import AuxiliaryStores
from boltir.passes.support.kernel_groups import plan_groups
from boltir.passes.support.merge_kernels import merge_groups
from boltir.passes.support.reduced_stores import ReducedStores
from boltir.passes.support.rewriting import functions
from boltir.passes.support.row_factors import hoist_row_factors
from boltir.passes.support.sink_reshapes import sink_reshapes
from boltir.remarks import Remarks
from boltir.target import Target

MATRIX_ANCHORS = (GemmOp, DualGemmOp, ConvolutionOp)
"""Anchors that choose first what to fuse: an epilogue hides behind their arithmetic."""


@dataclass(frozen=True)
class FuseEpiloguePass(ModulePass):
    """Merges pointwise kernels into their producers, and into each other.

    A value is stored only if something outside the kernel needs it; otherwise it stays in a register,
    where f16 and bf16 values keep the precision of f32.

    Attributes:
        target: the GPU whose speed decides whether fusing a value pays that is stored nevertheless.
        max_operands: how many tensors an epilogue may load.
        max_outputs: how many tensors a kernel may store.
        always: take every fusion for one that pays.
        pointwise_only: merge pointwise kernels with each other alone; anchors keep the epilogues they have.
    """

    name: ClassVar[str] = "fuse-epilogue"
    target: str = "sm_80"
    max_operands: int = 8
    max_outputs: int = 4
    always: bool = False
    pointwise_only: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        cost = FusionCost(Target.named(self.target), self.always)
        for function in functions(op):
            block = function.body.block
            if self.pointwise_only:
                merge_groups(plan_groups(block, self.max_operands, ()))
            else:
                self._fuse(block, cost, remarks_of(ctx))

    def _fuse(self, block: Block, cost: FusionCost, remarks: Remarks) -> None:
        merge_groups(plan_groups(block, self.max_operands, MATRIX_ANCHORS))
        # What was a diamond is one kernel now, and can follow its producer into another shape.
        sink_reshapes(block)
        merge_groups(plan_groups(block, self.max_operands, MATRIX_ANCHORS))
        merge_groups(plan_groups(block, self.max_operands))
        for kernel in hoist_row_factors(block, self.max_operands):
            remarks.passed(self.name, kernel, "scales the rows of its result instead of those of its operand")
        auxiliary = AuxiliaryStores(block, cost, self.max_operands, self.max_outputs)
        auxiliary.run()
        reduced = ReducedStores(block, cost, self.max_outputs)
        reduced.run()
        sink_reshapes(block)
        for kernel, refusal in auxiliary.refusals:
            message = f"not fused with its consumer: {refusal.message}"
            remarks.missed(self.name, kernel, message, reason=refusal.reason)
        for kernel, refusal in reduced.refusals:
            message = f"no store of its producer: {refusal.message}"
            remarks.missed(self.name, kernel, message, reason=refusal.reason)
        for kernel in block.ops:
            if isinstance(kernel, FusedOp) and len(origin_of(kernel)) > 1:
                remarks.passed(self.name, kernel, f"one kernel for {' + '.join(origin_of(kernel))}")
