"""The `cutlass` dialect: template instantiations, and their launches on planned memory."""

from xdsl.ir import Dialect

from boltir.dialects.cutlass.attention import AttentionAttr
from boltir.dialects.cutlass.attention_sm80 import AttentionMaskAttr, AttentionSm80Attr
from boltir.dialects.cutlass.attention_sm90 import AttentionScheduleAttr, AttentionSm90Attr
from boltir.dialects.cutlass.chain_conv2d import ChainConv2dAttr
from boltir.dialects.cutlass.chain_conv2d_sm90 import ChainConv2dSm90Attr
from boltir.dialects.cutlass.chain_gemm import ChainGemmAttr
from boltir.dialects.cutlass.chain_gemm_simt import ChainGemmSimtAttr
from boltir.dialects.cutlass.chain_gemm_sm90 import ChainGemmSm90Attr
from boltir.dialects.cutlass.choice import CHOICE_ATTRIBUTE, ChoiceAttr, choice_of
from boltir.dialects.cutlass.conv2d import Conv2dAttr, IteratorAlgorithmAttr
from boltir.dialects.cutlass.conv2d_sm90 import Conv2dSm90Attr
from boltir.dialects.cutlass.gemm import GemmAttr
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.gemm_unaligned import GemmUnalignedAttr
from boltir.dialects.cutlass.kernel import KernelOp, LaunchOp, launches
from boltir.dialects.cutlass.matrix import LayoutAttr, MathAttr
from boltir.dialects.cutlass.memory import (
    ARENA_ALIGNMENT,
    OUTPUTS_ATTRIBUTE,
    AllocOp,
    ArenaOp,
    ReinterpretOp,
    ViewOp,
    WeightOp,
    buffer_bytes,
    memref_type,
    output_count,
)
from boltir.dialects.cutlass.simt_linear import DepthwiseConv2dAttr, DirectConv2dAttr, GemmAlgorithmAttr, SimtGemmAttr
from boltir.dialects.cutlass.simt_movement import (
    ConcatAttr,
    GatherAttr,
    PadAttr,
    PointwiseAttr,
    ResizeAttr,
    TransposeAttr,
)
from boltir.dialects.cutlass.simt_reduction import (
    LayerNormAttr,
    Pool2dAttr,
    ReduceAttr,
    RowAlgorithmAttr,
    SoftmaxAttr,
)
from boltir.dialects.cutlass.simt_unfold import UnfoldAttr
from boltir.dialects.cutlass.sm90 import ScheduleAttr
from boltir.dialects.cutlass.store import Store, StoreAttr, StoreKind
from boltir.dialects.cutlass.template import FlagAttr, IntsAttr, KernelSignature, TemplateAttr

TEMPLATES: tuple[type[TemplateAttr], ...] = (
    AttentionAttr,
    AttentionSm80Attr,
    AttentionSm90Attr,
    ChainConv2dAttr,
    ChainConv2dSm90Attr,
    ChainGemmAttr,
    ChainGemmSimtAttr,
    ChainGemmSm90Attr,
    ConcatAttr,
    Conv2dAttr,
    Conv2dSm90Attr,
    DepthwiseConv2dAttr,
    DirectConv2dAttr,
    GatherAttr,
    GemmAttr,
    GemmSm90Attr,
    GemmUnalignedAttr,
    LayerNormAttr,
    PadAttr,
    PointwiseAttr,
    Pool2dAttr,
    ReduceAttr,
    ResizeAttr,
    SimtGemmAttr,
    SoftmaxAttr,
    TransposeAttr,
    UnfoldAttr,
)
"""Every kernel template, each in the file that states its rules."""

Cutlass = Dialect(
    "cutlass",
    [AllocOp, ArenaOp, KernelOp, LaunchOp, ReinterpretOp, ViewOp, WeightOp],
    [
        AttentionMaskAttr,
        AttentionScheduleAttr,
        ChoiceAttr,
        FlagAttr,
        GemmAlgorithmAttr,
        IntsAttr,
        IteratorAlgorithmAttr,
        LayoutAttr,
        MathAttr,
        RowAlgorithmAttr,
        ScheduleAttr,
        StoreAttr,
        *TEMPLATES,
    ],
)

__all__ = [
    "ARENA_ALIGNMENT",
    "CHOICE_ATTRIBUTE",
    "OUTPUTS_ATTRIBUTE",
    "ChoiceAttr",
    "Cutlass",
    "KernelSignature",
    "Store",
    "StoreKind",
    "buffer_bytes",
    "choice_of",
    "launches",
    "memref_type",
    "output_count",
]
