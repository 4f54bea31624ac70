"""Matrix products and convolutions."""

from xdsl.ir import SSAValue

from boltir.dialects import fused, graph
from boltir.dialects.tensors import static_shape
from boltir.lowering.graph_to_fused.kernel_builder import KernelBuilder
from boltir.lowering.graph_to_fused.properties import require_channels_last, shared_properties


def matrix_product(op: graph.MatrixProductOp, build: KernelBuilder) -> SSAValue:
    return build.kernel(fused.GemmOp, [op.a, op.b], shared_properties(op))


def conv2d(op: graph.Conv2dOp, build: KernelBuilder) -> SSAValue:
    require_channels_last(op)
    properties = shared_properties(op)
    k, r, s, c_group = static_shape(op.filter)
    is_depthwise = k == op.groups.value.data > 1 and c_group == 1
    if not is_depthwise:
        return build.kernel(fused.Conv2dOp, [op.input, op.filter], properties)
    window = build.transpose(build.reshape(op.filter, (k, r, s)), (1, 2, 0))
    del properties["groups"]
    return build.kernel(fused.DepthwiseConv2dOp, [op.input, window], properties)


def conv_transpose2d(op: graph.ConvTranspose2dOp, build: KernelBuilder) -> SSAValue:
    require_channels_last(op)
    return build.kernel(fused.ConvTranspose2dOp, [op.input, op.filter], shared_properties(op))
