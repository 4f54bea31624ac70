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
LOWERED = {"f16": 1e-2, "bf16": 5e-2}
"""Largest relative error: f32 as imported, 16 bits from then on."""


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


@every_network
@pytest.mark.parametrize("target", ["sm_80", "sm_90a"])
def test_every_level_agrees_with_onnxruntime(name: str, target: str) -> None:
    errors: dict[str, float] = {}
    lower(
        case(name).network,
        target=target,
        on_level=lambda level, network: errors.update({level: case(name).error(network)}),
    )
    assert list(errors) == ["graph", "fused", "cutlass"]
    assert max(errors.values()) < LOWERED["f16"], errors


def test_every_level_agrees_in_bfloat16() -> None:
    errors: list[float] = []
    lower(
        case("resnet18").network,
        dtype="bf16",
        on_level=lambda _, network: errors.append(case("resnet18").error(network)),
    )
    assert max(errors) < LOWERED["bf16"], errors


@every_network
def test_a_network_has_cuda_for_every_target(name: str) -> None:
    fused = lower(case(name).network, "fused")
    for target in TARGETS:
        sources = emit_cuda(lower(fused, target=target).module)
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
