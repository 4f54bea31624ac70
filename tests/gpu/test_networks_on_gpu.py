"""Compiled networks on the GPU give what the interpreter and onnxruntime give."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto

import boltir
from tests.support.networks import (
    NETWORKS,
    Array,
    classifier_with_logits,
    picture,
    random_inputs,
    reference,
    relative_error,
)


def gpu_target() -> str:
    """The target of the GPU at hand."""
    torch: Any = importlib.import_module("torch")
    major, minor = torch.cuda.get_device_capability()
    return "sm_90a" if major == 9 else f"sm_{major}{minor}"


def check(model: ModelProto, inputs: dict[str, Array], folder: Path) -> None:
    """Compile `model`, run it twice on the GPU, and compare with onnxruntime and with itself."""
    from tests.gpu.device_model import DeviceModel

    (folder / "model.onnx").write_bytes(model.SerializeToString())
    shapes = {name: array.shape for name, array in inputs.items()}
    network = boltir.import_onnx(folder / "model.onnx", input_shapes=shapes)
    artifact = boltir.compile(network, folder / "artifact", target=gpu_target())
    compiled = DeviceModel(artifact.folder)
    results = compiled.run(list(inputs.values()))
    for result, expected in zip(results, reference(model, inputs), strict=True):
        assert relative_error(result.astype(np.float32), expected) < 1e-2
    for first, second in zip(results, compiled.run(list(inputs.values())), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("upside_down", [False, True])
def test_classifier(upside_down: bool, tmp_path: Path) -> None:
    check(classifier_with_logits(), {"x": picture("boltir 2026", upside_down=upside_down)}, tmp_path)


@pytest.mark.parametrize("name", NETWORKS)
def test_network(name: str, tmp_path: Path) -> None:
    model = NETWORKS[name]()
    check(model, random_inputs(model), tmp_path)
