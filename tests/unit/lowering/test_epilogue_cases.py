"""Kernels with epilogues of every shape mean the same after their lowering, whatever a target's templates hold."""

import numpy as np
import pytest

import boltir
from boltir.compiler import run_pipeline
from boltir.pipelines import level_pipeline
from tests.gpu.epilogue_cases import CASES, TOLERANCES, EpilogueCase


@pytest.mark.parametrize("target", ["sm_80", "sm_90a"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lowered_epilogue(case: EpilogueCase, target: str) -> None:
    network = boltir.Network(case.module())
    network.module.verify()
    run_pipeline(network, level_pipeline("cutlass", target=target, dtype="f16"))
    network.module.verify()
    arguments = case.random_arguments(0)
    for output, exact in zip(network.run(arguments), case.expected(arguments), strict=True):
        assert output.shape == exact.shape
        difference = np.abs(output.astype(np.float64) - exact).max() / np.abs(exact).max()
        assert difference <= TOLERANCES[output.dtype.name]
