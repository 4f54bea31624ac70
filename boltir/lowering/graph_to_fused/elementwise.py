"""Elementwise operations and broadcasts: kernels without an anchor."""

from xdsl.ir import SSAValue

from boltir.dialects import graph
from boltir.dialects.tensors import static_shape
from boltir.lowering.graph_to_fused.kernel_builder import KernelBuilder
from boltir.lowering.scalar_expressions import scalar_expression


def elementwise(op: graph.GraphOp, build: KernelBuilder) -> SSAValue:
    return build.pointwise(op.operands, lambda scalars, elements: scalar_expression(op, scalars, elements))


def broadcast_to(op: graph.BroadcastToOp, build: KernelBuilder) -> SSAValue:
    return build.pointwise([op.input], lambda _, elements: elements[0])


def bias_add(op: graph.BiasAddOp, build: KernelBuilder) -> SSAValue:
    bias = build.along_axis(op.bias, op.axis.value.data, len(static_shape(op.input)))
    return build.pointwise([op.input, bias], lambda scalars, elements: scalars.add(*elements))
