"""What `bolt-tune` remembers of models, and that it is not served for others."""

import os
from pathlib import Path

import pytest
from onnx import NodeProto, TensorProto, helper
from onnx.external_data_helper import convert_model_to_external_data, write_external_data_tensors

from boltir.compiler import Network
from boltir.frontends.onnx.external_data import external_files
from boltir.profiler.database import Database
from boltir.profiler.problem import Problem
from boltir.tools.bolt_tune import main
from boltir.tools.known_networks import file_digests, model_digest, remember_problems, remembered_problems
from boltir.tools.model_file import load_model, named_files
from boltir.tools.network_tuning import problems_of
from tests.support.fake_tuning import FakeBackend
from tests.support.vision import vgg


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model whose weights are in weights.bin."""
    path, proto = tmp_path / "net.onnx", vgg()
    convert_model_to_external_data(proto, location="weights.bin", size_threshold=0)
    path.write_bytes(write_external_data_tensors(proto, str(tmp_path)).SerializeToString())
    return path


@pytest.fixture
def lowered(monkeypatch: pytest.MonkeyPatch) -> list[Network]:
    """The networks that `bolt-tune` lowered, which have no problems."""
    networks: list[Network] = []

    def record(network: Network, target: str, dtype: str) -> dict[Problem, int]:
        networks.append(network)
        return {}

    monkeypatch.setattr("boltir.tools.network_tuning.problems_of", record)
    return networks


def test_a_model_that_is_tuned_again_is_not_lowered(
    model: Path, backends: list[FakeBackend], lowered: list[Network]
) -> None:
    assert [main([str(model), "--quiet"]) for _ in range(2)] == [0, 0]
    assert len(lowered) == 1


def test_a_model_whose_weights_changed_is_lowered(
    model: Path, backends: list[FakeBackend], lowered: list[Network]
) -> None:
    weights = model.with_name("weights.bin")
    assert main([str(model), "--quiet"]) == 0
    facts = weights.stat()
    weights.write_bytes(weights.read_bytes()[::-1])
    os.utime(weights, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert main([str(model), "--quiet"]) == 0
    assert len(lowered) == 2


def test_ir_whose_weights_changed_is_lowered(
    tmp_path: Path, backends: list[FakeBackend], lowered: list[Network]
) -> None:
    model, weights = tmp_path / "net.mlir", tmp_path / "other.safetensors"
    model.write_text('builtin.module attributes {graph.weights = "other.safetensors"} {}')
    for content in (b"some", b"some", b"more"):
        weights.write_bytes(content)
        assert main([str(model), "--quiet"]) == 0
    assert len(lowered) == 2


def test_what_else_is_beside_a_model_is_no_part_of_it(
    model: Path, backends: list[FakeBackend], lowered: list[Network]
) -> None:
    model.with_name("net.latest").symlink_to("nowhere")
    Path(os.fsdecode(os.fsencode(model) + b"\xff")).touch()
    for _ in range(2):
        assert main([str(model), "--quiet", f"--report={model.with_suffix('.html')}"]) == 0
    assert len(lowered) == 1


def test_another_model_in_the_same_file_is_another(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(vgg().SerializeToString())
    first = model_digest(path, "f16")
    path.write_bytes(vgg(classes=12).SerializeToString())
    assert len({first, model_digest(path, "f16"), model_digest(path, "bf16")}) == 3


def test_remembered_problems_are_the_same(model: Path) -> None:
    network = load_model(model, {})
    problems, files = problems_of(network, "sm_90a", "f16"), named_files(model, network)
    assert files == ("weights.bin",)
    with Database(model.with_name("tuning.db")) as database:
        assert remembered_problems(database, "model", model.parent) is None
        remember_problems(database, "model", file_digests(model.parent, files), problems)
        assert remembered_problems(database, "model", model.parent) == problems


def test_what_is_no_file_has_no_digest(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    names = ("pipe", ".", "missing", "x" * 300, "a\0b")
    assert file_digests(tmp_path, names) == dict.fromkeys(names, "")


def external(location: str) -> TensorProto:
    """A scalar in another file."""
    tensor = TensorProto(name=location, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    return tensor


def constant(location: str) -> NodeProto:
    return helper.make_node("Constant", [], [location], value=external(location))


def test_external_data_is_found_wherever_it_is_named(tmp_path: Path) -> None:
    branch = helper.make_graph([constant("in a subgraph")], "branch", [], [], [external("of a subgraph")])
    choice = helper.make_node("If", ["condition"], ["y"], then_branch=branch)
    tensors = helper.make_node("Other", [], ["z"], domain="own", values=[external("in a list")])
    graph = helper.make_graph([choice, tensors, constant("of a graph")], "graph", [], [], [external("of a graph")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("own", 1)])
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    expected = {"in a subgraph", "of a subgraph", "in a list", "of a graph"}
    assert sorted(external_files(path)) == sorted(expected)
