"""The work of every pass within the `graph` level grows linearly with the network."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import numpy as np
import pytest
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination
from xdsl.transforms.dead_code_elimination import DeadCodeElimination

from boltir.dialects import graph
from boltir.dialects.graph.base import GraphOp
from boltir.lowering.padding.pad_alignment import PadAlignmentPass
from boltir.lowering.padding.transpose_weights import TransposeWeightsPass
from boltir.passes.assign_layout import AssignLayoutPass
from boltir.passes.decompose_ops import DecomposeOpsPass
from boltir.passes.fold_batch_norm import FoldBatchNormPass
from boltir.passes.fold_constants import FoldConstantsPass
from boltir.passes.fold_prologue import FoldProloguePass
from boltir.passes.fuse_horizontal_gemms import FuseHorizontalGemmsPass
from boltir.passes.hoist_slices import HoistSlicesPass
from boltir.passes.lower_precision import LowerPrecisionPass
from boltir.passes.merge_parallel_convolutions import MergeParallelConvolutionsPass
from boltir.passes.recognize_composites import RecognizeCompositesPass
from tests.support.image_steps import spelled_hard_swish
from tests.support.network_builder import Network, NetworkBuilder
from tests.support.token_steps import layer_norm

PASSES: tuple[ModulePass, ...] = (
    CanonicalizePass(),
    RecognizeCompositesPass(),
    HoistSlicesPass(),
    FoldBatchNormPass(),
    MergeParallelConvolutionsPass(),
    FoldProloguePass(),
    AssignLayoutPass(),
    CanonicalizePass(),
    FuseHorizontalGemmsPass(),
    DecomposeOpsPass(),
    PadAlignmentPass(),
    LowerPrecisionPass(),
    TransposeWeightsPass(dtype="f32"),
    FoldConstantsPass(),
    CommonSubexpressionElimination(),
    DeadCodeElimination(),
)
SMALL, LARGE = 10, 100


def residual_network(blocks: int) -> Network:
    """15 operations per block: a residual convolution, its batch_norm and a spelled-out activation."""
    net = NetworkBuilder(np.random.default_rng(0))
    x = net.image(1, 3, 3, 3)
    for _ in range(blocks):
        y = net.add(graph.Conv2dOp, x, net.normal(3, 3, 1, 1))
        parameters: list[SSAValue] = [net.weight(net.random.uniform(0.5, 1, 3)) for _ in range(4)]
        y = spelled_hard_swish(net, net.add(graph.BatchNormOp, y, *parameters))
        x = net.add(graph.ReluOp, net.add(graph.AddOp, x, y))
    return net.finish(x)


def normalized_network(blocks: int) -> Network:
    """12 operations per block: a layer norm in parts."""
    net = NetworkBuilder(np.random.default_rng(0))
    x = net.argument(np.ones((1, 2, 4), np.float32))
    for _ in range(blocks):
        x = net.add(graph.AddOp, x, layer_norm(net, x))
    return net.finish(x)


def calls(module_pass: ModulePass, network: Network) -> int:
    """How many function calls `module_pass` makes on `network`: a measure of work that never varies."""
    count = 0

    def on_event(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(on_event)
    try:
        module_pass.apply(network.context, network.module)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("make", [residual_network, normalized_network])
@pytest.mark.parametrize("module_pass", PASSES, ids=str)
def test_work_is_linear(module_pass: ModulePass, make: Any) -> None:
    calls(module_pass, make(1))
    small, large = (calls(module_pass, make(blocks)) for blocks in (SMALL, LARGE))
    assert large <= small * (LARGE / SMALL) * 1.2


def test_ten_thousand_operations() -> None:
    network = residual_network(700)
    assert len(network.ops(GraphOp)) >= 10_000
    for module_pass in PASSES:
        module_pass.apply(network.context, network.module)
    network.module.verify()
