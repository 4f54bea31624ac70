"""What boltir adds to xDSL: dialects, passes and targets, each loaded when it is first used.

Installed as an `xdsl.universe` entry point, so plain `xdsl-opt` sees all of it too.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from xdsl.universe import Universe

if TYPE_CHECKING:
    from xdsl.ir import Dialect
    from xdsl.passes import ModulePass
    from xdsl.utils.target import Target


class PassEntry(NamedTuple):
    """One row of the pass table; `location` is `module:Class` below `boltir`."""

    name: str
    location: str
    summary: str


PASSES: tuple[PassEntry, ...] = (
    PassEntry(
        "fold-constants", "passes.fold_constants:FoldConstantsPass", "evaluate operations on weights and constants"
    ),
    PassEntry(
        "recognize-composites",
        "passes.recognize_composites:RecognizeCompositesPass",
        "find activations, layer norms and attention that a model spells out in parts",
    ),
    PassEntry(
        "fold-batch-norm",
        "passes.fold_batch_norm:FoldBatchNormPass",
        "make batch normalisations part of the weights before them, or a scale and a shift",
    ),
    PassEntry("hoist-slices", "passes.hoist_slices:HoistSlicesPass", "compute only the part of a value that is read"),
    PassEntry(
        "merge-parallel-convolutions",
        "passes.merge_parallel_convolutions:MergeParallelConvolutionsPass",
        "make a sum of convolutions of one image one convolution",
    ),
    PassEntry(
        "fold-prologue",
        "passes.fold_prologue:FoldProloguePass",
        "scale weights or results instead of what products read",
    ),
    PassEntry("assign-layout", "passes.assign_layout:AssignLayoutPass", "store images channels-last (NHWC)"),
    PassEntry(
        "fuse-horizontal-gemms",
        "passes.fuse_horizontal_gemms:FuseHorizontalGemmsPass",
        "make products of one tensor, such as query, key and value, one product",
    ),
    PassEntry(
        "unfold-windows",
        "lowering.padding.unfold_windows:UnfoldWindowsPass",
        "lay the windows of pictures out as channels where that is faster",
    ),
    PassEntry(
        "pad-alignment",
        "lowering.padding.pad_alignment:PadAlignmentPass",
        "add lanes to rows where tensor cores read aligned ones faster",
    ),
    PassEntry(
        "lower-precision",
        "passes.lower_precision:LowerPrecisionPass",
        "store floats as f16, bf16 or f32 inside functions",
    ),
    PassEntry(
        "transpose-weights",
        "lowering.padding.transpose_weights:TransposeWeightsPass",
        "store the weights of matrix products the way tensor cores read them best",
    ),
    PassEntry(
        "decompose-ops",
        "passes.decompose_ops:DecomposeOpsPass",
        "spell out what has no kernel, or a better one as another operation",
    ),
    PassEntry(
        "convert-graph-to-fused",
        "lowering.graph_to_fused.convert:ConvertGraphToFusedPass",
        "make every operator one kernel",
    ),
    PassEntry(
        "fuse-epilogue",
        "passes.fuse_epilogue:FuseEpiloguePass",
        "merge pointwise kernels into the epilogues of their producers",
    ),
    PassEntry(
        "fuse-dual-gemm",
        "passes.fuse_dual_gemm:FuseDualGemmPass",
        "make the two products of a gated unit one kernel",
    ),
    PassEntry(
        "fold-into-store",
        "passes.fold_into_store:FoldIntoStorePass",
        "store results transposed, in parts, padded or joined instead of moving them",
    ),
    PassEntry(
        "split-stores",
        "passes.split_stores:SplitStoresPass",
        "make kernels of their own of stores of anything but all elements",
    ),
    PassEntry(
        "split-dual-gemm",
        "passes.split_dual_gemm:SplitDualGemmPass",
        "make one product and a pointwise kernel of two products in one kernel",
    ),
    PassEntry(
        "form-persistent-kernels",
        "lowering.fused_to_cutlass.chains.form_persistent_kernels:FormPersistentKernelsPass",
        "make one kernel of products that feed each other, where that is faster",
    ),
    PassEntry("inline-chains", "passes.inline_chains:InlineChainsPass", "run the anchors of persistent kernels apart"),
    PassEntry(
        "decompose-attention",
        "passes.decompose_attention:DecomposeAttentionPass",
        "compute attention by kernels for its products and its softmax",
    ),
    PassEntry(
        "split-epilogue",
        "passes.split_epilogue:SplitEpiloguePass",
        "move what a CUTLASS epilogue cannot load into a kernel behind it",
    ),
    PassEntry(
        "select-templates",
        "lowering.fused_to_cutlass.select_templates:SelectTemplatesPass",
        "choose the template that each kernel becomes",
    ),
    PassEntry(
        "convert-fused-to-cutlass",
        "lowering.fused_to_cutlass.convert:ConvertFusedToCutlassPass",
        "move the network onto buffers, every kernel as an instantiation of its template",
    ),
    PassEntry("plan-memory", "passes.plan_memory:PlanMemoryPass", "give every buffer its place in one arena"),
)
"""Every pass of boltir, in the order of a usual pipeline."""


def _dialect(location: str) -> Callable[[], Dialect]:
    return lambda: _load(location)


def _pass(location: str) -> Callable[[], type[ModulePass]]:
    return lambda: _load(location)


def _target(location: str) -> Callable[[], type[Target]]:
    return lambda: _load(location)


def _load(location: str) -> Any:
    module, name = location.split(":")
    return getattr(import_module(f"boltir.{module}"), name)


UNIVERSE = Universe(
    all_dialects={
        "graph": _dialect("dialects.graph:Graph"),
        "fused": _dialect("dialects.fused:Fused"),
        "cutlass": _dialect("dialects.cutlass:Cutlass"),
    },
    all_passes={entry.name: _pass(entry.location) for entry in PASSES},
    all_targets={"cuda": _target("lowering.cutlass_to_cuda.emit:CudaTarget")},
)
