"""No fusing pass changes what random graphs of products and their tails compute, but by rounding.

Each pass runs on what comes to it in the pipeline, and the interpreter runs the graph before and after it. For more
graphs: `--hypothesis-profile=thorough`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.passes import ModulePass
from xdsl.transforms.canonicalize import CanonicalizePass

from boltir.lowering.fused_to_cutlass.convert import ConvertFusedToCutlassPass
from boltir.lowering.graph_to_fused.convert import ConvertGraphToFusedPass
from boltir.passes.fold_constants import FoldConstantsPass
from boltir.passes.fold_into_store import FoldIntoStorePass
from boltir.passes.fold_prologue import FoldProloguePass
from boltir.passes.fuse_dual_gemm import FuseDualGemmPass
from boltir.passes.fuse_epilogue import FuseEpiloguePass
from boltir.passes.fuse_horizontal_gemms import FuseHorizontalGemmsPass
from boltir.passes.lower_precision import LowerPrecisionPass
from boltir.passes.plan_memory import PlanMemoryPass
from tests.support.network_builder import Array, Network
from tests.support.random_graphs import random_tails
from tests.support.tail_steps import EXACT_STEPS, HALF_STEPS, TAIL_STEPS

Passes = tuple[ModulePass, ...]


TO_FUSED: Passes = (FoldConstantsPass(), ConvertGraphToFusedPass(), FoldConstantsPass(), CanonicalizePass())
EPILOGUES: Passes = (*TO_FUSED, FuseEpiloguePass(always=True))
DUALS: Passes = (*EPILOGUES, FuseDualGemmPass(), FoldConstantsPass())
STORES: Passes = (FuseHorizontalGemmsPass(), *DUALS, FoldIntoStorePass(), CanonicalizePass())
HALF: Passes = (LowerPrecisionPass("f16"),)


def to_cutlass(target: str) -> Passes:
    return (ConvertFusedToCutlassPass(target), PlanMemoryPass())


@dataclass(frozen=True)
class Stage:
    """Passes that must keep what graphs of a kind compute, after what comes before them."""

    kind: str
    before: Passes
    passes: Passes
    tolerance: float

    def __str__(self) -> str:
        return f"{self.passes[0].name}-{self.kind}"


SAME, REORDERED, ROUNDED = 0.0, 1e-4, 2e-2
STAGES = (
    Stage("tails", (), (FoldProloguePass(),), REORDERED),
    Stage("halves", (), (FoldProloguePass(),), ROUNDED),
    Stage("exact", (), (FuseHorizontalGemmsPass(),), REORDERED),
    Stage("tails", (), (FuseHorizontalGemmsPass(),), REORDERED),
    Stage("exact", TO_FUSED, (FuseEpiloguePass(),), SAME),
    Stage("tails", TO_FUSED, (FuseEpiloguePass(target="sm_90a"),), REORDERED),
    Stage("tails", TO_FUSED, (FuseEpiloguePass(always=True),), REORDERED),
    Stage("halves", TO_FUSED, (FuseEpiloguePass(always=True),), ROUNDED),
    Stage("tails", EPILOGUES, (FuseDualGemmPass(), FoldConstantsPass()), REORDERED),
    Stage("halves", EPILOGUES, (FuseDualGemmPass(), FoldConstantsPass()), ROUNDED),
    Stage("tails", DUALS, (FoldIntoStorePass(),), REORDERED),
    Stage("tails", (FuseHorizontalGemmsPass(), *DUALS), (FoldIntoStorePass(),), REORDERED),
    Stage("exact", STORES, to_cutlass("sm_75"), REORDERED),
    Stage("tails", STORES, to_cutlass("sm_75"), REORDERED),
    Stage("tails", (*HALF, *STORES), to_cutlass("sm_80"), ROUNDED),
    Stage("tails", (*HALF, *STORES), to_cutlass("sm_90a"), ROUNDED),
    Stage("halves", STORES, to_cutlass("sm_90a"), ROUNDED),
)


@dataclass(frozen=True)
class Recipe:
    """What a random graph is made from; small enough to print when a test fails."""

    seed: int
    length: int

    def build(self, kind: str) -> Network:
        steps = {"exact": EXACT_STEPS, "tails": TAIL_STEPS, "halves": HALF_STEPS}[kind]
        return random_tails(self.seed, self.length, steps)


recipes = st.builds(Recipe, st.integers(0, 2**32), st.integers(0, 10))


@pytest.mark.parametrize("stage", STAGES, ids=str)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(recipe=recipes)
def test_results_stay(stage: Stage, recipe: Recipe) -> None:
    network = recipe.build(stage.kind)
    apply(network, stage.before)
    expected = network.outputs()
    apply(network, stage.passes)
    assert_close(network.outputs(), expected, stage.tolerance)


def apply(network: Network, passes: Passes) -> None:
    for module_pass in passes:
        module_pass.apply(network.context, network.module)
        network.module.verify()


def assert_close(results: Sequence[Array], expected: Sequence[Array], tolerance: float) -> None:
    """Each result is as expected, to `tolerance` of its largest number."""
    assert len(results) == len(expected)
    for result, reference in zip(results, expected, strict=True):
        assert result.dtype == reference.dtype
        scale = max(1.0, float(np.abs(reference).max()))
        np.testing.assert_allclose(result, reference, rtol=0, atol=tolerance * scale)
