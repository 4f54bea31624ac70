"""Builds generated sources into one shared library: parallel nvcc, batched, cached kernel by kernel."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from boltir.errors import BoltError, one_line
from boltir.files import replacing
from boltir.runtime.compile_cache import CompileCache, content_key
from boltir.runtime.kernel_source import CachedKernel, KernelSource, batch_source, entry_points, user_names
from boltir.runtime.nvcc import Cutlass, Nvcc
from boltir.runtime.processes import CompilerProcesses
from boltir.target import Target

JOBS_VARIABLE = "BOLTIR_JOBS"
DEFAULT_BATCH_SIZE = 8
"""Kernels per translation unit. CUTLASS' headers cost more than a 2.x kernel: 8 together take 14 s, one takes 7 s."""

_MEMORY_PER_JOB = 4 << 30
"""Bytes one nvcc may need: a CUTLASS 3.x kernel was seen to take 3.3 GB."""

_KILLED = re.compile(r"Killed|died due to signal (9|15)\b")
"""What gcc and nvcc say of a child that someone else ended."""


def default_jobs() -> int:
    """How many nvcc run at once: BOLTIR_JOBS, else one per core as far as the memory goes.

    Raises:
        BoltError: BOLTIR_JOBS is not a positive number.
    """
    chosen = os.environ.get(JOBS_VARIABLE)
    if chosen is None:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return max(1, min(len(os.sched_getaffinity(0)), memory // _MEMORY_PER_JOB))
    if not chosen.isdecimal() or int(chosen) == 0:
        raise BoltError(f"expected a positive number, got '{chosen}'", where=JOBS_VARIABLE)
    return int(chosen)


class CompileError(BoltError):
    """The compiler ran to its end and refused a source: it will again."""


@dataclass(frozen=True)
class BuildReport:
    """What a build did.

    Attributes:
        library: the shared library.
        compiled: kernels that nvcc compiled.
        reused: kernels that were in the cache, or the same as another one of this build.
        seconds: wall-clock time.
    """

    library: Path
    compiled: int
    reused: int
    seconds: float


@dataclass(frozen=True)
class _Unit:
    """One translation unit, the headers beside it, and the names by which the cache will know its object."""

    file_name: str
    text: str
    keys: tuple[str, ...]
    kernels: tuple[CachedKernel, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Builder:
    """Compiles kernels for one target.

    Attributes:
        batch_size: most kernels per translation unit; fewer if cores would be idle.
        jobs: how many nvcc run at once.
        show_progress: draw a progress bar on stderr while kernels are compiled.
    """

    target: Target
    nvcc: Nvcc = field(default_factory=Nvcc.find)
    cutlass: Cutlass = field(default_factory=Cutlass.find)
    cache: CompileCache = field(default_factory=CompileCache.default)
    batch_size: int = DEFAULT_BATCH_SIZE
    jobs: int = field(default_factory=default_jobs)
    show_progress: bool = True

    def build_library(self, kernels: Sequence[KernelSource], host: Mapping[str, str], output: Path) -> BuildReport:
        """Compile the kernels and the C++ host program, and link them into the shared library `output`.

        Args:
            host: the host program's units (`.cpp`) and the headers they include, by file name.

        Raises:
            BoltError: a source does not compile; the error names the kernel and the log.
        """
        start = time.perf_counter()
        named = self.named(kernels)
        missing = self._compile_missing(named)
        units = self._host_units({**host, "entry_points.cpp": entry_points(named)})
        self._compile_all([unit for unit in units if self.cache.find(unit.keys[0]) is None], lambda _: None)
        self._link([*(k.key for k in named), *(key for unit in units for key in unit.keys)], output)
        return BuildReport(output, missing, len(named) - missing, time.perf_counter() - start)

    def compile_kernels(self, kernels: Sequence[KernelSource]) -> int:
        """Put the object files of `kernels` into the cache; returns how many were not there.

        Raises:
            CompileError: a source does not compile; the error names the kernel and the log.
            BoltError: nvcc was killed.
        """
        return self._compile_missing(self.named(kernels))

    def link_kernels(self, kernels: Sequence[KernelSource], output: Path) -> None:
        """Link kernels whose object files are in the cache into a shared library, each under its `symbol`.

        Raises:
            BoltError: an object file is missing, or linking fails.
        """
        self._link([kernel.key for kernel in self.named(kernels)], output)

    def named(self, kernels: Sequence[KernelSource]) -> list[CachedKernel]:
        """The kernels under the names that the cache knows them by."""
        return [CachedKernel.of(kernel, self.fingerprint) for kernel in kernels]

    @cached_property
    def fingerprint(self) -> str:
        """Stands for everything besides the source that decides an object's bytes."""
        tools = (self.nvcc.version, self.nvcc.host_version, self.cutlass.version)
        return content_key(*self.nvcc.compile_flags(self.target), *tools)

    def _host_units(self, host: Mapping[str, str]) -> list[_Unit]:
        headers = {name: text for name, text in host.items() if name.endswith(".h")}
        others = (self.fingerprint, *(part for item in sorted(headers.items()) for part in item))
        return [
            _Unit(name, text, (content_key(name, text, *others),), headers=headers)
            for name, text in host.items()
            if name not in headers
        ]

    def _compile_missing(self, kernels: Sequence[CachedKernel]) -> int:
        missing = {kernel.key: kernel for kernel in kernels if self.cache.find(kernel.key) is None}
        with _progress_bar(len(missing), self.target, self.show_progress) as advance:
            self._compile_all(self._batches(list(missing.values())), advance)
        return len(missing)

    def _batches(self, kernels: Sequence[CachedKernel]) -> list[_Unit]:
        """Kernels that include the same headers go together; enough units to keep every core busy."""
        ordered = sorted(kernels, key=lambda k: (_headers(k.kernel.source), k.key))
        size = max(1, min(self.batch_size, -(-len(ordered) // self.jobs)))
        groups = [tuple(ordered[first : first + size]) for first in range(0, len(ordered), size)]
        return [_Unit("kernels.cu", batch_source(g), tuple(k.key for k in g), g) for g in groups]

    def _compile_all(self, units: Sequence[_Unit], advance: Callable[[int], None]) -> None:
        if not units:
            return
        processes = CompilerProcesses()
        with ThreadPoolExecutor(self.jobs) as pool:
            futures = {pool.submit(self._compile, unit, processes): unit for unit in units}
            try:
                for future in as_completed(futures):
                    future.result()
                    advance(len(futures[future].keys))
            except BoltError:
                pool.shutdown(wait=True, cancel_futures=True)  # what is being compiled is kept
                raise
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                processes.end()
                raise

    def _compile(self, unit: _Unit, processes: CompilerProcesses) -> None:
        with self.cache.scratch() as folder:
            for name, text in {**unit.headers, unit.file_name: unit.text}.items():
                (folder / name).write_text(text)
            includes = [f"-I{path}" for path in self.cutlass.include_folders]
            flags = [*self.nvcc.compile_flags(self.target), *includes]
            command = [str(self.nvcc.path), *flags, "-c", unit.file_name, "-o", "unit.o"]
            status, output = processes.run(command, folder)
            if status != 0:
                raise self._failure(unit, status, output)
            self.cache.add(unit.keys, folder / "unit.o")

    def _failure(self, unit: _Unit, status: int, output: str) -> BoltError:
        output = user_names(output, unit.kernels)
        log = self.cache.add_log(unit.keys[0], output)
        names = [kernel.kernel.name for kernel in unit.kernels]
        # nvcc names the file of the `#line`, ptxas the namespace of the kernel.
        blamed = re.search(rf"\b(?:boltir_)?({'|'.join(names)})(?:_detail)?\b", output) if names else None
        culprits = [blamed[1]] if blamed else names
        where = f"kernel {', '.join(culprits)}" if names else unit.file_name
        if status < 0 or _KILLED.search(output):
            hint = f"{JOBS_VARIABLE}=1 compiles one by one"
            return BoltError("nvcc was killed, perhaps for lack of memory", where=where, hint=hint)
        return CompileError(f"nvcc failed: {_first_error(output)}", where=where, hint=f"the full log is {log}")

    def _link(self, keys: Sequence[str], output: Path) -> None:
        objects = dict.fromkeys(self.cache.find(key) for key in keys)
        if None in objects:
            raise BoltError("an object file was deleted while building", where=str(self.cache.root), hint="build again")
        # Two processes may have cached the same kernel in two batches; the definitions are the same. Several libraries
        # in one process have the same symbols: each keeps to its own.
        linker = ("-zmuldefs", "-Bsymbolic", f"-soname={output.name}")
        flags = [*self.nvcc.link_flags(self.target), *(f"-Xlinker={flag}" for flag in linker)]
        with replacing(output) as temporary:
            command = [str(self.nvcc.path), *flags, *map(str, objects), "-o", str(temporary)]
            status, printed = CompilerProcesses().run(command, Path.cwd())
            if status != 0:
                log = self.cache.add_log(content_key(*keys), printed)
                raise BoltError(f"linking failed: {_first_error(printed)}", where=str(output), hint=f"full log: {log}")


def _headers(source: str) -> str:
    return "\n".join(sorted(line for line in source.splitlines() if line.startswith("#include")))


def _first_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    first = next((line for line in lines if re.search(r"\b(error|fatal|undefined|cannot)\b", line)), "no output")
    return one_line(first, 400)


@contextmanager
def _progress_bar(total: int, target: Target, show: bool) -> Generator[Callable[[int], None]]:
    """A function that moves the bar on by so many kernels; without work there is no bar."""
    if not show or total == 0:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(f"nvcc, {target.name}", total=total)
        yield lambda count: progress.advance(task, count)
