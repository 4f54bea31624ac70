"""A network of 8-bit activations at every level: integers as onnxruntime gives them, up to a step of rounding."""

import numpy as np
import pytest
from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

from boltir.compiler import Network, lower
from boltir.frontends.onnx import import_onnx
from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
from boltir.target import TARGETS
from tests.support.networks import Array, random_inputs
from tests.support.quantized import quantized_cnn

MODEL = quantized_cnn()
INPUTS = random_inputs(MODEL)


def reference() -> Array:
    """onnxruntime's result as the model is written: optimised, it would multiply integers."""
    options = SessionOptions()
    options.graph_optimization_level = GraphOptimizationLevel.ORT_DISABLE_ALL
    return np.asarray(InferenceSession(MODEL.SerializeToString(), options).run(None, dict(INPUTS))[0])


EXPECTED = reference()


def imported() -> Network:
    network = import_onnx(MODEL)
    return Network(network.module, network.weights)


def check(network: Network, exact: float) -> None:
    """At least the share `exact` of the integers is the same, and no other is more than a step away."""
    result: Array = network.run(list(INPUTS.values()))[0]
    assert result.dtype == EXPECTED.dtype == np.int8
    difference = np.abs(result.astype(np.int32) - EXPECTED)
    assert difference.max() <= 1
    assert (difference == 0).mean() >= exact


def test_as_imported() -> None:
    check(imported(), 0.99)


@pytest.mark.parametrize("target", ["sm_75", "sm_80", "sm_90a"])
def test_at_every_level(target: str) -> None:
    lower(imported(), target=target, on_level=lambda _, network: check(network, 0.9))


def test_it_has_cuda_for_every_target() -> None:
    fused = lower(imported(), "fused")
    for target in TARGETS:
        kernels = emit_cuda(lower(fused, target=target).module).kernels
        assert any("int8_t& r0" in source for source in kernels.values())
