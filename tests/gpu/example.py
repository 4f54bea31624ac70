"""The C++ example, built for an artifact."""

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "examples" / "cpp"


def build_example(artifact: Path, build: Path) -> Path:
    """The program that loads `artifact`, built in the folder `build`; skips the test where there is no cmake."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("needs cmake")
    subprocess.run([cmake, "-S", SOURCES, "-B", build, f"-DBOLTIR_ARTIFACT={artifact}"], check=True)
    subprocess.run([cmake, "--build", build], check=True)
    return build / "run_model"
