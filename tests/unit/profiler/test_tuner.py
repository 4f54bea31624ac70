"""The tuner on a device that answers what it is told to: what it chooses, what it survives, when it ends."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ParamSpec, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boltir.errors import BoltError
from boltir.profiler.database import Database
from boltir.profiler.job import Job, Trial
from boltir.profiler.key import TuningKey
from boltir.profiler.measure import Backend, Built, Workload
from boltir.profiler.measurement import Measurement, Status
from boltir.profiler.problem import Problem
from boltir.profiler.tuner import Progress, Tuner, TuningResult
from tests.support.dask_cluster import dask_executor
from tests.support.fake_tuning import MACHINE, FakeBackend, FakePreparation, MakeFakeBuilder, problem, trial

P = ParamSpec("P")
T = TypeVar("T")


def ok(seconds: float) -> Measurement:
    return Measurement(Status.OK, seconds, samples=5)


WRONG = Measurement(Status.WRONG, error="off by 0.5")
CRASHED = Measurement(Status.CRASHED, error="SIGSEGV")


@dataclass
class Heard:
    """A listener that remembers."""

    events: list[tuple[str, Status]] = field(default_factory=list[tuple[str, Status]])
    progresses: list[Progress] = field(default_factory=list[Progress])

    def progress(self, progress: Progress) -> None:
        self.progresses.append(progress)

    def measured(self, problem: Problem, candidate: str, measurement: Measurement) -> None:
        self.events.append((candidate, measurement.status))


@dataclass
class Bench:
    """A tuner on fakes, in one folder."""

    folder: Path
    heard: Heard = field(default_factory=Heard)

    @property
    def database(self) -> Database:
        return Database(self.folder / "tuning.db")

    def tune(
        self,
        trials: Mapping[Problem, Sequence[Trial]],
        *backends: Backend,
        budget: float | None = None,
        executor: Executor | None = None,
    ) -> TuningResult:
        with executor or ThreadPoolExecutor(2) as builders:
            make_builder, prepare = MakeFakeBuilder(self.folder / "cache"), FakePreparation(trials)
            tuner = Tuner(self.database, MACHINE, prepare, make_builder, builders, list(backends), budget)
            return tuner.tune(dict.fromkeys(trials, 1), self.heard)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def best(result: TuningResult) -> list[str | None]:
    return [None if job.best is None else job.best.text for job in result.jobs]


def test_the_fastest_right_candidate_is_found_and_remembered(bench: Bench) -> None:
    trials = [trial("slow"), trial("fast"), trial("wrong"), trial("crashed"), trial("broken", compiles=False)]
    answers = {"slow": ok(3e-6), "fast": ok(2e-6), "wrong": WRONG, "crashed": CRASHED}
    result = bench.tune({problem(): trials}, FakeBackend(answers))

    assert (result.ended, best(result)) == ("done", ["fast"])
    known = bench.database.measurements(TuningKey.for_problem(problem(), MACHINE))
    assert {name: measurement.status for name, measurement in known.items()} == {
        "slow": Status.OK,
        "fast": Status.OK,
        "wrong": Status.WRONG,
        "crashed": Status.CRASHED,
        "broken": Status.BUILD_FAILED,
    }
    assert known["broken"].error == "kernel broken: nvcc failed"
    assert ("wrong", Status.WRONG) in bench.heard.events


def test_what_is_known_is_neither_built_nor_measured_again(bench: Bench) -> None:
    trials = {problem(): [trial("a"), trial("b")]}
    bench.tune(trials, FakeBackend({"a": ok(2e-6), "b": ok(1e-6)}))
    second = FakeBackend()

    assert best(bench.tune(trials, second)) == ["b"]
    assert second.asked == []


def test_close_candidates_are_measured_once_more(bench: Bench) -> None:
    backend = FakeBackend({"a": ok(1.00e-6), "b": ok(1.04e-6), "c": ok(1.10e-6)})
    bench.tune({problem(): [trial("a"), trial("b"), trial("c")]}, backend)

    assert sorted(backend.asked) == ["a", "a", "b", "b", "c"]


def test_one_unit_that_fails_costs_only_the_kernel_that_is_to_blame(bench: Bench) -> None:
    """Kernels of the same headers are compiled together."""
    result = bench.tune({problem(): [trial("a"), trial("broken", compiles=False), trial("c")]}, FakeBackend())

    (job,) = result.jobs
    assert {name for name, measurement in job.measurements.items() if measurement.is_ok} == {"a", "c"}


def test_a_kernel_that_several_problems_use_is_built_once(bench: Bench) -> None:
    trials = {problem(number): [trial("shared")] for number in (1, 2, 3)}
    backend = FakeBackend()
    bench.tune(trials, backend)

    assert backend.asked == ["shared"] * 3
    assert bench.heard.progresses[-1].kernels == len(("fill", "compare", "reference", "shared"))


def test_what_matters_most_comes_first(bench: Bench) -> None:
    """Here: what is thought to take longest."""
    trials = {problem(n): [trial(f"c{n}", estimate)] for n, estimate in ((1, 1e-6), (2, 9e-6), (3, 5e-6))}
    result = bench.tune(trials, FakeBackend())

    assert [job.trials[0].text for job in result.jobs] == ["c2", "c3", "c1"]


def test_without_a_reference_nothing_is_measured_and_the_reason_is_kept(bench: Bench) -> None:
    result = bench.tune({problem(): [trial("a")]}, FakeBackend(no_reference=True))

    assert best(result) == [None]
    assert result.jobs[0].error.endswith("the reference fails")
    assert bench.database.records() == []


def test_a_device_that_fails_is_the_error_if_it_is_the_only_one(bench: Bench) -> None:
    with pytest.raises(BoltError, match="fallen off the bus"):
        bench.tune({problem(): [trial("a")]}, FakeBackend(broken=True))


def test_a_device_that_gives_too_few_measurements_is_an_error(bench: Bench) -> None:
    class Lazy(FakeBackend):
        def measure(
            self, workload: Workload, candidates: Sequence[Built], fastest: float | None
        ) -> Iterator[Measurement]:
            return iter(())

    with pytest.raises(BoltError, match="measuring ended early"):
        bench.tune({problem(): [trial("a")]}, Lazy())


def test_a_tuner_can_tune_again(bench: Bench) -> None:
    backend = FakeBackend()
    for number in (1, 2):
        assert best(bench.tune({problem(number): [trial(f"c{number}")]}, backend)) == [f"c{number}"]


def test_another_device_does_the_work_of_one_that_fails(bench: Bench) -> None:
    trials = {problem(number): [trial(f"c{number}")] for number in range(1, 6)}
    result = bench.tune(trials, FakeBackend(broken=True), FakeBackend())

    assert best(result) == [f"c{number}" for number in range(1, 6)]


def test_several_devices_share_the_problems(bench: Bench) -> None:
    devices = FakeBackend(delay=0.02), FakeBackend(delay=0.02)
    bench.tune({problem(number): [trial(f"c{number}")] for number in range(1, 9)}, *devices)

    assert all(device.asked for device in devices)
    assert sorted(devices[0].asked + devices[1].asked) == [f"c{number}" for number in range(1, 9)]


def test_a_spent_budget_leaves_the_best_so_far(bench: Bench) -> None:
    trials = [trial(f"c{number:03}") for number in range(200)]
    result = bench.tune({problem(): trials}, FakeBackend(delay=0.02), budget=0.8)

    (job,) = result.jobs
    assert result.ended == "budget"
    assert job.best is not None
    assert 0 < len(job.measurements) < 200
    assert bench.database.measurements(job.key) == job.measurements, "nothing measured is lost"
    assert bench.heard.progresses[-1].seconds_left is not None


@dataclass
class Clock:
    """Stands still, but for what is said to take time."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now


@dataclass(frozen=True)
class SlowPreparation(FakePreparation):
    """Takes six seconds for each problem."""

    clock: Clock

    def __call__(self, problem: Problem, count: int, known: Mapping[str, Measurement]) -> Job:
        self.clock.now += 6
        return super().__call__(problem, count, known)


@pytest.mark.parametrize(("budget", "found"), [(5.0, [None]), (10.0, ["c1"]), (20.0, ["c1", "c2"])])
def test_what_half_of_the_budget_suffices_to_prepare_is_measured_in_the_other_half(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, budget: float, found: list[str | None]
) -> None:
    """One problem is prepared in any case."""
    clock = Clock()
    monkeypatch.setattr("boltir.profiler.tuner.time", clock)
    trials = {problem(number): [trial(f"c{number}")] for number in range(1, 9)}
    with ThreadPoolExecutor(1) as builders:
        make_builder, prepare = MakeFakeBuilder(bench.folder / "cache"), SlowPreparation(trials, clock)
        tuner = Tuner(bench.database, MACHINE, prepare, make_builder, builders, [FakeBackend()], budget)
        result = tuner.tune(dict.fromkeys(trials, 1))

    assert (result.ended, best(result)) == ("budget", found)


def test_ctrl_c_leaves_the_best_so_far(bench: Bench) -> None:
    backend = FakeBackend(delay=0.02)

    def interrupt() -> None:
        while len(backend.asked) < 3:
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    result = bench.tune({problem(): [trial(f"c{number:03}") for number in range(200)]}, backend)

    (job,) = result.jobs
    assert result.ended == "interrupted"
    assert job.best is not None
    assert bench.database.measurements(job.key) == job.measurements
    assert len(job.measurements) >= 3


def test_a_dask_cluster_builds(bench: Bench) -> None:
    trials = {problem(n): [trial(f"p{n}_c{i}", compiles=i != 1) for i in range(3)] for n in (1, 2)}
    with dask_executor() as cluster:
        result = bench.tune(trials, FakeBackend(), executor=cluster)

    for job in result.jobs:
        statuses = [job.measurements[candidate.text].status for candidate in job.trials]
        assert statuses == [Status.OK, Status.BUILD_FAILED, Status.OK]


class Unreliable(Executor):
    """Builds at once and here, but nothing with the kernel `lost`."""

    def __init__(self, trouble: BaseException | None) -> None:
        """`trouble` comes of building, or then of asking once more; None stands for a future that is cancelled."""
        self.trouble = trouble

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        if "name='lost'" not in repr(args):
            future.set_result(fn(*args, **kwargs))
        elif self.trouble is None:
            future.cancel()
        elif isinstance(self.trouble, BoltError) or repr(args).count("KernelSource(") > 1:
            future.set_exception(self.trouble)
        else:
            raise self.trouble
        return future


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (BoltError("nvcc was killed"), "nvcc was killed"),
        (RuntimeError("the process pool is not usable"), "RuntimeError: the process pool is not usable"),
        (None, "what builds kernels gave it up"),
    ],
)
def test_what_only_this_run_could_not_build_is_told_and_tried_again_in_the_next(
    bench: Bench, trouble: BaseException | None, reason: str
) -> None:
    trials = {problem(): [trial("lost"), trial("kept")]}
    (first,) = bench.tune(trials, FakeBackend(), executor=Unreliable(trouble), budget=9.0).jobs
    recorded = bench.database.measurements(first.key)
    (second,) = bench.tune(trials, FakeBackend()).jobs

    assert reason in (first.error, first.measurements.get("lost", ok(1e-6)).error)
    assert "lost" not in recorded
    assert second.measurements["lost"].is_ok


def test_a_worker_with_other_tools_builds_nothing(bench: Bench) -> None:
    from boltir.profiler.building import compile_unit

    fingerprint = MakeFakeBuilder(bench.folder / "cache")().fingerprint
    with pytest.raises(BoltError, match=r"a worker would build with other tools: nvcc 14, CUTLASS 4\.2\.0"):
        compile_unit(MakeFakeBuilder(bench.folder / "cache", nvcc_version="14"), [], fingerprint)


# --- whatever happens

outcomes = st.one_of(
    st.floats(1e-7, 1e-3).map(ok),
    st.sampled_from([WRONG, CRASHED, Measurement(Status.TIMEOUT, error="no answer"), None]),
)
"""A measurement, or None for a kernel that does not compile."""


@settings(max_examples=25, deadline=None)
@given(
    problems=st.lists(st.lists(outcomes, min_size=0, max_size=5), min_size=1, max_size=4),
    devices=st.integers(1, 3),
)
def test_the_choice_is_always_the_fastest_of_those_that_are_right(
    problems: list[list[Measurement | None]], devices: int
) -> None:
    trials: dict[Problem, list[Trial]] = {}
    answers: dict[str, Measurement] = {}
    for number, given_outcomes in enumerate(problems, 1):
        names = [f"p{number}_c{index}" for index in range(len(given_outcomes))]
        known = dict(zip(names, given_outcomes, strict=True))
        trials[problem(number)] = [trial(name, compiles=known[name] is not None) for name in names]
        answers.update({name: measurement for name, measurement in known.items() if measurement is not None})
    with TemporaryDirectory() as folder:
        result = Bench(Path(folder)).tune(trials, *(FakeBackend(answers) for _ in range(devices)))

    assert result.ended == "done"
    for job in result.jobs:
        right = [answers[t.text].seconds for t in job.trials if t.text in answers and answers[t.text].is_ok]
        assert (job.best is None) == (not right)
        if job.best is not None:
            assert answers[job.best.text].is_ok
            assert job.seconds(job.best) == min(right)
        assert len(job.measurements) == len(job.trials)
