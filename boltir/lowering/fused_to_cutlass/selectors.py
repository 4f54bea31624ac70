"""Which families of templates can run which fused operation, the preferred one first."""

from collections.abc import Iterator

from boltir.dialects import fused
from boltir.dialects.fused import FusedOp
from boltir.lowering.fused_to_cutlass.attention import attention_answers
from boltir.lowering.fused_to_cutlass.families import select_on_tensor_cores
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.simt.linear import (
    select_depthwise_conv2d,
    select_direct_conv2d,
    select_simt_gemm,
)
from boltir.lowering.fused_to_cutlass.simt.movement import (
    select_concat,
    select_gather,
    select_pad,
    select_resize,
    select_transpose,
)
from boltir.lowering.fused_to_cutlass.simt.pointwise import select_pointwise, select_slice
from boltir.lowering.fused_to_cutlass.simt.reduction import (
    select_layer_norm,
    select_pool2d,
    select_reduce,
    select_softmax,
)
from boltir.lowering.fused_to_cutlass.simt.unfold import select_unfold
from boltir.target import Target


def answers(op: FusedOp, target: Target) -> Iterator[Selection | Refusal]:
    """What each family of templates says to `op`; ask on only after a refusal."""
    match op:
        case fused.AttentionOp():
            yield from attention_answers(op, target)
        case fused.GemmOp():
            yield select_on_tensor_cores(op, target)
            yield select_simt_gemm(op, target)
        case fused.DualGemmOp():
            yield select_on_tensor_cores(op, target)
        case fused.Conv2dOp():
            yield select_on_tensor_cores(op, target)
            yield select_direct_conv2d(op, target)
        case fused.ConvTranspose2dOp():
            yield select_direct_conv2d(op, target)
        case fused.DepthwiseConv2dOp():
            yield select_depthwise_conv2d(op, target)
        case fused.Pool2dOp():
            yield select_pool2d(op, target)
        case fused.ReduceOp():
            yield select_reduce(op, target)
        case fused.SoftmaxOp():
            yield select_softmax(op, target)
        case fused.LayerNormOp():
            yield select_layer_norm(op, target)
        case fused.PointwiseOp():
            yield select_pointwise(op, target)
        case _:
            yield from _movement_answers(op, target)


def _movement_answers(op: FusedOp, target: Target) -> Iterator[Selection | Refusal]:
    match op:
        case fused.TransposeOp():
            yield select_transpose(op, target)
        case fused.SliceOp():
            yield select_slice(op, target)
        case fused.PadOp():
            yield select_pad(op, target)
        case fused.GatherOp():
            yield select_gather(op, target)
        case fused.ConcatOp():
            yield select_concat(op, target)
        case fused.UnfoldOp():
            yield select_unfold(op, target)
        case fused.ResizeOp():
            yield select_resize(op, target)
        case _:
            yield Refusal("there is no template for this operation")
