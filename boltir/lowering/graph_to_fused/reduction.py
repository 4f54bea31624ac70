"""Pooling, reductions, normalisations."""

from collections.abc import Mapping, Sequence

from xdsl.dialects import math
from xdsl.dialects.builtin import f32
from xdsl.ir import Block, Region, SSAValue

from boltir.dialects import fused, graph
from boltir.dialects.fused import ReductionKind, ReductionKindAttr
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.properties import ints
from boltir.dialects.tensors import static_shape
from boltir.lowering.graph_to_fused.kernel_builder import KernelBuilder, yield_value
from boltir.lowering.graph_to_fused.properties import require_channels_last, shared_properties

_KINDS: Mapping[type[graph.GraphOp], ReductionKind] = {
    graph.AvgPool2dOp: ReductionKind.MEAN,
    graph.GlobalAvgPool2dOp: ReductionKind.MEAN,
    graph.GlobalMaxPool2dOp: ReductionKind.MAX,
    graph.MaxPool2dOp: ReductionKind.MAX,
    graph.ReduceMaxOp: ReductionKind.MAX,
    graph.ReduceMeanOp: ReductionKind.MEAN,
    graph.ReduceMinOp: ReductionKind.MIN,
    graph.ReduceSumOp: ReductionKind.SUM,
}


def pool2d(op: graph.Pool2dOp, build: KernelBuilder) -> SSAValue:
    require_channels_last(op)
    kind = ReductionKindAttr(_KINDS[type(op)])
    return build.kernel(fused.Pool2dOp, [op.input], {**shared_properties(op), "kind": kind})


def global_pool2d(op: graph.ImageOp, build: KernelBuilder) -> SSAValue:
    axes = ints((1, 2) if op.channels_last else (2, 3))
    return build.kernel(fused.ReduceOp, [op.input], {"kind": ReductionKindAttr(_KINDS[type(op)]), "axes": axes})


def reduce(op: graph.ReduceOp, build: KernelBuilder) -> SSAValue:
    kind = ReductionKindAttr(_KINDS[type(op)])
    return build.kernel(fused.ReduceOp, [op.input], {**shared_properties(op), "kind": kind})


def layer_norm(op: graph.LayerNormOp, build: KernelBuilder) -> SSAValue:
    """The anchor normalises; scale and bias are epilogue operands."""
    block = Block(arg_types=[f32, f32, f32])
    scalars = ScalarBuilder(block)
    normalized, scale, bias = block.args
    yield_value(block, scalars.add(scalars.multiply(normalized, scale), bias))
    return build.kernel(
        fused.LayerNormOp,
        [op.input],
        shared_properties(op),
        epilogue_operands=[op.scale, op.bias],
        epilogue=Region(block),
    )


def batch_norm(op: graph.BatchNormOp, build: KernelBuilder) -> SSAValue:
    """(x - mean) * scale / sqrt(variance + epsilon) + bias, for the few that no weights take up."""
    rank, axis = len(static_shape(op.input)), op.axis.value.data
    vectors = [build.along_axis(vector, axis, rank) for vector in (op.scale, op.bias, op.mean, op.variance)]

    def normalize(scalars: ScalarBuilder, elements: Sequence[SSAValue]) -> SSAValue:
        x, scale, bias, mean, variance = elements
        deviation = scalars.call(math.SqrtOp, scalars.add(variance, scalars.constant(op.epsilon.value.data)))
        return scalars.add(
            scalars.multiply(scalars.divide(scale, deviation), scalars.subtract(x, mean)),
            bias,
        )

    return build.pointwise([op.input, *vectors], normalize)
