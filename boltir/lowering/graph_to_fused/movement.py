"""Operations that move elements; each is one kernel, but a reshape, which is none."""

from collections.abc import Mapping

from xdsl.ir import SSAValue

from boltir.dialects import fused, graph
from boltir.lowering.graph_to_fused.kernel_builder import KernelBuilder
from boltir.lowering.graph_to_fused.properties import shared_properties

KERNELS: Mapping[type[graph.GraphOp], type[fused.FusedOp]] = {
    graph.AttentionOp: fused.AttentionOp,
    graph.ConcatOp: fused.ConcatOp,
    graph.GatherOp: fused.GatherOp,
    graph.PadOp: fused.PadOp,
    graph.ResizeOp: fused.ResizeOp,
    graph.SliceOp: fused.SliceOp,
    graph.SoftmaxOp: fused.SoftmaxOp,
    graph.TransposeOp: fused.TransposeOp,
}
"""Kernels with the operands and properties of their graph operation."""


def same_kernel(op: graph.GraphOp, build: KernelBuilder) -> SSAValue:
    return build.kernel(KERNELS[type(op)], op.operands, shared_properties(op))


def unfold(op: graph.UnfoldOp, build: KernelBuilder) -> SSAValue:
    return build.kernel(fused.UnfoldOp, op.operands, op.properties)


def reshape(op: graph.ReshapeOp, build: KernelBuilder) -> SSAValue:
    return build.insert(fused.ReshapeOp.of(op.input, op.shape_to.get_values()))
