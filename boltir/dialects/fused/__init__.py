"""The `fused` dialect: one operation is one kernel to be."""

from xdsl.ir import Dialect

from boltir.dialects.fused.attention import AttentionOp
from boltir.dialects.fused.base import FusedOp, YieldOp
from boltir.dialects.fused.broadcast import Broadcast, BroadcastAttr
from boltir.dialects.fused.chain import ChainOp, Residence, ResidenceAttr
from boltir.dialects.fused.linear import (
    Conv2dOp,
    ConvolutionOp,
    ConvTranspose2dOp,
    DepthwiseConv2dOp,
    DualGemmOp,
    GemmOp,
)
from boltir.dialects.fused.movement import ConcatOp, GatherOp, PadOp, ReshapeOp, ResizeOp, SliceOp, TransposeOp
from boltir.dialects.fused.reduction import (
    LayerNormOp,
    PointwiseOp,
    Pool2dOp,
    ReduceOp,
    ReductionKind,
    ReductionKindAttr,
    SoftmaxOp,
)
from boltir.dialects.fused.store import (
    Along,
    AlongAttr,
    ColumnsAttr,
    Combiner,
    CombinerAttr,
    ElementsAttr,
    PaddedAttr,
    PermutedAttr,
    ReducedAttr,
    StoreAttr,
)
from boltir.dialects.fused.unfold import UnfoldOp

Fused = Dialect(
    "fused",
    [
        AttentionOp,
        ChainOp,
        ConcatOp,
        Conv2dOp,
        ConvTranspose2dOp,
        DepthwiseConv2dOp,
        DualGemmOp,
        GatherOp,
        GemmOp,
        LayerNormOp,
        PadOp,
        PointwiseOp,
        Pool2dOp,
        ReduceOp,
        ReshapeOp,
        ResizeOp,
        SliceOp,
        SoftmaxOp,
        TransposeOp,
        UnfoldOp,
        YieldOp,
    ],
    [
        AlongAttr,
        BroadcastAttr,
        ColumnsAttr,
        CombinerAttr,
        ElementsAttr,
        PaddedAttr,
        PermutedAttr,
        ReducedAttr,
        ReductionKindAttr,
        ResidenceAttr,
    ],
)

__all__ = [
    "Along",
    "Broadcast",
    "Combiner",
    "ConvolutionOp",
    "Fused",
    "FusedOp",
    "ReductionKind",
    "Residence",
    "StoreAttr",
]
