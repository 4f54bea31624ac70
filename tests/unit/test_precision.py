"""What the precisions are called, and which target has them."""

import numpy as np
import pytest
from onnx import ModelProto, TensorProto

from boltir.compiler import Network, lower
from boltir.dialects import graph
from boltir.errors import BoltError
from boltir.frontends.onnx import import_onnx
from boltir.pipelines import expand_named_pipeline
from boltir.precision import PRECISIONS, Precision
from boltir.target import TARGETS
from tests.support.network_builder import NetworkBuilder
from tests.support.networks import reference, relative_error
from tests.support.onnx_model import OnnxModel


def product() -> Network:
    """A matrix product at the graph level."""
    net = NetworkBuilder(np.random.default_rng(0))
    network = net.finish(net.add(graph.GemmOp, net.argument(np.zeros((64, 64), np.float32)), net.normal(64, 64)))
    return Network(network.module, network.context.weights)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("f16", ["f16", "fp16", "float16", "half"]),
        ("bf16", ["bf16", "bfloat16"]),
        ("f32", ["f32", "fp32", "float32", "tf32"]),
    ],
)
def test_a_precision_goes_by_the_names_users_know(name: str, names: list[str]) -> None:
    assert {Precision.named(alias).name for alias in names} == {name}
    assert {str(lower(product(), dtype=alias, target="sm_80").module) for alias in names} == {
        str(lower(product(), dtype=name, target="sm_80").module)
    }


@pytest.mark.parametrize("name", ["f8", "", "F16", "f16 "])
def test_an_unknown_name_is_an_error_that_lists_the_known_ones(name: str) -> None:
    with pytest.raises(BoltError) as caught:
        lower(product(), dtype=name)
    known = "f16, fp16, float16, half; bf16, bfloat16; f32, fp32, float32, tf32"
    assert str(caught.value) == f"unknown dtype '{name}' (one of {known})"


def test_every_target_has_f16_and_f32_and_from_ampere_on_bf16() -> None:
    for target in TARGETS.values():
        for precision in PRECISIONS:
            if (target.name, precision.name) != ("sm_75", "bf16"):
                assert Precision.named(precision.name, target) is precision


def test_bf16_before_ampere_is_refused_before_anything_runs() -> None:
    message = r"dtype: sm_75 does not compute in bf16 \(use f16\)"
    network = product()
    with pytest.raises(BoltError, match=message):
        lower(network, dtype="bfloat16", target="sm_75")
    with pytest.raises(BoltError, match=message):
        expand_named_pipeline("default{target=sm_75 dtype=bf16}")
    assert not list(network.remarks)


def test_f32_before_ampere_runs_on_the_ordinary_cores_and_says_so() -> None:
    network = product()
    lowered = lower(network, dtype="f32", target="sm_75")
    assert "#cutlass.simt_gemm<" in str(lowered.module)
    assert "sm_75 has no tf32 tensor cores" in [remark.message for remark in network.remarks]


def test_the_named_pipeline_takes_a_precision_by_any_name() -> None:
    assert expand_named_pipeline("default{dtype=half}") == expand_named_pipeline("default")
    assert "lower-precision{dtype=bf16}" in expand_named_pipeline("default{dtype=bfloat16}")


def half_precision_model() -> ModelProto:
    """softmax(x @ w + b), all of it stored in f16, as `model.half()` is exported."""
    model = OnnxModel()
    x = model.input("x", (16, 64), TensorProto.FLOAT16)
    weight, bias = (
        model.constant((model.random.random(shape) - 0.5).astype(np.float16)) for shape in ((64, 32), (32,))
    )
    logits = model.node("Add", model.node("MatMul", x, weight), bias)
    return model.build(y=model.node("Softmax", logits, axis=-1))


@pytest.mark.parametrize(
    ("dtype", "math", "tolerance"), [("f16", "f16", 2e-3), ("bf16", "bf16", 2e-2), ("f32", "tf32", 2e-3)]
)
def test_a_model_stored_in_half_is_computed_in_any_precision(dtype: str, math: str, tolerance: float) -> None:
    model = half_precision_model()
    imported = import_onnx(model)
    x = np.random.default_rng(1).standard_normal((16, 64)).astype(np.float16)
    lowered = lower(Network(imported.module, imported.weights), dtype=dtype)
    (result,) = lowered.run([x])
    assert f"#cutlass.gemm<math = {math}" in str(lowered.module)
    assert result.dtype == np.float16
    assert relative_error(result, reference(model, {"x": x})[0].astype(np.float32)) < tolerance
