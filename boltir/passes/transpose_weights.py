"""`transpose-weights`: store the weights of f32 matrix products along the dimension that is summed over.

Tensor cores have no transposed tf32 operands: wgmma reads both along K, and ldmatrix, which exchanges rows and
columns on the way to the registers, moves 16-bit elements only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, f32
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from boltir.context import remarks_of
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.linear import MatrixProductOp
from boltir.dialects.properties import bool_attr
from boltir.dialects.tensors import element_type, static_shape
from boltir.passes.support.rewriting import graph_ops
from boltir.remarks import Remarks


@dataclass
class WeightTransposer:
    """Visits operations in order; each weight is transposed once, however many products read it."""

    remarks: Remarks
    weights: set[SSAValue] = field(default_factory=set[SSAValue])
    transposed: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def visit(self, op: GraphOp) -> None:
        if all(operand in self.weights for operand in op.operands):
            self.weights.add(op.result)
        elif isinstance(op, MatrixProductOp) and self._reads_columns(op):
            self._transpose(op)

    def _reads_columns(self, op: MatrixProductOp) -> bool:
        """Whether the right operand is an f32 weight [..., K, N]."""
        return op.b in self.weights and element_type(op.b) == f32 and not op.transpose_b.value.data

    def _transpose(self, op: MatrixProductOp) -> None:
        """product(x, w) -> product(x, transpose(w)) {transpose_b = true}"""
        weight = op.b
        if weight not in self.transposed:
            *batch, k, n = range(len(static_shape(weight)))
            self.transposed[weight] = GraphBuilder.before(op).transpose(weight, (*batch, n, k))
        op.operands[1] = self.transposed[weight]
        op.transpose_b = bool_attr(True)
        self.remarks.passed(TransposeWeightsPass.name, op, "the weight is stored along K")


@dataclass(frozen=True)
class TransposeWeightsPass(ModulePass):
    """f32 products with weights read them as [N, K]."""

    name: ClassVar[str] = "transpose-weights"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        transposer = WeightTransposer(remarks_of(ctx))
        for graph_op in graph_ops(op):
            transposer.visit(graph_op)
