"""Every pass within the `graph` level leaves what random networks compute, does it once, and keeps locations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import UnknownLoc
from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.transforms.common_subexpression_elimination import CommonSubexpressionElimination

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.constants import is_constant
from boltir.dialects.graph.normalization import BatchNormOp
from boltir.lowering.padding.pad_alignment import PadAlignmentPass
from boltir.lowering.padding.transpose_weights import TransposeWeightsPass
from boltir.pass_manager import module_text
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
from tests.support.network_builder import Array, Network
from tests.support.random_graphs import random_cnn, random_transformer

EXACT: tuple[ModulePass, ...] = (
    AssignLayoutPass(),
    CanonicalizePass(),
    CommonSubexpressionElimination(),
    DecomposeOpsPass(),
    FoldBatchNormPass(),
    FoldConstantsPass(),
    FoldProloguePass(),
    HoistSlicesPass(),
    MergeParallelConvolutionsPass(),
    FuseHorizontalGemmsPass(),
    PadAlignmentPass(),
    RecognizeCompositesPass(),
    TransposeWeightsPass(dtype="f32"),
)
LOWERING: tuple[ModulePass, ...] = tuple(map(LowerPrecisionPass, ("f16", "bf16", "f32")))
PIPELINE: tuple[ModulePass, ...] = (
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
    FoldConstantsPass(),
    CanonicalizePass(),
)


@dataclass(frozen=True)
class Recipe:
    """What a random network is made from; small enough to print when a test fails."""

    kind: str
    seed: int
    length: int

    def build(self) -> Network:
        return {"cnn": random_cnn, "transformer": random_transformer}[self.kind](self.seed, self.length)


recipes = st.builds(Recipe, st.sampled_from(["cnn", "transformer"]), st.integers(0, 2**32), st.integers(0, 12))
few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def apply(network: Network, *passes: ModulePass) -> None:
    for module_pass in passes:
        module_pass.apply(network.context, network.module)
        network.module.verify()


def assert_close(results: list[Array], expected: list[Array], tolerance: float) -> None:
    assert len(results) == len(expected)
    for result, reference in zip(results, expected, strict=True):
        assert result.dtype == reference.dtype
        scale = max(1.0, float(np.abs(reference).max()))
        np.testing.assert_allclose(result / scale, reference / scale, rtol=0, atol=tolerance)


@pytest.mark.parametrize("module_pass", EXACT, ids=str)
@few
@given(recipe=recipes)
def test_results_stay(module_pass: ModulePass, recipe: Recipe) -> None:
    network = recipe.build()
    expected = network.outputs()
    apply(network, module_pass)
    assert_close(network.outputs(), expected, 1e-5)


@few
@given(recipe=recipes)
def test_results_stay_through_the_pipeline(recipe: Recipe) -> None:
    network = recipe.build()
    expected = network.outputs()
    apply(network, *PIPELINE)
    assert_close(network.outputs(), expected, 1e-5)


@pytest.mark.parametrize(("module_pass", "tolerance"), [(LOWERING[0], 1e-2), (LOWERING[1], 8e-2)], ids=str)
@few
@given(recipe=recipes)
def test_results_stay_near_in_low_precision(module_pass: ModulePass, tolerance: float, recipe: Recipe) -> None:
    network = recipe.build()
    expected = network.outputs()
    apply(network, FoldBatchNormPass(), module_pass)
    assert_close(network.outputs(), expected, tolerance)


@pytest.mark.parametrize("module_pass", EXACT + LOWERING, ids=str)
@few
@given(recipe=recipes)
def test_a_second_run_changes_nothing(module_pass: ModulePass, recipe: Recipe) -> None:
    network = recipe.build()
    apply(network, module_pass)
    once = module_text(network.module)
    apply(network, module_pass)
    assert module_text(network.module) == once


@pytest.mark.parametrize("module_pass", EXACT, ids=str)
@few
@given(recipe=recipes)
def test_new_operations_have_a_location(module_pass: ModulePass, recipe: Recipe) -> None:
    network = recipe.build()
    apply(network, module_pass)
    ops = [op for op in network.ops(GraphOp) if not is_constant(op.result)]
    assert [op.name for op in ops if isinstance(op.location, UnknownLoc)] == []


@few
@given(recipe=recipes)
def test_no_batch_norm_is_left(recipe: Recipe) -> None:
    network = recipe.build()
    apply(network, FoldBatchNormPass())
    assert network.ops(BatchNormOp) == []
