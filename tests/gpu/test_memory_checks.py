"""compute-sanitizer sees no access outside its memory in whole networks; the C++ example runs them, without Python."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gpu.test_exported_networks import compile_export
from tests.support.torch_networks import TORCH_NETWORKS, Size

EXAMPLE = Path(__file__).parents[2] / "examples" / "cpp"


@pytest.mark.parametrize(
    ("name", "size"), [("resnet18", (3,)), ("repvgg_a0", (1,)), ("vit_b_16", (3,)), ("bert_base", (3, 40))]
)
def test_memcheck(name: str, size: Size, tmp_path: Path) -> None:
    sanitizer = shutil.which("compute-sanitizer") or shutil.which("compute-sanitizer", path="/usr/local/cuda/bin")
    cmake = shutil.which("cmake")
    if sanitizer is None or cmake is None:
        pytest.skip("needs compute-sanitizer and cmake")
    compile_export(TORCH_NETWORKS[name], size, tmp_path).close()
    build = tmp_path / "build"
    artifact = tmp_path / "artifact"
    subprocess.run([cmake, "-S", EXAMPLE, "-B", build, f"-DBOLTIR_ARTIFACT={artifact}"], check=True)
    subprocess.run([cmake, "--build", build], check=True)
    program = build / "run_model"
    command = [sanitizer, "--tool", "memcheck", "--error-exitcode", "9", program, artifact]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "ERROR SUMMARY: 0 errors" in result.stdout + result.stderr
