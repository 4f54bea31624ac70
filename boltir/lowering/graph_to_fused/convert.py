"""graph -> fused: every operator becomes one kernel with the smallest epilogue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.utils.exceptions import VerifyException

from boltir.dialects import graph
from boltir.dialects.graph.constants import is_constant
from boltir.errors import UnsupportedError
from boltir.lowering.graph_to_fused import elementwise, linear, movement, reduction
from boltir.lowering.graph_to_fused.kernel_builder import KernelBuilder
from boltir.lowering.scalar_expressions import ELEMENTWISE_OPS
from boltir.passes.support.rewriting import erase_unused, graph_ops
from boltir.remarks import location_text

Conversion: TypeAlias = Callable[..., SSAValue]
"""Builds what computes the result of one graph operation, given the operation and a builder before it."""

CONVERSIONS: Mapping[type[graph.GraphOp], Conversion] = {
    **dict.fromkeys(ELEMENTWISE_OPS, elementwise.elementwise),
    **dict.fromkeys(movement.KERNELS, movement.same_kernel),
    graph.AvgPool2dOp: reduction.pool2d,
    graph.BatchMatmulOp: linear.matrix_product,
    graph.BatchNormOp: reduction.batch_norm,
    graph.BiasAddOp: elementwise.bias_add,
    graph.BroadcastToOp: elementwise.broadcast_to,
    graph.Conv2dOp: linear.conv2d,
    graph.ConvTranspose2dOp: linear.conv_transpose2d,
    graph.GemmOp: linear.matrix_product,
    graph.GlobalAvgPool2dOp: reduction.global_pool2d,
    graph.GlobalMaxPool2dOp: reduction.global_pool2d,
    graph.LayerNormOp: reduction.layer_norm,
    graph.MaxPool2dOp: reduction.pool2d,
    graph.ReduceMaxOp: reduction.reduce,
    graph.ReduceMeanOp: reduction.reduce,
    graph.ReduceMinOp: reduction.reduce,
    graph.ReduceSumOp: reduction.reduce,
    graph.ReshapeOp: movement.reshape,
    graph.UnfoldOp: movement.unfold,
}
"""Every graph operation but weights and constants, which stay: they are values, not kernels."""


@dataclass(frozen=True)
class ConvertGraphToFusedPass(ModulePass):
    """Makes every graph operation one kernel."""

    name: ClassVar[str] = "convert-graph-to-fused"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        ops = graph_ops(op)
        for graph_op in ops:
            if not is_constant(graph_op.result):
                Rewriter.replace_op(graph_op, [], [convert(graph_op)])
        erase_unused([graph_op for graph_op in ops if graph_op.parent is not None])


def convert(op: graph.GraphOp) -> SSAValue:
    """Build the kernels that compute the result of `op`, before it.

    Raises:
        BoltError: it cannot be a kernel: its layout or its properties are in the way.
    """
    try:
        result = CONVERSIONS[type(op)](op, KernelBuilder(op))
    except VerifyException as error:
        raise UnsupportedError(f"{op.name} cannot be a kernel: {error}", where=location_text(op) or None) from error
    result.name_hint = op.result.name_hint
    return result
