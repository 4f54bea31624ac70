"""`transpose-weights`: store the weights of matrix products the way tensor cores read them best.

They have no transposed tf32 operands: wgmma reads both along K, and ldmatrix, which exchanges rows and columns on the
way to the registers, moves 16-bit elements only. Those they read either way, but TMA loads lines of memory, and rows
of K elements that are no whole lines take longer than rows of N elements that are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from boltir.context import remarks_of
from boltir.cost_model import LEAST_SAVING
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.linear import MatrixProductOp
from boltir.dialects.properties import bool_attr
from boltir.dialects.tensors import static_shape
from boltir.lowering.padding.cost import PaddingCost, exact_extents
from boltir.passes.support.rewriting import graph_ops
from boltir.remarks import Remarks


@dataclass
class WeightTransposer:
    """Visits operations in order; each weight is transposed once, however many products read it so."""

    cost: PaddingCost
    remarks: Remarks
    weights: set[SSAValue] = field(default_factory=set[SSAValue])
    transposed: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def visit(self, op: GraphOp) -> None:
        if all(operand in self.weights for operand in op.operands):
            self.weights.add(op.result)
        elif isinstance(op, MatrixProductOp) and op.b in self.weights and (reason := self._reason(op)) is not None:
            self._transpose(op, reason)

    def _reason(self, op: MatrixProductOp) -> str | None:
        """Why the weight of `op` is to be stored the other way; None if it stays."""
        stored, extents = bool(op.transpose_b.value.data), exact_extents(op)
        along = "N" if stored else "K"
        ways = self.cost.weight_layouts(op, extents)
        if stored not in ways:
            return f"the weight is stored along {along}"
        if len(ways) == 1:
            return None
        own, other = (self.cost.layout_seconds(op, extents, way) for way in (stored, not stored))
        if own is None or other is None or other > (1 - LEAST_SAVING) * own:
            return None
        return f"the weight is stored along {along}: about {1e6 * other:.1f} us instead of about {1e6 * own:.1f} us"

    def _transpose(self, op: MatrixProductOp, reason: str) -> None:
        """product(x, w) -> product(x, transpose(w)) with the other transpose_b"""
        weight = op.b
        if weight not in self.transposed:
            *batch, rows, columns = range(len(static_shape(weight)))
            self.transposed[weight] = GraphBuilder.before(op).transpose(weight, (*batch, columns, rows))
        op.operands[1] = self.transposed[weight]
        op.transpose_b = bool_attr(not op.transpose_b.value.data)
        self.remarks.passed(TransposeWeightsPass.name, op, reason)


@dataclass(frozen=True)
class TransposeWeightsPass(ModulePass):
    """f32 products with weights read them as [N, K], others as is faster.

    Attributes:
        target: the GPU whose speed decides.
        dtype: the precision that floats are stored in.
    """

    name: ClassVar[str] = "transpose-weights"
    target: str = "sm_80"
    dtype: str = "f16"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        transposer = WeightTransposer(PaddingCost.named(self.target, self.dtype), remarks_of(ctx))
        for graph_op in graph_ops(op):
            transposer.visit(graph_op)
