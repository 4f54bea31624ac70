"""compute-sanitizer sees no access outside its memory in whole networks; the C++ example runs them, without Python."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gpu.example import build_example
from tests.gpu.test_exported_networks import compile_export
from tests.support.torch_networks import TORCH_NETWORKS, Size


@pytest.mark.parametrize(
    ("name", "size"), [("resnet18", (3,)), ("repvgg_a0", (1,)), ("vit_b_16", (3,)), ("bert_base", (3, 40))]
)
def test_memcheck(name: str, size: Size, tmp_path: Path) -> None:
    sanitizer = shutil.which("compute-sanitizer") or shutil.which("compute-sanitizer", path="/usr/local/cuda/bin")
    if sanitizer is None:
        pytest.skip("needs compute-sanitizer")
    compile_export(TORCH_NETWORKS[name], size, tmp_path).close()
    artifact = tmp_path / "artifact"
    program = build_example(artifact, tmp_path / "build")
    command = [sanitizer, "--tool", "memcheck", "--error-exitcode", "9", program, artifact]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "ERROR SUMMARY: 0 errors" in result.stdout + result.stderr
