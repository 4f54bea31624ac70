"""examples/cpp builds with nothing but an artifact and a CUDA runtime, and runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from boltir.runtime.build import Builder
from boltir.runtime.nvcc import Nvcc
from boltir.target import Target
from tests.support.fake_cuda import FakeCuda
from tests.support.small_program import SmallProgram

EXAMPLE = Path(__file__).parents[3] / "examples" / "cpp"
PROGRAM = SmallProgram()

pytestmark = pytest.mark.skipif(shutil.which("cmake") is None, reason="needs cmake")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def build(artifact: Path, runtime: Path, folder: Path) -> Path:
    include = runtime_headers()
    options = [f"-DBOLTIR_ARTIFACT={artifact}", f"-DCUDART={runtime}", f"-DCUDA_INCLUDE={include}"]
    for command in (["-S", EXAMPLE, "-B", folder, *options], ["--build", folder]):
        done = run("cmake", *command)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "run_model"


def runtime_headers() -> str:
    """Where nvcc has the runtime's headers."""
    dry_run = run(Nvcc.find().path, "--dryrun", "-x", "cu", "/dev/null", "-c", "-o", "/dev/null").stderr
    found = re.search(r'^#\$ INCLUDES="-I([^"]+)"', dry_run, re.MULTILINE)
    assert found is not None, dry_run
    return found[1]


@pytest.fixture(scope="module")
def program_on_cpu(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The example, built for the artifact and linked with the CUDA runtime that is host memory; and the artifact."""
    folder = tmp_path_factory.mktemp("example")
    cuda = FakeCuda.build(folder)
    artifact = PROGRAM.build(folder / "artifact", cuda.builder("sm_80"), on_cpu=True)
    return build(artifact, cuda.path, folder / "build"), artifact


def test_it_runs_on_a_raw_file(program_on_cpu: tuple[Path, Path], tmp_path: Path) -> None:
    program, artifact = program_on_cpu
    x = np.random.default_rng(0).standard_normal(PROGRAM.shape, dtype=np.float32)
    x.tofile(tmp_path / "x.raw")
    done = run(program, artifact, f"x={tmp_path / 'x.raw'}")
    first = " ".join(f"{value:.5g}" for value in PROGRAM.expected(x).ravel()[:6])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "compiled for sm_80, 2 launches, 0.0 MiB of weights, 0.0 MiB of intermediate tensors\n"
        "input x: f32 4x8\n"
        "output y: f32 4x8\n"
        f"y = {first} ...\n"
        "the captured run gives the same\n"
        "       us      GB/s   TFLOP/s  kernel                 computes\n"
        "     1.00         0      0.00  multiply               first0; second0\n"
        "     1.00         0      0.00  multiply               first1; second1\n"
        "     2.00 in all\n"
    )


def test_without_a_file_the_input_is_random(program_on_cpu: tuple[Path, Path]) -> None:
    done = run(*program_on_cpu)
    assert done.returncode == 0
    assert re.search(r"^y =( -?\d\S*){6} \.\.\.$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: usage: run_model ARTIFACT [INPUT=FILE]...\n"),
        (["{artifact}", "x"], "error: expected INPUT=FILE, got x\n"),
        (["{artifact}", "x=/none"], "error: cannot read /none\n"),
        (["{artifact}", "x={artifact}/weights.bin"], " has 256 bytes, the input takes 128\n"),
        (["/none"], "error: status 4: /none/weights.bin cannot be read (No such file or directory); "),
    ],
)
def test_mistakes_are_one_line(program_on_cpu: tuple[Path, Path], arguments: list[str], message: str) -> None:
    program, artifact = program_on_cpu
    done = run(program, *(argument.format(artifact=artifact) for argument in arguments))
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_driver_it_says_so(tmp_path: Path) -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("there is a driver here")
    nvcc = Nvcc.find()
    assert nvcc.runtime_library is not None
    artifact = PROGRAM.build(tmp_path / "artifact", Builder(Target.named("sm_80"), nvcc, jobs=1, show_progress=False))
    done = run(build(artifact, nvcc.runtime_library, tmp_path / "build"), artifact)
    assert done.returncode == 1
    assert done.stdout.startswith("compiled for sm_80, 2 launches")
    assert done.stderr.startswith("error: status 2: there is no GPU to run on (")


def test_cmake_asks_for_the_artifact(tmp_path: Path) -> None:
    done = run("cmake", "-S", EXAMPLE, "-B", tmp_path)
    assert done.returncode == 1
    assert "give -DBOLTIR_ARTIFACT=DIR, a folder that bolt-compile" in " ".join(done.stderr.split())
