"""What GPU there is, told without a CUDA context: against a management library of the test's own."""

import subprocess
from pathlib import Path

import pytest

from boltir.profiler.backend import identity
from boltir.profiler.backend.identity import identify
from boltir.profiler.backend.process import WorkerBackend
from boltir.profiler.measure import DeviceFacts

H100, A100 = ("NVIDIA H100", 9, 0, 0), ("NVIDIA A100", 8, 0, 0)
DIVIDED = ("NVIDIA H100", 9, 0, 1)

SOURCE = """
#include <string.h>
extern "C" {
static const struct { const char* name; int major, minor; unsigned divided; } gpus[] = {GPUS};
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned* count) { *count = sizeof gpus / sizeof *gpus; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, const void** gpu) { *gpu = gpus + i; return 0; }
static int gpu_of(const void* gpu) { return (int)((const char*)gpu - (const char*)gpus) / (int)sizeof *gpus; }
int nvmlDeviceGetName(const void* gpu, char* name, unsigned size) {
  strncpy(name, gpus[gpu_of(gpu)].name, size); return 0;
}
int nvmlDeviceGetCudaComputeCapability(const void* gpu, int* major, int* minor) {
  *major = gpus[gpu_of(gpu)].major; *minor = gpus[gpu_of(gpu)].minor; return 0;
}
int nvmlDeviceGetMigMode(const void* gpu, unsigned* current, unsigned* pending) {
  if (gpus[gpu_of(gpu)].major < 8) return 3;
  *current = *pending = gpus[gpu_of(gpu)].divided; return 0;
}
}
"""


@pytest.fixture(autouse=True)
def _all_gpus_are_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def install(gpus: list[tuple[str, int, int, int]], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the machine hold `gpus`: name, compute capability, whether divided into instances."""
    rows = ", ".join(f'{{"{name}", {major}, {minor}, {divided}}}' for name, major, minor, divided in gpus)
    source, library = folder / "nvml.cpp", folder / "libnvidia-ml.so.1"
    source.write_text(SOURCE.replace("GPUS", rows))
    subprocess.run(["g++", "-shared", "-fPIC", source, "-o", library], check=True)
    monkeypatch.setattr(identity, "LIBRARY", str(library))


def test_alike_gpus_are_told_by_name_and_capability(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install([H100, H100], tmp_path, monkeypatch)
    assert identify(1) == DeviceFacts("NVIDIA H100", 90)
    assert identify(2) is None


def test_a_backend_knows_its_gpu_before_its_process_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install([H100], tmp_path, monkeypatch)
    assert WorkerBackend(0).facts() == DeviceFacts("NVIDIA H100", 90)


@pytest.mark.parametrize(
    "gpus", [[H100, A100], [DIVIDED], [H100, DIVIDED]], ids=["of two kinds", "divided", "one divided"]
)
def test_what_cuda_may_see_otherwise_is_not_told(
    gpus: list[tuple[str, int, int, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(gpus, tmp_path, monkeypatch)
    assert identify(0) is None


def test_hidden_gpus_are_cuda_s_to_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install([H100], tmp_path, monkeypatch)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert identify(0) is None


def test_a_machine_without_the_library_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "LIBRARY", "libno-such-library.so.1")
    assert identify(0) is None
