"""What a model calls its parts can be anything; it reaches the generated code as string literals only."""

import json
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto

from boltir.tools import bolt_compile, bolt_opt
from tests.support.networks import mobilenet_v3, random_inputs, reference
from tests.support.onnx_model import OnnxModel

HOSTILE = [
    "quote\"quote'",
    "line\nfeed\r\ttab",
    "*/ int x; /*",
    '#include "x"',
    "back\\slash\\",
    "%s%n{0}{{ x }}{% raw %}",
    "naïve 权重 🚀 \u202e\u0000\x1b[31m",
    "ten kilobytes " + 10_000 * "x",
    "@main } %0 //",
    " ",
]


def rename(model: ModelProto, new_name: Callable[[str], str]) -> ModelProto:
    """A copy of `model` with every name of a node, a value or the graph replaced."""
    copy = ModelProto.FromString(model.SerializeToString())
    graph, new = copy.graph, {"": ""}
    for named in (*graph.input, *graph.output, *graph.initializer):
        named.name = new.setdefault(named.name, new_name(named.name))
    for node in graph.node:
        node.name = new_name(node.name)
        for names in (node.input, node.output):
            names[:] = [new.setdefault(name, new_name(name)) for name in names]
    graph.name = new_name(graph.name)
    return copy


def hostile(model: ModelProto) -> ModelProto:
    numbers = count()

    def new_name(_: str) -> str:
        number = next(numbers)
        return f"{HOSTILE[number % len(HOSTILE)]}{number}"

    return rename(model, new_name)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One network with plain names and with hostile ones."""
    folder = tmp_path_factory.mktemp("models")
    plain = mobilenet_v3(size=16)
    (folder / "plain.onnx").write_bytes(plain.SerializeToString())
    (folder / "hostile.onnx").write_bytes(hostile(plain).SerializeToString())
    return folder / "plain.onnx", folder / "hostile.onnx"


def compile_to(model: Path, output: Path, *options: str) -> Path:
    assert bolt_compile.main([str(model), "-o", str(output), "--quiet", *options]) == 0
    return output


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_literals(source: bytes) -> bytes:
    return re.sub(rb'"(?:[^"\\]|\\.)*"', b'""', source)


def test_generated_code_depends_on_names_in_literals_only(models: tuple[Path, Path], tmp_path: Path) -> None:
    plain, evil = (
        files_in(compile_to(model, tmp_path / model.stem, "--emit=cuda", "--target=sm_90a")) for model in models
    )
    differing = [path for path in plain if plain[path] != evil[path]]
    assert plain.keys() == evil.keys()
    assert sorted(differing) == ["host/program.cpp", "manifest.json", "model.mlir"]
    assert without_literals(plain["host/program.cpp"]) == without_literals(evil["host/program.cpp"])
    assert evil["host/program.cpp"].isascii()


@pytest.mark.parametrize("level", ["graph", "fused", "cutlass"])
def test_the_manifest_keeps_the_models_names(models: tuple[Path, Path], tmp_path: Path, level: str) -> None:
    """Even when the network was written as IR text on the way."""
    model = ModelProto.FromString(models[1].read_bytes())
    text = compile_to(models[1], tmp_path / level, f"--emit={level}") / "model.mlir"
    manifest = json.loads((compile_to(text, tmp_path / "out", "--emit=cuda") / "manifest.json").read_bytes())
    assert [entry["name"] for entry in manifest["inputs"]] == [value.name for value in model.graph.input]
    assert [entry["name"] for entry in manifest["outputs"]] == [value.name for value in model.graph.output]


def test_each_remark_is_one_line_of_json(models: tuple[Path, Path], tmp_path: Path) -> None:
    kinds: list[list[str]] = []
    for model in models:
        file = tmp_path / "remarks.jsonl"
        compile_to(model, tmp_path / "out", "--emit=cuda", "--remarks", str(file))
        kinds.append([json.loads(line)["kind"] for line in file.read_text().splitlines()])
    assert kinds[0] == kinds[1], "the same decisions, one line each"


def test_remarks_as_text_are_one_line_each(
    models: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines: list[list[str]] = []
    for model in models:
        compile_to(model, tmp_path / "out", "--emit=graph", "--remarks=-")
        lines.append(capsys.readouterr().err.split("\n"))
    assert len(lines[0]) == len(lines[1]) > 20
    assert all(line.isprintable() for line in lines[1])


@pytest.mark.parametrize("level", ["graph", "fused", "cutlass"])
@pytest.mark.parametrize("form", ["", "--print-op-generic", "--print-debuginfo"])
def test_bolt_opt_reads_what_it_printed(models: tuple[Path, Path], tmp_path: Path, level: str, form: str) -> None:
    output = compile_to(models[1], tmp_path / "out", f"--emit={level}")
    texts: list[str] = []
    source = output / "model.mlir"
    for round_trip in ("first.mlir", "second.mlir"):
        assert bolt_opt.main([str(source), *filter(None, [form]), "-o", str(output / round_trip)]) == 0
        source = output / round_trip
        texts.append(source.read_text())
    assert texts[0] == texts[1]


def test_the_printed_network_still_computes_the_same(models: tuple[Path, Path], tmp_path: Path) -> None:
    from boltir.tools.network_file import read_network

    model = ModelProto.FromString(models[0].read_bytes())
    inputs = random_inputs(model)
    network = read_network(compile_to(models[1], tmp_path / "out", "--emit=cutlass") / "model.mlir")
    (result,) = network.run(list(inputs.values()))
    np.testing.assert_allclose(result, reference(model, inputs)[0], rtol=2e-2, atol=2e-2)


def unsupported_operator() -> ModelProto:
    model = OnnxModel()
    spectrum = model.node("DFT", model.input("x", (1, 8, 1)), axis=1)
    return model.build(y=spectrum)


def open_shape() -> ModelProto:
    model = OnnxModel()
    return model.build(y=model.node("Relu", model.input("x", ("batch\n*/", 8))))


@pytest.mark.parametrize("broken", [unsupported_operator, open_shape])
@pytest.mark.parametrize("name", HOSTILE)
def test_an_error_is_one_line_of_bounded_length(
    broken: Callable[[], ModelProto], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(rename(broken(), lambda old: f"{name} {old}").SerializeToString())
    assert bolt_compile.main([str(path), "-o", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.endswith("\n")
    assert error[:-1].isprintable()
    assert len(error) < 1000
    assert not (tmp_path / "out").exists()
