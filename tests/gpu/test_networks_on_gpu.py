"""Compiled networks on the GPU give what the interpreter and onnxruntime give."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto

import boltir
from tests.gpu.target import gpu_target
from tests.support.networks import (
    NETWORKS,
    Array,
    classifier_with_logits,
    picture,
    random_inputs,
    reference,
    relative_error,
)

TOLERANCES = {"f16": 1e-2, "bf16": 5e-2, "f32": 2e-3}
"""Largest relative error; in f32, that of products of tf32 numbers."""


def check(model: ModelProto, inputs: dict[str, Array], folder: Path, dtype: str = "f16") -> None:
    """Compile `model`, run it twice on the GPU, and compare with onnxruntime and with itself."""
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    shapes = {name: array.shape for name, array in inputs.items()}
    network = boltir.import_onnx(folder / "model.onnx", input_shapes=shapes)
    artifact = boltir.compile(network, folder / "artifact", target=gpu_target(), dtype=dtype)
    with boltir.load(artifact.folder) as compiled:
        results = run_on_poison(compiled, inputs)
        for result, expected in zip(results, reference(model, inputs), strict=True):
            assert relative_error(result.astype(np.float32), expected) < TOLERANCES[dtype]
        for first, second in zip(results, run_on_poison(compiled, inputs), strict=True):
            np.testing.assert_array_equal(first, second)


def run_on_poison(compiled: boltir.Model, inputs: dict[str, Array]) -> list[Array]:
    """The network's outputs, written over NaN, or over the greatest integer."""
    torch: Any = importlib.import_module("torch")
    poison = [
        np.full(tensor.shape, np.nan if tensor.dtype.is_float else np.iinfo(tensor.dtype.numpy).max, tensor.dtype.numpy)
        for tensor in compiled.outputs
    ]
    outputs = [torch.from_numpy(array).cuda() for array in poison]
    compiled({name: torch.from_numpy(array).cuda() for name, array in inputs.items()}, outputs=outputs)
    return [output.cpu().numpy() for output in outputs]


@pytest.mark.parametrize("upside_down", [False, True])
def test_classifier(upside_down: bool, tmp_path: Path) -> None:
    check(classifier_with_logits(), {"x": picture("boltir 2026", upside_down=upside_down)}, tmp_path)


@pytest.mark.parametrize("name", NETWORKS)
def test_network(name: str, tmp_path: Path) -> None:
    model = NETWORKS[name]()
    check(model, random_inputs(model), tmp_path)


@pytest.mark.parametrize("dtype", ["bf16", "f32"])
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3", "unet", "gpt", "vit"])
def test_network_in_another_precision(name: str, dtype: str, tmp_path: Path) -> None:
    model = NETWORKS[name]()
    check(model, random_inputs(model), tmp_path, dtype)
