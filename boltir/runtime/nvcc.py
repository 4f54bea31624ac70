"""Finds nvcc, the CUDA runtime it links, the host compiler and CUTLASS' headers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from boltir.errors import BoltError
from boltir.target import Target

NVCC_VARIABLE = "BOLTIR_NVCC"
OLDEST_VERSION = (12, 0)
"""The oldest nvcc that knows every target of ours: sm_90a came with it."""

SYSTEM_TOOLKIT = Path("/usr/local/cuda")

_STAND_INS = Path(__file__).parent / "include"

_INSTALL_HINT = "install the CUDA toolkit, or `pip install boltir[nvcc]`, or set BOLTIR_NVCC"


@dataclass(frozen=True)
class Nvcc:
    """One nvcc and what it works with.

    Attributes:
        path: the executable.
        version: as nvcc prints it, with the build: `13.0.88`.
        host_version: version of the g++ that compiles the host side.
        runtime_library: the shared CUDA runtime to link; None leaves it to the linker's own search.
    """

    path: Path
    version: str
    host_version: str
    runtime_library: Path | None

    @staticmethod
    def find() -> Nvcc:
        """The nvcc to use: BOLTIR_NVCC, the one on PATH, /usr/local/cuda, PyPI's wheels.

        Raises:
            BoltError: there is none, it is too old, or there is no g++.
        """
        path = next(_candidates(os.environ.get(NVCC_VARIABLE)), None)
        if path is None:
            raise BoltError("no nvcc found", hint=_INSTALL_HINT)
        return _inspect(path, shutil.which("g++"))

    def compile_flags(self, target: Target) -> list[str]:
        """The flags that decide what a kernel's object file holds, without include folders."""
        return [
            "-std=c++17",
            "-O3",
            "-DNDEBUG",  # device asserts are calls, around which wgmma would be serialised
            "-Xcompiler=-fPIC",
            "-Xcompiler=-fno-gnu-unique",  # several libraries in one process: each keeps its own statics
            "--expt-relaxed-constexpr",
            # CUTLASS 3.x kernels wait for the kernels before them.
            *(["-DCUTLASS_ENABLE_GDC_FOR_SM90=1"] if target.has_programmatic_launch else []),
            f"-gencode=arch={target.virtual_architecture},code={target.name}",
        ]

    def link_flags(self, target: Target) -> list[str]:
        """The flags that link objects to one shared library that finds the CUDA runtime it was built with."""
        common = ["-shared", f"-gencode=arch={target.virtual_architecture},code={target.name}"]
        if self.runtime_library is None:
            return [*common, "-cudart=shared"]
        # By file name: PyPI's wheels have libcudart.so.13, but not the libcudart.so that -lcudart looks for.
        # A runtime beside the library comes first, so that an artifact can carry its own.
        folders = f"$ORIGIN:{self.runtime_library.parent}"
        return [*common, "-cudart=none", f"-Xlinker={self.runtime_library}", f"-Xlinker=-rpath={folders}"]


@dataclass(frozen=True)
class Cutlass:
    """CUTLASS' headers.

    Attributes:
        version: `4.2.0`.
        include_folders: what `-I` needs.
    """

    version: str
    include_folders: tuple[Path, ...]

    @staticmethod
    def find() -> Cutlass:
        """The headers in the package `nvidia-cutlass`, which is not imported.

        Raises:
            BoltError: the package is not installed.
        """
        spec = find_spec("cutlass_library")
        if spec is None or spec.origin is None:
            raise BoltError("CUTLASS' headers are not installed", hint="`pip install boltir[cutlass]`")
        source = Path(spec.origin).parent / "source"
        # Of the examples, the headers of attention and of back-to-back products are used. The latter name each other
        # from their own folder; the last folder stands in for what the former need of cuRAND.
        examples = source / "examples"
        pairs = examples / "13_two_tensor_op_fusion"
        folders = (source / "include", source / "tools" / "util" / "include", examples, pairs, _STAND_INS)
        try:
            header = (folders[0] / "cutlass" / "version.h").read_text()
        except OSError:
            raise BoltError("this nvidia-cutlass has no headers", where=str(source), hint="reinstall it") from None
        numbers = re.findall(r"#define CUTLASS_(?:MAJOR|MINOR|PATCH) (\d+)", header)
        return Cutlass(".".join(numbers), folders)


def _candidates(chosen: str | None) -> Iterator[Path]:
    """Places that hold an nvcc, best first; what BOLTIR_NVCC names must be one."""
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise BoltError("not an executable file", where=f"{NVCC_VARIABLE}={chosen}")
        yield Path(found).absolute()  # it is run in other folders
    if on_path := shutil.which("nvcc"):
        yield Path(on_path).absolute()
    folders = [SYSTEM_TOOLKIT, *_wheel_folders()]
    yield from (path for folder in folders if os.access(path := folder / "bin" / "nvcc", os.X_OK))


def _wheel_folders() -> Iterator[Path]:
    """Folders of PyPI's toolkit, newest first: site-packages/nvidia/cu13."""
    spec = find_spec("nvidia")
    for location in (spec and spec.submodule_search_locations) or ():
        yield from sorted(Path(location).glob("cu[0-9]*"), reverse=True)


@lru_cache
def _inspect(path: Path, host_compiler: str | None) -> Nvcc:
    if host_compiler is None:
        raise BoltError("nvcc needs a host compiler, and there is no g++", hint="on Debian: apt install g++")
    printed = _output_of(str(path), "--version")
    version = re.search(r"\bV(\d+)\.(\d+)\.(\d+)", printed)
    if version is None:
        raise BoltError("does not answer --version like nvcc", where=str(path), hint=_INSTALL_HINT)
    if (int(version[1]), int(version[2])) < OLDEST_VERSION:
        needed = ".".join(map(str, OLDEST_VERSION))
        raise BoltError(f"nvcc {version[0][1:]} is older than {needed}", where=str(path), hint=_INSTALL_HINT)
    host_version = _output_of(host_compiler, "-dumpfullversion").strip()
    return Nvcc(path, version[0][1:], host_version, _runtime_library(path))


def _runtime_library(nvcc: Path) -> Path | None:
    # nvcc may be a script that calls another one: only it knows its folders.
    dry_run = _output_of(str(nvcc), "--dryrun", "-x", "cu", os.devnull, "-c", "-o", os.devnull)
    libraries = re.search(r"^#\$ LIBRARIES=(.*)$", dry_run, re.MULTILINE)
    folders = re.findall(r'"-L([^"]+)"', libraries[1]) if libraries else []
    found = (path for folder in folders for path in sorted(Path(folder).glob("libcudart.so*")))
    return next((path.resolve() for path in found), None)


def _output_of(*command: str) -> str:
    """What `command` prints on both streams.

    Raises:
        BoltError: it cannot be run or fails.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BoltError(f"cannot be run: {error}", where=command[0]) from None
    if done.returncode != 0:
        said = done.stderr.strip() or "it said nothing"
        raise BoltError(f"failed with status {done.returncode}: {said}", where=" ".join(command))
    return done.stdout + done.stderr
