"""Building kernels over executors of several kinds, beside their measurement."""

import ctypes
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue

import pytest

from boltir.profiler.building import (
    MOST_PER_UNIT,
    BuildFailure,
    BuildOutcome,
    KernelBuilds,
    MakeBuilder,
    compile_unit,
    units,
)
from boltir.profiler.schedule import check_kernels
from boltir.runtime.build import Builder
from boltir.runtime.compile_cache import CompileCache
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target
from tests.support.dask_cluster import dask_executor
from tests.support.fake_tuning import MakeFakeBuilder, kernel


def outcome_of(builds: KernelBuilds, events: "SimpleQueue[BuildOutcome]", kernels: list[KernelSource]) -> BuildOutcome:
    """Everything that comes of building `kernels`."""
    builds.start(kernels)
    total = BuildOutcome({}, {})
    while len(total.entries) + len(total.failures) < len({builds.key_of(kernel) for kernel in kernels}):
        event = events.get(timeout=60)
        total.entries.update(event.entries)
        total.failures.update(event.failures)
    builds.cancel()
    return total


def build_with(
    executor: Executor, make_builder: MakeBuilder, kernels: list[KernelSource], folder: Path
) -> BuildOutcome:
    events: SimpleQueue[BuildOutcome] = SimpleQueue()
    return outcome_of(KernelBuilds(make_builder, executor, folder, events.put), events, kernels)


@pytest.fixture(params=["threads", "processes", "dask"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    match request.param:
        case "threads":
            with ThreadPoolExecutor(2) as threads:
                yield threads
        case "processes":
            with ProcessPoolExecutor(2, get_context("spawn")) as processes:
                yield processes
        case _:
            with dask_executor() as cluster:
                yield cluster


def test_any_executor_builds_and_says_what_fails(executor: Executor, tmp_path: Path) -> None:
    kernels = [kernel("a"), kernel("b"), kernel("broken", compiles=False), kernel("c")]
    outcome = build_with(executor, MakeFakeBuilder(tmp_path / "cache"), kernels, tmp_path)

    assert len(outcome.entries) == 3
    assert list(outcome.failures.values()) == [BuildFailure("kernel broken: nvcc failed", is_lasting=True)]
    assert all(entry.library.exists() for entry in outcome.entries.values())


class Elsewhere:
    """Makes builders whose cache is another one each time: machines that share no files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def __call__(self) -> Builder:
        self.count += 1
        return MakeFakeBuilder(self.folder / str(self.count))()


def test_what_another_machine_compiles_comes_into_this_ones_cache(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        elsewhere = Elsewhere(tmp_path)
        build_with(threads, elsewhere, [kernel("a")], tmp_path)

    here = MakeFakeBuilder(tmp_path / "1")()
    assert elsewhere.count == 2
    assert here.cache.find(here.named([kernel("a")])[0].key) is not None


def test_units_hold_a_few_kernels_of_the_same_headers() -> None:
    light = [KernelSource(f"k{n}", f'#include "a.h"\nint k{n};') for n in range(MOST_PER_UNIT + 1)]
    other = KernelSource("other", '#include "b.h"')
    heavy = [KernelSource(f"h{n}", '#include "cutlass/gemm/collective/collective_builder.hpp"') for n in range(2)]

    assert units([*light, other, *heavy], 2, MOST_PER_UNIT) == [
        [heavy[0]],
        [heavy[1]],
        light[:-1],
        [light[-1]],
        [other],
    ]


def test_slow_kernels_share_a_unit_where_every_core_has_one() -> None:
    heavy = [KernelSource(f"h{n}", '#include "cutlass/gemm/collective/collective_builder.hpp"') for n in range(9)]
    sizes = [list(map(len, units(heavy, jobs, 4))) for jobs in (16, 4, 1)]
    assert sizes == [[1] * 9, [3, 3, 3], [4, 4, 1]]


def real_builder(cache: Path) -> Builder:
    return Builder(Target.named("sm_90a"), cache=CompileCache(cache), jobs=1, show_progress=False)


def test_the_checking_kernels_compile_and_can_be_called(tmp_path: Path) -> None:
    """For the oldest and the newest architecture; without a GPU, a launch fails."""
    old = Builder(Target.named("sm_75"), cache=CompileCache(tmp_path / "old"), jobs=1, show_progress=False)
    assert old.compile_kernels(check_kernels()) == 2
    with ThreadPoolExecutor(1) as threads:
        make_builder = partial(real_builder, tmp_path / "cache")
        outcome = build_with(threads, make_builder, list(check_kernels()), tmp_path)

    assert outcome.failures == {}
    for entry in outcome.entries.values():
        assert ctypes.CDLL(str(entry.library))[entry.symbol]


def test_a_unit_is_one_object_with_all_its_kernels(tmp_path: Path) -> None:
    make_builder = MakeFakeBuilder(tmp_path / "cache")
    objects = compile_unit(make_builder, [kernel("a"), kernel("b")], make_builder().fingerprint)

    ((keys, data),) = objects
    assert (len(keys), data) == (2, b"")
    shutil.rmtree(tmp_path / "cache")
