"""`bolt-run` in process, on a GPU and a CUDA runtime whose memory is the host's."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from xdsl.parser import Parser

from boltir.compiler import compiler_context
from boltir.runtime.element_types import BY_NAME
from boltir.runtime.tensors import TensorDescription
from boltir.tools.bolt_run import main
from boltir.tools.run_check import Difference, difference
from boltir.tools.run_inputs import index_limits, random_input, read_inputs
from boltir.tools.run_outputs import file_names, write_outputs
from tests.support.fake_cuda import FakeCuda
from tests.support.fake_gpu import FakeDriver, installed
from tests.support.small_program import SmallProgram

NETWORK = SmallProgram()
X = np.random.default_rng(0).standard_normal(NETWORK.shape, np.float32)
Y = NETWORK.expected(X)


@dataclass
class Outcome:
    """What one run of `bolt-run` did."""

    status: int
    out: str
    err: str


BoltRun = Callable[..., Outcome]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[FakeCuda, Path]:
    folder = tmp_path_factory.mktemp("bolt_run")
    cuda = FakeCuda.build(folder)
    return cuda, NETWORK.build(folder / "net.bolt", cuda.builder("sm_80"), on_cpu=True)


@pytest.fixture
def cuda(built: tuple[FakeCuda, Path]) -> Iterator[FakeCuda]:
    built[0].reset()
    with installed(FakeDriver(stream=0)):
        yield built[0]
    assert built[0].alive == 0, "something was not freed"


@pytest.fixture
def artifact(built: tuple[FakeCuda, Path], cuda: FakeCuda, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The network's folder; the current folder holds x.npy."""
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", X)
    return built[1]


@pytest.fixture
def bolt_run(capsys: pytest.CaptureFixture[str]) -> BoltRun:
    def run(*args: str | Path) -> Outcome:
        status = main([str(arg) for arg in args])
        printed = capsys.readouterr()
        return Outcome(status, printed.out, printed.err)

    return run


def error_of(outcome: Outcome) -> str:
    """The one line that a failure is."""
    assert (outcome.status, outcome.err.count("\n")) == (1, 1)
    return outcome.err.removeprefix("error: ").rstrip()


@pytest.mark.parametrize("graph", [[], ["--graph"]])
def test_outputs_are_summed_up_and_written(bolt_run: BoltRun, artifact: Path, graph: list[str]) -> None:
    outcome = bolt_run(artifact, "--input", "x=x.npy", "--output", "y.npy", *graph)
    assert (outcome.status, outcome.err) == (0, "")
    assert re.search(rf"y +│ f32 4x8 +│ {Y.min():.4g} +│ {Y.max():.4g}", outcome.out)
    np.testing.assert_array_equal(np.load("y.npy"), Y)


@pytest.mark.parametrize("names", [("x", "other"), ("another",)])
def test_an_archive_holds_the_input_by_name_or_alone(bolt_run: BoltRun, artifact: Path, names: tuple[str, ...]) -> None:
    arrays: dict[str, Any] = dict.fromkeys(names, X)
    np.savez("inputs.npz", **arrays)
    assert bolt_run(artifact, "--input=x=inputs.npz", "--output=out.npz").err == ""
    np.testing.assert_array_equal(np.load("out.npz")["y"], Y)


def test_a_folder_takes_a_file_per_output(bolt_run: BoltRun, artifact: Path) -> None:
    assert bolt_run(artifact, "--input=x=x.npy", "--output=results/today").err == ""
    np.testing.assert_array_equal(np.load("results/today/y.npy"), Y)


def test_random_inputs_are_the_same_for_the_same_seed(bolt_run: BoltRun, artifact: Path) -> None:
    for name, seed in (("a", ["--random"]), ("b", ["--random", "0"]), ("c", ["--random=1"])):
        assert bolt_run(artifact, *seed, f"--output={name}.npy").err == ""
    a, b, c = (np.load(f"{name}.npy") for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_check_compares_with_the_interpreter(bolt_run: BoltRun, artifact: Path) -> None:
    outcome = bolt_run(artifact, "--random", "--check")
    assert (outcome.status, outcome.err) == (0, "")
    assert re.search(r"y +│ 0 +│ 0 ", outcome.out)


def test_check_fails_where_an_output_is_off(bolt_run: BoltRun, artifact: Path, tmp_path: Path) -> None:
    """An artifact whose IR says something else than its library does."""
    other = tmp_path / "other.bolt"
    shutil.copytree(artifact, other)
    text = (other / "model.mlir").read_text()
    (other / "model.mlir").write_text(text.replace("arith.mulf", "arith.addf"))
    outcome = bolt_run(other, "--input=x=x.npy", "--check")
    assert re.fullmatch(r"output 'y': off by \S+ of its largest magnitude, more than 0.01", error_of(outcome))
    assert bolt_run(other, "--input=x=x.npy", "--check", "--tolerance=1e9").status == 0


def test_check_needs_the_weights(bolt_run: BoltRun, artifact: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.bolt"
    shutil.copytree(artifact, other)
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps({**manifest, "weights": []}))
    message = error_of(bolt_run(other, "--random", "--check"))
    assert message == f"{other}/weights.bin: does not hold the weights of the network (compile the network again)"


def test_repeat_says_how_long_runs_take(bolt_run: BoltRun, artifact: Path) -> None:
    outcome = bolt_run(artifact, "--random", "--repeat=3")
    assert "3 runs: median 1000.0 µs, fastest 1000.0 µs\n" in outcome.out
    outcome = bolt_run(artifact, "--random", "--repeat=3", "--graph")
    assert "3 replays of a CUDA graph: median 1000.0 µs, fastest 1000.0 µs\n" in outcome.out


def test_profile_prints_the_table(bolt_run: BoltRun, artifact: Path, cuda: FakeCuda) -> None:
    cuda.set_durations([20, 40])
    outcome = bolt_run(artifact, "--random", "--profile")
    assert outcome.err == ""
    assert re.search(r"multiply +2 +60.0 +100% +██████████ .* first0, second0, first1, second1", outcome.out)
    assert "2 launches take 60.0 µs, a run as a CUDA graph 1000.0 µs: 940.0 µs between kernels\n" in outcome.out


def test_profile_per_launch(bolt_run: BoltRun, artifact: Path, cuda: FakeCuda) -> None:
    cuda.set_durations([20, 40])
    out = bolt_run(artifact, "--random", "--profile", "--per-launch").out
    assert re.search(r"multiply +1 +20.0 +33% +█████ .* first0, second0 *\n *multiply +1 +40.0 +67% +██████████", out)


def test_profile_as_data(bolt_run: BoltRun, artifact: Path, cuda: FakeCuda) -> None:
    cuda.set_durations([20, 40])
    assert bolt_run(artifact, "--random", "--profile=profile.json").err == ""
    profile = json.loads(Path("profile.json").read_text())
    assert (profile["target"], profile["kernel_microseconds"], profile["run_microseconds"]) == ("sm_80", 60, 1000)
    assert [launch["origin"] for launch in profile["launches"]] == [["first0", "second0"], ["first1", "second1"]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "--input: no values for x: f32 4x8 (--random makes them up)"),
        (["--input=x"], "--input: expected NAME=FILE.npy or NAME=FILE.npz, got 'x'"),
        (["--input=z=x.npy"], "--input: the network has no input 'z' (its inputs: x: f32 4x8)"),
        (["--input=x=x.npy", "--input=x=x.npy"], "--input: input 'x' is given twice"),
        (["--input=x=gone.npy"], "gone.npy: No such file or directory (numpy.save writes one)"),
        (["--input=x=text.npy"], "text.npy: is no file of numpy arrays (numpy.save writes one)"),
        (["--input=x=objects.npy"], "objects.npy: is no file of numpy arrays (numpy.save writes one)"),
        (["--input=x=two.npz"], "two.npz: holds no array 'x' (it holds a, b)"),
        (["--input=x=wide.npy"], "input 'x': expected f32 4x8, got float64 4x8"),
        (["--random=-1"], "--random: expected a seed of at least 0, got -1"),
        (["--random=x"], "argument --random: invalid int value: 'x' (see --help)"),
        (["--random", "--repeat=0"], "--repeat: expected a positive number, got 0"),
        (
            ["--random", "--profile=table"],
            "--profile: expected FILE.json, got 'table' (--profile alone prints a table; the folder comes first)",
        ),
        (["--random", "--output=/dev/full/y"], "/dev/full/y: cannot write: Not a directory"),
        (["--random", "--device=2"], "there is no NVIDIA GPU 2 to run on: cuDeviceGet failed: invalid device ordinal"),
    ],
)
def test_a_bad_option_is_one_line(bolt_run: BoltRun, artifact: Path, options: list[str], message: str) -> None:
    np.save("wide.npy", X.astype(np.float64))
    np.save("objects.npy", np.array([object()]), allow_pickle=True)
    np.savez("two.npz", a=X, b=X)
    Path("text.npy").write_text("hello")
    assert error_of(bolt_run(artifact, *options)).startswith(message)


def test_a_folder_that_is_no_artifact(bolt_run: BoltRun, cuda: FakeCuda, tmp_path: Path) -> None:
    message = error_of(bolt_run(tmp_path, "--random"))
    assert message == f"{tmp_path}: is no artifact: it has no manifest.json (give a folder that bolt-compile wrote)"


def described(name: str, dtype: str, *shape: int) -> TensorDescription:
    return TensorDescription(name, BY_NAME[dtype], shape)


GATHERS = """
builtin.module attributes {cutlass.target = "sm_80"} {
  cutlass.kernel @gather "sm_80" #cutlass.gather<vector = 1, rank = 0, general = []> [f32, i64] -> [f32] {
  ^bb0(%0: f32):
    fused.yield %0 : f32
  }
  func.func @main(%mask: memref<2xi64>, %ids: memref<1x2xi64>, %y: memref<2x4xf32>) attributes {"cutlass.outputs" = 1 : i64} {
    %words = cutlass.weight @words : memref<9x4xf32>
    %types = cutlass.weight @types : memref<5x4xf32>
    %flat = cutlass.reinterpret %ids : memref<1x2xi64> -> memref<2xi64>
    cutlass.launch @gather <outer = 1, axis = 9, inner = 4, indices = 2, columns = 4>(%words, %flat : memref<9x4xf32>, memref<2xi64>) outs(%y : memref<2x4xf32>)
    cutlass.launch @gather <outer = 1, axis = 5, inner = 4, indices = 2, columns = 4>(%types, %flat : memref<5x4xf32>, memref<2xi64>) outs(%y : memref<2x4xf32>)
    func.return
  }
}
"""  # noqa: E501


def test_random_indices_stay_within_every_table_they_are_looked_up_in() -> None:
    module = Parser(compiler_context(), GATHERS).parse_module()
    module.verify()
    assert index_limits(module) == {1: 5}
    ids = random_input(described("ids", "i64", 1000), 5, seed=0)
    assert (ids.dtype, ids.min(), ids.max()) == (np.int64, 0, 4)


@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32", "i8", "i32", "i64", "i1", "ui8"])
def test_random_inputs_of_every_type(dtype: str) -> None:
    array = random_input(described("x", dtype, 100), 2, seed=0)
    assert (array.dtype, array.shape) == (BY_NAME[dtype].numpy, (100,))
    assert len(set(array.tolist())) > 1


def test_files_hold_bf16_as_f32(tmp_path: Path) -> None:
    x = described("x", "bf16", 2, 2)
    array = np.array([[1, 2], [3, -0.5]], ml_dtypes.bfloat16)
    write_outputs(tmp_path / "x.npy", [x], [array])
    assert np.load(tmp_path / "x.npy").dtype == np.float32
    np.testing.assert_array_equal(read_inputs([f"x={tmp_path / 'x.npy'}"], [x])["x"], array)


def test_the_file_goes_to_the_input_of_that_name(tmp_path: Path) -> None:
    np.save(tmp_path / "c=d.npy", X)
    inputs = [described(name, "f32", *NETWORK.shape) for name in ("a", "a=b")]
    for option, name in ((f"a={tmp_path}/c=d.npy", "a"), (f"a=b={tmp_path}/c=d.npy", "a=b")):
        assert read_inputs([option], inputs).keys() == {name}


def test_several_outputs_do_not_go_into_one_array(tmp_path: Path) -> None:
    tensors = [described(name, "f32", 1) for name in ("file", "a/b", "a_b")]
    arrays = [np.full(1, i, np.float32) for i in range(3)]
    with pytest.raises(Exception, match=r"one array, but the network has 3 outputs \(give an .npz file or a folder\)"):
        write_outputs(tmp_path / "y.npy", tensors, arrays)
    write_outputs(tmp_path / "y.npz", tensors, arrays)
    assert {name: array[0] for name, array in np.load(tmp_path / "y.npz").items()} == {"file": 0, "a/b": 1, "a_b": 2}
    write_outputs(tmp_path / "y", tensors, arrays)
    assert {path.stem: np.load(path)[0] for path in (tmp_path / "y").iterdir()} == {"file": 0, "a_b": 1, "a_b_1": 2}


def test_file_names_are_harmless_and_different() -> None:
    names = ["../../etc/passwd", "a b", "a?b", "a_b_1", ".", "x" * 300, ""]
    found = file_names(names)
    assert found[:4] == ["_._.._etc_passwd.npy", "a_b.npy", "a_b_1.npy", "a_b_1_1.npy"]
    assert len({*found}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,104}", name) for name in found if name != ".npy")


DIFFERENCES: dict[str, tuple[list[float], list[float], Difference]] = {
    "equal": ([1, -2], [1, -2], Difference(0, 0)),
    "off": ([1, -2.5], [1, -2], Difference(0.5, 0.25)),
    "both not numbers": ([np.nan, np.inf], [np.nan, np.inf], Difference(0, 0)),
    "not a number": ([np.nan, 1], [0, 1], Difference(np.inf, np.inf)),
    "infinite": ([np.inf, 1], [0, 1], Difference(np.inf, np.inf)),
    "missed an infinity": ([1, 1], [np.inf, 1], Difference(np.inf, np.inf)),
    "zeros": ([0, 0], [0, 0], Difference(0, 0)),
    "should be zeros": ([0, 1], [0, 0], Difference(1, np.inf)),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_differences(case: str) -> None:
    result, expected, apart = DIFFERENCES[case]
    assert difference(np.array(result), np.array(expected)) == apart


def test_truth_values_differ_by_one() -> None:
    result: Any = np.array([True, False])
    assert difference(result, ~result) == Difference(1, 1)
