"""What is built first."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from boltir.profiler.build_order import build_order
from boltir.profiler.job import Job, Trial
from boltir.profiler.key import TuningKey
from boltir.profiler.measurement import Measurement, Status
from boltir.runtime.kernel_source import KernelSource
from tests.support.fake_tuning import MACHINE, problem, trial


def job(number: int, *trials: Trial, count: int = 1) -> Job:
    return Job(problem(number), TuningKey.for_problem(problem(number), MACHINE), count, trials, ())


def order(*jobs: Job) -> list[str]:
    return [kernel.name for kernel in build_order(jobs, lambda kernel: kernel.name)]


def slow(name: str) -> Trial:
    """A candidate of CUTLASS 3.x."""
    given = trial(name)
    assert given.executable is not None
    source = '#include "cutlass/gemm/collective/collective_builder.hpp"'
    return replace(given, executable=replace(given.executable, kernels=(KernelSource(name, source),)))


def test_what_serves_several_problems_comes_first() -> None:
    first = job(1, trial("own 1"), trial("shared"))
    second = job(2, trial("own 2"), trial("shared"))
    assert order(first, second) == ["shared", "own 1", "own 2"]


def test_no_problem_waits_for_anothers_last_candidates() -> None:
    long = job(1, trial("a1"), trial("a2"), trial("a3"), count=3)
    short = job(2, trial("b1"))
    assert order(long, short).index("b1") == 2


def test_the_likely_fastest_comes_first_and_the_quickly_built() -> None:
    assert order(job(1, trial("late", 2e-6), trial("soon", 1e-6))) == ["soon", "late"]
    assert order(job(1, slow("slow"), trial("quick"))) == ["quick", "slow"]


def test_what_is_measured_is_not_built() -> None:
    known = job(1, trial("known"), trial("unknown"))
    known.measurements["known"] = Measurement(Status.OK, 1e-6)
    assert order(known) == ["unknown"]


@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), max_size=4, unique_by=lambda c: c[0])))
def test_every_kernel_is_built_once(candidates: list[list[tuple[int, int]]]) -> None:
    jobs = [
        job(number + 1, *(trial(f"k{name}", 1e-6 * estimate) for name, estimate in row))
        for number, row in enumerate(candidates)
    ]
    built = order(*jobs)
    assert sorted(built) == sorted({f"k{name}" for row in candidates for name, _ in row})
