"""Building libraries with the real nvcc, on kernels that compile in a second."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from boltir.errors import BoltError
from boltir.runtime.build import Builder, CompileError, default_jobs
from boltir.runtime.compile_cache import CompileCache
from boltir.runtime.kernel_source import CachedKernel, KernelSource, batch_source, user_names
from boltir.runtime.nvcc import Nvcc
from boltir.target import Target


def answer(name: str, value: str) -> KernelSource:
    """A kernel, as far as linking goes, whose entry point returns `value`; host code compiles fastest."""
    return KernelSource(
        name,
        f"namespace boltir_{name}_detail {{ namespace {{ int value() {{ return {value}; }} }} }}\n"
        f'extern "C" int boltir_{name}(void* const*, const long*, void*) {{ return boltir_{name}_detail::value(); }}\n',
    )


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(Target.named("sm_80"), cache=CompileCache(tmp_path / "cache"), jobs=1, show_progress=False)


def call(library: Path, name: str) -> int:
    function = ctypes.CDLL(str(library))[f"boltir_{name}"]
    return int(function(None, None, None))


def test_each_kernel_answers_to_its_models_name(builder: Builder, tmp_path: Path) -> None:
    kernels = [answer("gemm_1", "1"), answer("gemm_10", "10"), answer("gemm_1_detail", "11")]
    report = builder.build_library(kernels, {}, tmp_path / "lib.so")

    assert [call(report.library, kernel.name) for kernel in kernels] == [1, 10, 11]
    assert (report.compiled, report.reused) == (3, 0)


def test_the_host_program_calls_kernels(builder: Builder, tmp_path: Path) -> None:
    host = """#include "one.h"
    extern "C" int boltir_k(void* const*, const long*, void*);
    extern "C" int boltir_run() { return boltir_k(0, 0, 0) + one; }"""
    builder.build_library([answer("k", "41")], {"host.cpp": host, "one.h": "const int one = 1;"}, tmp_path / "lib.so")

    assert call(tmp_path / "lib.so", "run") == 42


def test_a_changed_header_is_compiled_again(builder: Builder, tmp_path: Path) -> None:
    host = '#include "value.h"\nextern "C" int boltir_value() { return value; }'
    for value in (1, 2):
        headers = {"value.h": f"const int value = {value};"}
        builder.build_library([], {"host.cpp": host, **headers}, tmp_path / f"lib{value}.so")

    assert [call(tmp_path / f"lib{value}.so", "value") for value in (1, 2)] == [1, 2]


def test_another_model_reuses_kernels_under_other_names(builder: Builder, tmp_path: Path) -> None:
    builder.build_library([answer("conv2d_0", "5"), answer("conv2d_1", "6")], {}, tmp_path / "first.so")
    report = builder.build_library([answer("conv2d_0", "6"), answer("conv2d_7", "7")], {}, tmp_path / "second.so")

    assert (report.compiled, report.reused) == (1, 1)
    assert call(tmp_path / "second.so", "conv2d_0") == 6
    assert call(tmp_path / "second.so", "conv2d_7") == 7


def test_equal_kernels_of_one_model_are_compiled_once(builder: Builder, tmp_path: Path) -> None:
    report = builder.build_library([answer("a", "3"), answer("b", "3")], {}, tmp_path / "lib.so")

    assert (report.compiled, report.reused) == (1, 1)
    assert call(tmp_path / "lib.so", "a") == call(tmp_path / "lib.so", "b") == 3


def test_a_kernel_in_two_cached_batches_is_no_conflict(builder: Builder, tmp_path: Path) -> None:
    """Two processes that compile at once may leave this: `b` is listed in the second object, `a` in the first."""
    a, b, c = answer("a", "1"), answer("b", "2"), answer("c", "3")
    builder.compile_kernels([a, b])
    index = builder.cache.root / "kernels"
    listed = {path.name: path.read_text() for path in index.iterdir()}
    for path in index.iterdir():
        path.unlink()
    builder.compile_kernels([b, c])
    for name, text in listed.items():
        if not (index / name).exists():
            (index / name).write_text(text)
    report = builder.build_library([a, b, c], {}, tmp_path / "lib.so")

    assert report.compiled == 0
    assert [call(report.library, name) for name in "abc"] == [1, 2, 3]


def test_a_real_kernel_compiles_for_its_architecture(builder: Builder, tmp_path: Path) -> None:
    source = """#include <cuda_runtime.h>
    #include <cstdint>
    namespace boltir_scale_detail { namespace {
    __global__ void kernel(float* x) { x[threadIdx.x] *= 2; }
    } }
    extern "C" int boltir_scale(void* const* pointers, const int64_t*, void* stream) {
      boltir_scale_detail::kernel<<<1, 32, 0, static_cast<cudaStream_t>(stream)>>>(static_cast<float*>(pointers[0]));
      return cudaGetLastError();
    }"""
    report = builder.build_library([KernelSource("scale", source)], {}, tmp_path / "lib.so")

    assert b"sm_80" in report.library.read_bytes()
    ctypes.CDLL(str(report.library))  # the CUDA runtime it needs is found


def test_an_error_names_the_kernel_and_keeps_the_log(builder: Builder, tmp_path: Path) -> None:
    with pytest.raises(BoltError) as failure:
        builder.build_library([answer("good", "1"), answer("bad", "oops")], {}, tmp_path / "lib.so")

    assert failure.value.where == "kernel bad"
    assert 'bad.cu(1): error: identifier "oops" is undefined' in failure.value.message
    log = re.search(r"the full log is (.*)\)", str(failure.value))
    assert log is not None
    assert "oops" in Path(log[1]).read_text()
    assert not (tmp_path / "lib.so").exists()


@pytest.mark.parametrize(
    ("commands", "is_refused"),
    [
        ("echo 'error: it is no C++'; exit 1", True),
        ("kill -9 $$", False),
        ("echo \"nvcc error : 'cicc' died due to signal 9 (Kill signal)\"; exit 9", False),
        ("echo \"nvcc error : 'cicc' died due to signal 11 (Invalid memory reference)\"; exit 11", True),
    ],
)
def test_only_a_compiler_that_runs_to_its_end_refuses_a_source(tmp_path: Path, commands: str, is_refused: bool) -> None:
    (tmp_path / "nvcc").write_text(f"#!/bin/sh\n{commands}\n")
    (tmp_path / "nvcc").chmod(0o755)
    nvcc, cache = Nvcc(tmp_path / "nvcc", "0", "0", None), CompileCache(tmp_path / "cache")
    builder = Builder(Target.named("sm_80"), nvcc, cache=cache, jobs=1, show_progress=False)
    with pytest.raises(BoltError) as failure:
        builder.compile_kernels([answer("k", "1")])

    assert isinstance(failure.value, CompileError) == is_refused
    assert ("nvcc was killed" in failure.value.message) != is_refused


def test_kernels_of_finished_batches_survive_an_error(builder: Builder) -> None:
    one_by_one = Builder(builder.target, cache=builder.cache, batch_size=1, jobs=1, show_progress=False)
    bad = KernelSource("bad", "#include <vector>\n" + answer("bad", "oops").source)  # other headers: another batch
    with pytest.raises(BoltError, match="kernel bad"):
        one_by_one.compile_kernels([bad, answer("good", "1"), answer("fine", "2")])

    assert one_by_one.compile_kernels([answer("good", "1"), answer("fine", "2")]) == 0


def test_ptxas_errors_are_blamed_on_the_kernel_too() -> None:
    kernel = CachedKernel.of(answer("gemm_3", "1"), "flags")
    message = f"ptxas error : Entry function '_ZN{kernel.symbol}_detail6kernelEv' uses too much shared data"

    assert "boltir_gemm_3_detail" in user_names(message, [kernel])


def test_a_batch_holds_each_kernel_under_its_own_symbol() -> None:
    kernels = [CachedKernel.of(answer(name, name[-1]), "flags") for name in ("k_1", "k_2")]
    text = batch_source(kernels)

    assert '#line 1 "k_1.cu"' in text
    assert all(text.count(f"int {kernel.symbol}(") == 1 for kernel in kernels)
    assert "boltir_k_" not in text


def test_jobs_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOLTIR_JOBS", "3")
    assert default_jobs() == 3
    monkeypatch.setenv("BOLTIR_JOBS", "many")
    with pytest.raises(BoltError, match="BOLTIR_JOBS: expected a positive number, got 'many'"):
        default_jobs()


INTERRUPTED = """
import sys
from pathlib import Path
from boltir.runtime.build import Builder
from boltir.runtime.compile_cache import CompileCache
from boltir.runtime.kernel_source import KernelSource
from boltir.runtime.nvcc import Nvcc
from boltir.target import Target

nvcc = Nvcc(Path(sys.argv[1]), "0", "0", None)
builder = Builder(Target.named("sm_80"), nvcc, cache=CompileCache(Path(sys.argv[2])), batch_size=1, jobs=1)
builder.compile_kernels([KernelSource("a", "fast"), KernelSource("b", "#include <slow>")])
"""


def test_an_interrupt_ends_nvcc_and_keeps_what_is_done(tmp_path: Path) -> None:
    nvcc, cache, pid = tmp_path / "nvcc", tmp_path / "cache", tmp_path / "pid"
    nvcc.write_text(
        "#!/bin/sh\nfor output; do :; done\n"
        f"if grep -q slow kernels.cu; then echo $$ > {pid}.new; mv {pid}.new {pid}; sleep 60; fi\n"
        "touch $output\n"
    )
    nvcc.chmod(0o755)
    build = subprocess.Popen([sys.executable, "-c", INTERRUPTED, str(nvcc), str(cache)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not pid.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    build.send_signal(signal.SIGINT)

    assert build.wait(timeout=20) != 0, "long before the slow kernel would be done"
    assert len(list((cache / "kernels").iterdir())) == 1
    assert not list((cache / "scratch").iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
