"""`fuse-epilogue`: pointwise kernels become part of the epilogue of what produces their operand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block
from xdsl.passes import ModulePass

from boltir.context import remarks_of
from boltir.dialects.fused import ConvolutionOp, FusedOp, GemmOp
from boltir.dialects.fused.origin import origin_of
from boltir.passes.support.kernel_groups import plan_groups
from boltir.passes.support.merge_kernels import merge_groups
from boltir.passes.support.rewriting import functions
from boltir.passes.support.sink_reshapes import sink_reshapes
from boltir.remarks import Remarks

MATRIX_ANCHORS = (GemmOp, ConvolutionOp)
"""Anchors that choose first what to fuse: an epilogue hides behind their arithmetic."""


@dataclass(frozen=True)
class FuseEpiloguePass(ModulePass):
    """Merges pointwise kernels into their producers, and into each other.

    A value is stored only if something outside the kernel needs it; otherwise it stays in a register,
    where f16 and bf16 values keep the precision of f32.

    Attributes:
        max_operands: how many tensors an epilogue may load.
    """

    name: ClassVar[str] = "fuse-epilogue"
    max_operands: int = 8

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            self._fuse(function.body.block, remarks_of(ctx))

    def _fuse(self, block: Block, remarks: Remarks) -> None:
        merge_groups(plan_groups(block, self.max_operands, MATRIX_ANCHORS))
        # What was a diamond is one kernel now, and can follow its producer into another shape.
        sink_reshapes(block)
        merge_groups(plan_groups(block, self.max_operands, MATRIX_ANCHORS))
        plan = plan_groups(block, self.max_operands)
        merge_groups(plan)
        for kernel, reason in reversed(plan.refusals):
            remarks.missed(self.name, kernel, f"not fused with its consumer: {reason}")
        for kernel in block.ops:
            if isinstance(kernel, FusedOp) and len(origin_of(kernel)) > 1:
                remarks.passed(self.name, kernel, f"one kernel for {' + '.join(origin_of(kernel))}")
