"""Whole networks through every level, against onnxruntime, and on to CUDA text for every target."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pytest
from onnx import ModelProto

from boltir.compiler import Network, lower
from boltir.frontends.onnx import import_onnx
from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
from boltir.target import TARGETS
from tests.support.networks import (
    NETWORKS,
    Array,
    classifier_with_logits,
    picture,
    random_inputs,
    reference,
    relative_error,
)

AS_IMPORTED = 1e-4
LOWERED = {"f16": 1e-2, "bf16": 5e-2, "f32": 2e-3}
"""Largest relative error: f32 as imported, then what the precision allows; in f32, that of tf32 products."""


@dataclass(frozen=True)
class Case:
    """A network with inputs, and what onnxruntime computes from them."""

    network: Network
    inputs: list[Array]
    expected: list[Array]

    def error(self, network: Network) -> float:
        """The largest relative error of any output of `network`, which is this case's at some level."""
        results = network.run(self.inputs)
        return max(relative_error(*pair) for pair in zip(results, self.expected, strict=True))


def case_of(model: ModelProto, inputs: Mapping[str, Array]) -> Case:
    imported = import_onnx(model, input_shapes={name: array.shape for name, array in inputs.items()})
    return Case(Network(imported.module, imported.weights), list(inputs.values()), reference(model, inputs))


@cache
def case(name: str) -> Case:
    if name == "classifier":
        return case_of(classifier_with_logits(), {"x": picture("boltir")})
    model = NETWORKS[name]()
    return case_of(model, random_inputs(model))


every_network = pytest.mark.parametrize("name", [*NETWORKS, "classifier"])


@every_network
def test_the_imported_network_agrees_with_onnxruntime(name: str) -> None:
    assert case(name).error(case(name).network) < AS_IMPORTED


def errors_by_level(name: str, target: str, dtype: str) -> dict[str, float]:
    """The error of each level that the network is lowered through."""
    errors: dict[str, float] = {}
    lower(
        case(name).network,
        target=target,
        dtype=dtype,
        on_level=lambda level, network: errors.update({level: case(name).error(network)}),
    )
    return errors


@every_network
@pytest.mark.parametrize(
    ("target", "dtype"), [("sm_80", "f16"), ("sm_90a", "f16"), ("sm_80", "bf16"), ("sm_90a", "f32")]
)
def test_every_level_agrees_with_onnxruntime(name: str, target: str, dtype: str) -> None:
    errors = errors_by_level(name, target, dtype)
    assert list(errors) == ["graph", "fused", "cutlass"]
    assert max(errors.values()) < LOWERED[dtype], errors


def test_f32_is_exact_but_for_what_tensor_cores_multiply() -> None:
    turing, ampere = (errors_by_level("resnet18", target, "f32") for target in ("sm_75", "sm_80"))
    assert max(turing.values()) < AS_IMPORTED
    assert max(ampere["graph"], ampere["fused"]) < AS_IMPORTED < ampere["cutlass"]


@pytest.mark.parametrize(
    ("name", "dtype"), [*((name, "f16") for name in NETWORKS), ("classifier", "f16"), ("unet", "f32"), ("gpt", "f32")]
)
def test_a_network_has_cuda_for_every_target(name: str, dtype: str) -> None:
    optimised = lower(case(name).network, "graph", dtype=dtype)
    for target in TARGETS:
        sources = emit_cuda(lower(optimised, target=target, dtype=dtype).module)
        assert sources.kernels
        assert len(sources.program.launches) >= len(sources.kernels)


@pytest.mark.parametrize(("modern", "spelled_out"), [("bert", "bert-opset13"), ("vit", "vit-opset16")])
def test_a_layer_norm_spelled_out_is_one_kernel(modern: str, spelled_out: str) -> None:
    """So an old export becomes as many kernels as a new one."""
    launches = [len(emit_cuda(lower(case(name).network).module).program.launches) for name in (modern, spelled_out)]
    assert launches[0] == launches[1]


def test_lowering_leaves_the_given_network_alone() -> None:
    before = str(case("vgg").network)
    lower(case("vgg").network)
    assert str(case("vgg").network) == before
