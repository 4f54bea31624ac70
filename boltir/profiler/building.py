"""Building candidates' kernels while others are measured, over any executor: threads, processes or a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from boltir.errors import BoltError, one_line
from boltir.profiler.executable import Entry
from boltir.runtime.build import Builder, CompileError, default_jobs
from boltir.runtime.kernel_source import KernelSource
from boltir.runtime.processes import end_all_compilers
from boltir.target import Target

MOST_PER_UNIT = 4
"""Kernels per translation unit: fewer than a whole network's build takes, so that measuring can begin.

Headers and what kernels of CUTLASS 3.x have in common take nvcc 38 s, a kernel besides 11 s.
"""

_PATIENCE = 3.0  # seconds for compilers to end

MakeBuilder = Callable[[], Builder]
"""Makes the builder where it is called: another machine has its tools and its cache elsewhere."""


@dataclass(frozen=True)
class LocalBuilder:
    """The builder with this machine's tools, for one architecture."""

    target: str

    def __call__(self) -> Builder:
        return Builder(Target.named(self.target), jobs=1, show_progress=False)


@dataclass(frozen=True)
class BuildFailure:
    """Why a kernel was not built.

    Attributes:
        reason: on one line.
        is_lasting: the compiler refuses it; anything else may be over in the next run.
    """

    reason: str
    is_lasting: bool

    @staticmethod
    def of(error: BaseException) -> BuildFailure:
        described = str(error) if isinstance(error, BoltError) else f"{type(error).__name__}: {error}"
        return BuildFailure(one_line(described, 300), isinstance(error, CompileError))


@dataclass(frozen=True)
class BuildOutcome:
    """What came of one unit: the kernels' entries by their keys, or why there are none."""

    entries: dict[str, Entry]
    failures: dict[str, BuildFailure]


Objects = list[tuple[list[str], bytes]]


def compile_unit(make_builder: MakeBuilder, kernels: Sequence[KernelSource], fingerprint: str) -> Objects:
    """Compile kernels wherever this runs; returns object files, each with the keys of the kernels in it.

    Raises:
        CompileError: a kernel does not compile.
        BoltError: nvcc was killed, or this machine's tools are others than `fingerprint` stands for.
    """
    builder = make_builder()
    if builder.fingerprint != fingerprint:
        versions = f"nvcc {builder.nvcc.version}, CUTLASS {builder.cutlass.version}"
        raise BoltError(f"a worker would build with other tools: {versions}", hint="install the same everywhere")
    builder.compile_kernels(kernels)
    files: dict[Path, list[str]] = {}
    for kernel in builder.named(kernels):
        path = builder.cache.find(kernel.key)
        if path is None:
            raise BoltError("an object file was deleted while building", where=str(builder.cache.root))
        files.setdefault(path, []).append(kernel.key)
    return [(keys, path.read_bytes()) for path, keys in files.items()]


@dataclass
class KernelBuilds:
    """Builds kernels in the order in which they are asked for.

    Attributes:
        executor: compiles.
        libraries: a folder for shared libraries.
        report: called, from any thread, with each outcome.
        jobs: how many units the executor is expected to compile at once.
        most_per_unit: kernels per translation unit.
    """

    make_builder: MakeBuilder
    executor: Executor
    libraries: Path
    report: Callable[[BuildOutcome], None]
    jobs: int = field(default_factory=default_jobs)
    most_per_unit: int = MOST_PER_UNIT
    _builder: Builder = field(init=False)
    _futures: list[Future[Objects]] = field(default_factory=list[Future[Objects]])
    _cancelled: bool = False

    def __post_init__(self) -> None:
        self._builder = self.make_builder()
        self._linker = ThreadPoolExecutor(2)

    def start(self, kernels: Iterable[KernelSource]) -> None:
        """Build kernels, the first ones first; what the cache has is linked at once."""
        distinct = {self.key_of(kernel): kernel for kernel in kernels}
        missing = {key: kernel for key, kernel in distinct.items() if self._builder.cache.find(key) is None}
        cached = [kernel for key, kernel in distinct.items() if key not in missing]
        if cached:
            self._linker.submit(self._keep_and_link, cached, [])
        for unit in units(list(missing.values()), self.jobs, self.most_per_unit):
            self._submit(unit)

    def key_of(self, kernel: KernelSource) -> str:
        """The kernel's key: equal for equal code, whatever it is called."""
        return self._builder.named([kernel])[0].key

    def cancel(self) -> None:
        """Start no more and end the compilers of this process; nothing is reported any more."""
        self._cancelled = True
        deadline = time.monotonic() + _PATIENCE
        while [future for future in self._futures if not (future.cancel() or future.done())]:
            end_all_compilers()
            if time.monotonic() > deadline:
                break  # another process's, which ends by itself
            time.sleep(0.05)
        self._linker.shutdown(cancel_futures=True)

    def _submit(self, unit: Sequence[KernelSource]) -> None:
        try:
            future = self.executor.submit(compile_unit, self.make_builder, unit, self._builder.fingerprint)
        except Exception as error:  # it is broken, shut down, or has lost its cluster
            self._report_failure(unit, error)
            return
        self._futures.append(future)
        future.add_done_callback(lambda done: self._finish(unit, done))

    def _finish(self, unit: Sequence[KernelSource], future: Future[Objects]) -> None:
        if self._cancelled:
            return
        error = BoltError("what builds kernels gave it up") if future.cancelled() else future.exception()
        if error is None:
            with suppress(RuntimeError):  # it is being cancelled
                self._linker.submit(self._keep_and_link, unit, future.result())
        elif len(unit) > 1:
            for kernel in unit:  # which of them is to blame
                self._submit([kernel])
        else:
            self._report_failure(unit, error)

    def _keep_and_link(self, kernels: Sequence[KernelSource], objects: Objects) -> None:
        named = self._builder.named(kernels)
        library = self.libraries / f"{named[0].key}.so"
        try:
            self._keep(objects)
            self._builder.link_kernels(kernels, library)
        except Exception as error:  # whatever it is: who waits for these kernels must hear of it
            self._report_failure(kernels, error)
        else:
            self._report(BuildOutcome({kernel.key: Entry(library, kernel.symbol) for kernel in named}, {}))

    def _keep(self, objects: Objects) -> None:
        """Put what another machine compiled into this one's cache."""
        cache = self._builder.cache
        for keys, data in objects:
            if all(cache.find(key) is not None for key in keys):
                continue
            with cache.scratch() as folder:
                (folder / "unit.o").write_bytes(data)
                cache.add(keys, folder / "unit.o")

    def _report_failure(self, kernels: Sequence[KernelSource], error: BaseException) -> None:
        failure = BuildFailure.of(error)
        self._report(BuildOutcome({}, {self.key_of(kernel): failure for kernel in kernels}))

    def _report(self, outcome: BuildOutcome) -> None:
        if not self._cancelled:
            self.report(outcome)


def units(kernels: Sequence[KernelSource], jobs: int, most: int) -> list[list[KernelSource]]:
    """The kernels in translation units of the same headers, of `most` kernels or fewer; what takes longest goes first.

    Kernels of 3.x share a unit only as far as there are more of them than `jobs` units hold.
    """
    slow = [kernel for kernel in kernels if is_slow_to_build(kernel)]
    quick = [kernel for kernel in kernels if not is_slow_to_build(kernel)]
    sizes = range(1, most + 1)
    size = next((size for size in sizes if len(_grouped(slow, size)) <= jobs), most)
    return [*_grouped(slow, size), *_grouped(quick, most)]


def _grouped(kernels: Sequence[KernelSource], most: int) -> list[list[KernelSource]]:
    """The kernels in groups of the same headers of CUTLASS, in the order of their first ones."""
    result: list[list[KernelSource]] = []
    open_groups: dict[str, list[KernelSource]] = {}
    for kernel in kernels:
        headers = "\n".join(sorted(line for line in kernel.source.splitlines() if line.startswith('#include "')))
        group = open_groups.get(headers)
        if group is None or len(group) == most:
            group = open_groups[headers] = []
            result.append(group)
        group.append(kernel)
    return result


def is_slow_to_build(kernel: KernelSource) -> bool:
    """Whether nvcc takes a minute for it: it is of CUTLASS 3.x, or one of boltir's own for warpgroups."""
    return any(header in kernel.source for header in ("collective_builder.hpp", "cutlass/arch/reg_reconfig.h"))
