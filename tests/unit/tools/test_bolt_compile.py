"""`bolt-compile` in process: every output, and what it says about bad input."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from boltir.levels import level_of
from boltir.tools.bolt_compile import main
from boltir.tools.model_file import parse_input_shapes
from boltir.tools.network_file import read_network
from tests.support.onnx_model import OnnxModel
from tests.support.vision import conv

KERNEL_FILES = {"kernels", "host", "boltir_model.h", "weights.bin", "manifest.json", "model.mlir"}
LEVELS = ("graph", "fused", "cutlass")

BoltCompile = Callable[..., "Outcome"]


@dataclass
class Outcome:
    """What one run of `bolt-compile` did."""

    status: int
    out: str
    err: str


@pytest.fixture
def bolt_compile(capsys: pytest.CaptureFixture[str]) -> BoltCompile:
    def run(*args: str | Path) -> Outcome:
        status = main([str(arg) for arg in args])
        printed = capsys.readouterr()
        return Outcome(status, printed.out, printed.err)

    return run


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A convolution on an input whose batch is open."""
    network = OnnxModel()
    image = network.input("image", ("batch", 8, 8, 8))
    path = tmp_path / "net.onnx"
    path.write_bytes(network.build(features=network.node("Relu", conv(network, image, 8, 16, 3))).SerializeToString())
    return path


SHAPE = "--input-shape=image=1x8x8x8"


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_is_ir_with_its_weights_beside_it(
    bolt_compile: BoltCompile, model: Path, tmp_path: Path, level: str
) -> None:
    outcome = bolt_compile(model, SHAPE, "-o", tmp_path / "out", f"--emit={level}")

    assert outcome == Outcome(0, "", "")
    assert entries(tmp_path / "out") == {"model.mlir", "model.safetensors"}
    network = read_network(tmp_path / "out" / "model.mlir")
    assert level_of(network.module) == level
    (result,) = network.run([np.ones((1, 8, 8, 8), np.float32)])
    assert result.shape == (1, 16, 8, 8)


def test_cuda_is_everything_but_the_library(bolt_compile: BoltCompile, model: Path, tmp_path: Path) -> None:
    outcome = bolt_compile(model, SHAPE, "-o", tmp_path / "out", "--emit=cuda", "--target=sm_90a")

    assert (outcome.status, outcome.err) == (0, "")
    assert entries(tmp_path / "out") == KERNEL_FILES
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["target"] == "sm_90a"
    assert manifest["inputs"] == [{"name": "image", "shape": [1, 8, 8, 8], "dtype": "f32"}]
    assert manifest["outputs"] == [{"name": "features", "shape": [1, 16, 8, 8], "dtype": "f32"}]
    assert {path.stem for path in (tmp_path / "out" / "kernels").iterdir()} == set(manifest["kernels"])
    assert (tmp_path / "out" / "weights.bin").stat().st_size == manifest["weights_bytes"]
    assert f"artifact: {tmp_path / 'out'}\n" in outcome.out


def test_quiet_prints_nothing(bolt_compile: BoltCompile, model: Path, tmp_path: Path) -> None:
    assert bolt_compile(model, SHAPE, "-o", tmp_path / "out", "--emit=cuda", "--quiet") == Outcome(0, "", "")


@pytest.mark.parametrize("level", LEVELS)
def test_compilation_goes_on_from_any_level(bolt_compile: BoltCompile, model: Path, tmp_path: Path, level: str) -> None:
    bolt_compile(model, SHAPE, "-o", tmp_path / "ir", f"--emit={level}")
    outcome = bolt_compile(tmp_path / "ir" / "model.mlir", "-o", tmp_path / "stepwise", "--emit=cuda", "--quiet")
    bolt_compile(model, SHAPE, "-o", tmp_path / "at-once", "--emit=cuda", "--quiet")

    assert outcome == Outcome(0, "", "")
    stepwise, at_once = contents(tmp_path / "stepwise"), contents(tmp_path / "at-once")
    names = [path for path in at_once if path != "manifest.json"]  # weights have new names
    assert {name: stepwise[name] for name in names} == {name: at_once[name] for name in names}


def test_an_earlier_output_is_replaced(bolt_compile: BoltCompile, model: Path, tmp_path: Path) -> None:
    for emit, expected in (("graph", {"model.mlir", "model.safetensors"}), ("cuda", KERNEL_FILES)) * 2:
        outcome = bolt_compile(model, SHAPE, "-o", tmp_path / "out", f"--emit={emit}", "--quiet")
        assert outcome == Outcome(0, "", "")
        assert entries(tmp_path / "out") == expected
        assert entries(tmp_path) == {"net.onnx", "out"}


def test_remarks_are_written(bolt_compile: BoltCompile, model: Path, tmp_path: Path) -> None:
    bolt_compile(model, SHAPE, "-o", tmp_path / "out", "--emit=fused", "--remarks", tmp_path / "remarks.jsonl")
    remarks = [json.loads(line) for line in (tmp_path / "remarks.jsonl").read_text().splitlines()]
    assert {"assign-layout", "fuse-epilogue"} <= {remark["pass_name"] for remark in remarks}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "the input has dynamic dimensions: 'image' is batchx8x8x8"),
        ([SHAPE, "--target=sm_70"], "unknown target 'sm_70'"),
        ([SHAPE, "--dtype=f8"], "unknown dtype 'f8' (one of f16, fp16, float16, half; bf16"),
        ([SHAPE, "--dtype=bf16", "--target=sm_75"], "dtype: sm_75 does not compute in bf16 (use f16)"),
        ([SHAPE, "--emit=ptx"], "argument --emit: invalid choice: 'ptx'"),
        ([SHAPE, "--fast"], "unrecognized arguments: --fast"),
        (["--input-shape=1x8x8x8"], "--input-shape: expected NAME=1x3x48x192, got '1x8x8x8'"),
        (["--input-shape=image=1x8x0x8"], "--input-shape: expected NAME=1x3x48x192, got 'image=1x8x0x8'"),
        (["--input-shape=image=1,8,8,8"], "--input-shape: expected NAME=1x3x48x192, got 'image=1,8,8,8'"),
        (["--input-shape=image=²x8"], "--input-shape: expected NAME=1x3x48x192, got 'image=²x8'"),
        ([SHAPE, SHAPE], "--input-shape: input 'image' is given twice"),
        (["--input-shape=picture=1x8x8x8"], "picture"),
        (["--input-shape=image=1x4x8x8"], "image"),
        (["--input-shape=image=1x8x8"], "image"),
        ([SHAPE, "--remarks=/dev/full/remarks"], "/dev/full/remarks: "),
    ],
)
def test_a_bad_option_is_one_line(
    bolt_compile: BoltCompile, model: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    outcome = bolt_compile(model, "-o", tmp_path / "out", "--emit=graph", *options)
    assert outcome.status == 1
    assert outcome.err.startswith("error: ")
    assert outcome.err.count("\n") == 1
    assert message in outcome.err
    assert entries(tmp_path) == {"net.onnx"}


def test_an_output_folder_is_needed(bolt_compile: BoltCompile, model: Path) -> None:
    assert bolt_compile(model).err == "error: the following arguments are required: -o (see --help)\n"


def test_the_shape_goes_to_the_input_of_that_name() -> None:
    assert parse_input_shapes(["a=b=1x2", "x=3"]) == {"a=b": (1, 2), "x": (3,)}


BAD_MODELS: dict[str, tuple[str, bytes | None, str]] = {
    "missing": ("gone.onnx", None, "cannot read the model: No such file or directory"),
    "missing IR": ("gone.mlir", None, "No such file or directory"),
    "wrong suffix": ("model.pt", b"PK", "expected an .onnx or .mlir file"),
    "no suffix": ("model", b"", "expected an .onnx or .mlir file"),
    "empty": ("empty.onnx", b"", "not a whole ONNX file"),
    "text": ("text.onnx", b"hello, world\n", "not a whole ONNX file"),
    "binary IR": ("binary.mlir", b"func\xff", "not UTF-8 text (byte 4)"),
    "broken IR": ("broken.mlir", b"func.func @main(", "broken.mlir:1:"),
    "empty IR": ("empty.mlir", b"", "empty.mlir:1:1: "),
    "no function": ("module.mlir", b"builtin.module {}", "the module has no function @main"),
    "no @main": ("other.mlir", b"func.func @other() {\n func.return\n}", "the module has no function @main"),
    "unknown operation": ("unknown.mlir", b'"graph.fly"() : () -> ()', "graph.fly"),
    "dynamic shape": (
        "dynamic.mlir",
        b"func.func @main(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {\n  func.return %x : tensor<?x8xf32>\n}",
        "@main, argument 0: dynamic shape in tensor<?x8xf32>",
    ),
    "invalid operation": (
        "invalid.mlir",
        b"func.func @main(%x: tensor<8xf32>) -> tensor<9xf32> {\n"
        b"  %y = graph.relu %x : (tensor<8xf32>) -> tensor<9xf32>\n  func.return %y : tensor<9xf32>\n}",
        "invalid.mlir:2:",
    ),
    "foreign operation": (
        "foreign.mlir",
        b"func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {\n"
        b"  %y = arith.addf %x, %x : tensor<8xf32>\n  func.return %y : tensor<8xf32>\n}",
        "arith.addf is not of the fused level",
    ),
    "scalar argument": (
        "scalar.mlir",
        b"func.func @main(%x: i32) -> i32 {\n  func.return %x : i32\n}",
        "@main, argument 0: expected a tensor, got i32",
    ),
    "control flow": (
        "branch.mlir",
        b"func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {\n  cf.br ^bb1\n^bb1:\n"
        b"  func.return %x : tensor<8xf32>\n}",
        "@main: control flow between blocks is not supported",
    ),
    "weight without bytes": (
        "weight.mlir",
        b"func.func @main() -> tensor<32xf32> {\n"
        b"  %w = graph.weight @w : tensor<32xf32>\n  func.return %w : tensor<32xf32>\n}",
        "weight @w: the module has no bytes for this weight",
    ),
}


@pytest.mark.parametrize("case", BAD_MODELS)
def test_a_bad_model_is_one_line(bolt_compile: BoltCompile, tmp_path: Path, case: str) -> None:
    name, data, message = BAD_MODELS[case]
    if data is not None:
        (tmp_path / name).write_bytes(data)
    outcome = bolt_compile(tmp_path / name, "-o", tmp_path / "out", "--emit=cuda")
    assert outcome.status == 1
    assert outcome.err.startswith("error: ")
    assert outcome.err.count("\n") == 1
    assert "internal error" not in outcome.err
    assert message in outcome.err
    assert not (tmp_path / "out").exists()


def test_a_folder_is_no_model(bolt_compile: BoltCompile, tmp_path: Path) -> None:
    for name in ("net.onnx", "net.mlir"):
        (tmp_path / name).mkdir()
        outcome = bolt_compile(tmp_path / name, "-o", tmp_path / "out")
        assert (outcome.status, outcome.err.count("\n")) == (1, 1)
        assert outcome.err.endswith("Is a directory\n")


@pytest.mark.parametrize("part", range(8))
def test_a_truncated_model_is_one_line(bolt_compile: BoltCompile, model: Path, tmp_path: Path, part: int) -> None:
    data = model.read_bytes()
    model.write_bytes(data[: len(data) * part // 8])
    outcome = bolt_compile(model, SHAPE, "-o", tmp_path / "out", "--emit=cuda")
    assert (outcome.status, outcome.err.count("\n")) == (1, 1)
    assert "internal error" not in outcome.err
    assert entries(tmp_path) == {"net.onnx"}


@pytest.fixture
def ir(bolt_compile: BoltCompile, model: Path, tmp_path: Path) -> Path:
    """The finished graph level of `model`, with a side file."""
    bolt_compile(model, SHAPE, "-o", tmp_path / "ir", "--emit=graph")
    return tmp_path / "ir" / "model.mlir"


def test_a_missing_side_file_is_named(bolt_compile: BoltCompile, ir: Path, tmp_path: Path) -> None:
    side_file = ir.with_suffix(".safetensors")
    side_file.unlink()
    outcome = bolt_compile(ir, "-o", tmp_path / "out", "--emit=cuda")
    assert outcome == Outcome(1, "", f"error: {side_file}: the weights file does not exist\n")


def test_a_damaged_side_file_is_named(bolt_compile: BoltCompile, ir: Path, tmp_path: Path) -> None:
    side_file = ir.with_suffix(".safetensors")
    data = side_file.read_bytes()
    for damaged in (b"", data[:4], data[: len(data) // 2], b"\xff" * len(data)):
        side_file.write_bytes(damaged)
        outcome = bolt_compile(ir, "-o", tmp_path / "out", "--emit=cuda")
        assert (outcome.status, outcome.err.count("\n")) == (1, 1)
        assert outcome.err.startswith(f"error: {side_file}: not a whole safetensors file")
        assert not (tmp_path / "out").exists()


def test_weights_of_another_shape_are_named(bolt_compile: BoltCompile, ir: Path, tmp_path: Path) -> None:
    side_file = ir.with_suffix(".safetensors")
    save_file({name: array[:1] for name, array in load_file(side_file).items()}, side_file)
    outcome = bolt_compile(ir, "-o", tmp_path / "out", "--emit=cuda")
    assert (outcome.status, outcome.err.count("\n")) == (1, 1)
    assert outcome.err.startswith("error: weight @")
    assert not (tmp_path / "out").exists()


def test_shapes_are_for_onnx_only(bolt_compile: BoltCompile, ir: Path, tmp_path: Path) -> None:
    outcome = bolt_compile(ir, SHAPE, "-o", tmp_path / "out")
    assert outcome.err == "error: --input-shape: IR has fixed shapes already\n"


def test_lowering_does_not_go_back(bolt_compile: BoltCompile, model: Path, tmp_path: Path) -> None:
    bolt_compile(model, SHAPE, "-o", tmp_path / "ir", "--emit=cutlass")
    module = tmp_path / "ir" / "model.mlir"

    back = bolt_compile(module, "-o", tmp_path / "out", "--emit=graph")
    assert back.err == "error: the module is past the graph level: it is at the cutlass level\n"
    elsewhere = bolt_compile(module, "-o", tmp_path / "out", "--emit=cuda", "--target=sm_90a")
    assert elsewhere.err == "error: the module was lowered for sm_80, not for sm_90a (choose that target)\n"


def test_a_folder_that_holds_something_else_stays(bolt_compile: BoltCompile, model: Path, tmp_path: Path) -> None:
    for name in ("notes.txt", "manifest.json", "model.mlir", "kernels"):
        folder = tmp_path / f"with-{name}"
        folder.mkdir()
        (folder / name).write_text("precious")
        (folder / "thesis.tex").write_text("precious")
        before = contents(folder)
        for emit in ("graph", "cuda"):
            outcome = bolt_compile(model, SHAPE, "-o", folder, f"--emit={emit}")
            assert outcome.err == (
                f"error: {folder}: exists and is not an output of boltir (choose a new or empty folder)\n"
            )
        assert contents(folder) == before


def test_a_file_is_no_output_folder(bolt_compile: BoltCompile, model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    for output in (tmp_path / "file", tmp_path / "file" / "below"):
        outcome = bolt_compile(model, SHAPE, "-o", output, "--emit=graph")
        assert (outcome.status, outcome.err.count("\n")) == (1, 1)
        assert outcome.err.startswith(f"error: {output}: ")
    assert (tmp_path / "file").read_text() == "precious"


def test_the_input_is_not_replaced(bolt_compile: BoltCompile, ir: Path) -> None:
    before = contents(ir.parent)
    outcome = bolt_compile(ir, "-o", ir.parent, "--emit=fused")
    assert outcome.err == f"error: {ir.parent}: it holds {ir}, which is read (choose another folder)\n"
    assert contents(ir.parent) == before


def fake_nvcc(folder: Path, compiling: str) -> Path:
    """An nvcc that answers questions and runs the shell command `compiling` to compile."""
    path = folder / "nvcc"
    path.write_text(
        "#!/bin/sh\n"
        'case "$1" in --version) echo "Cuda compilation tools, release 13.0, V13.0.88"; exit;; --dryrun) exit;; esac\n'
        f"{compiling}\n"
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a made-up nvcc and for the cache, which the test starts empty."""
    folder = tmp_path / "environment"
    folder.mkdir()
    monkeypatch.setenv("BOLTIR_NVCC", str(folder / "nvcc"))
    monkeypatch.setenv("BOLTIR_CACHE_DIR", str(folder / "cache"))
    return folder


def test_a_failed_build_leaves_the_old_artifact(
    bolt_compile: BoltCompile, model: Path, tmp_path: Path, environment: Path
) -> None:
    fake_nvcc(environment, "echo 'kernels.cu(3): error: it is a fake' >&2; exit 2")
    bolt_compile(model, SHAPE, "-o", tmp_path / "out", "--emit=cuda", "--quiet")
    before = contents(tmp_path / "out")
    outcome = bolt_compile(model, SHAPE, "-o", tmp_path / "out", "--target=sm_89", "--quiet")

    assert (outcome.status, outcome.err.count("\n")) == (1, 1)
    assert "nvcc failed: kernels.cu(3): error: it is a fake (the full log is " in outcome.err
    assert contents(tmp_path / "out") == before
    assert entries(tmp_path) == {"environment", "net.onnx", "out"}


def test_a_missing_nvcc_is_named(bolt_compile: BoltCompile, model: Path, tmp_path: Path, environment: Path) -> None:
    outcome = bolt_compile(model, SHAPE, "-o", tmp_path / "out")
    assert outcome.err == f"error: BOLTIR_NVCC={environment / 'nvcc'}: not an executable file\n"
    assert not (tmp_path / "out").exists()


def test_an_interrupted_build_leaves_nothing(model: Path, tmp_path: Path, environment: Path) -> None:
    started = environment / "started"
    fake_nvcc(environment, f"touch {started}; sleep 60")
    command = [sys.executable, "-m", "boltir.tools.bolt_compile", str(model), SHAPE, "-o", str(tmp_path / "out")]
    build = subprocess.Popen([*command, "--quiet"], stderr=subprocess.PIPE, text=True, env=os.environ.copy())
    deadline = time.monotonic() + 60
    while not started.exists() and build.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    build.send_signal(signal.SIGINT)
    _, errors = build.communicate(timeout=20)

    assert (build.returncode, errors) == (130, "")
    assert entries(tmp_path) == {"environment", "net.onnx"}
