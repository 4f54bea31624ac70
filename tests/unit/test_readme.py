"""What README.md says of the Python interface is what happens."""

import doctest
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

README = Path(__file__).parents[2] / "README.md"


def write_linear_layer(path: Path) -> None:
    """A linear layer with a hard-swish, the README's example."""
    generator = np.random.default_rng(0)
    weight = generator.standard_normal((64, 32)).astype(np.float32)
    bias = generator.standard_normal(32).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"], name="fc"),
        helper.make_node("Add", ["h", "b"], ["s"], name="bias"),
        helper.make_node("HardSwish", ["s"], ["y"], name="act"),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 64])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 32])
    weights = [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(bias, "b")]
    graph = helper.make_graph(nodes, "mlp", [x], [y], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())


def test_python_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_linear_layer(tmp_path / "mlp.onnx")
    monkeypatch.chdir(tmp_path)
    results = doctest.testfile(str(README), module_relative=False)
    assert results.attempted > 0
    assert results.failed == 0
