"""A device in a process of its own: whatever a candidate does to that process costs only the candidate."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from boltir.errors import BoltError
from boltir.profiler.backend.process import WorkerBackend
from boltir.profiler.executable import Entry
from boltir.profiler.measure import Built, DeviceFacts, ReferenceFailedError, Workload
from boltir.profiler.measurement import Measurement, Status
from tests.support.fake_tuning import executable

ROOT = Path(__file__).parents[3]
ENGINE = "tests.support.fake_engine:FakeEngine"
ENTRY = Entry(Path("library.so"), "symbol")


def built(name: str) -> Built:
    return Built(executable(name), (ENTRY,))


def workload(name: str = "problem") -> Workload:
    return Workload(name, built("reference"), ENTRY, ENTRY)


@pytest.fixture
def backend() -> Iterator[WorkerBackend]:
    backend = WorkerBackend(engine=ENGINE, candidate_limit=0.5)
    yield backend
    backend.close()


def test_the_device_is_known_by_its_name(backend: WorkerBackend) -> None:
    assert backend.facts() == DeviceFacts("Fake GPU", 90)


def test_a_device_that_is_not_there_is_one_error() -> None:
    backend = WorkerBackend(7, ENGINE)
    with pytest.raises(BoltError, match="there is no NVIDIA GPU 7"):
        backend.facts()
    backend.close()


def test_each_failure_costs_only_its_candidate(backend: WorkerBackend) -> None:
    names = ["good", "hangs", "good", "dies", "good", "raises", "good", "buggy", "good"]
    measurements = list(backend.measure(workload(), list(map(built, names)), None))

    good = Measurement(Status.OK, 1e-6, samples=1)  # the problem is loaded once in every process
    assert measurements[::2] == [good] * 5
    assert [(failed.status, failed.error) for failed in measurements[1::2]] == [
        (Status.TIMEOUT, "no answer after 0.5 s"),
        (Status.CRASHED, "SIGSEGV: an unaligned access"),
        (Status.CRASHED, "a launch failed with CUDA error 700"),
        (Status.CRASHED, "ZeroDivisionError: division by zero"),
    ]


def test_a_problem_is_loaded_once_for_all_its_candidates(backend: WorkerBackend) -> None:
    first, second = workload("first"), workload("second")
    loads = [
        next(backend.measure(given, [built("good")], None)).samples for given in (first, first, second, second, first)
    ]
    assert loads == [1, 1, 2, 2, 3]


def test_a_reference_that_fails_is_an_error_of_the_problem(backend: WorkerBackend) -> None:
    with pytest.raises(ReferenceFailedError, match="hopeless: the reference fails: out of memory"):
        list(backend.measure(workload("hopeless"), [built("good")], None))
    assert next(backend.measure(workload(), [built("good")], None)).is_ok


def test_a_device_that_fails_is_no_error_of_the_problem() -> None:
    absent = WorkerBackend(device=2, engine=ENGINE)
    with closing(absent), pytest.raises(BoltError, match="no NVIDIA GPU 2") as found:
        list(absent.measure(workload(), [built("good")], None))
    assert not isinstance(found.value, ReferenceFailedError)


def test_stopping_ends_a_measurement_that_hangs() -> None:
    backend = WorkerBackend(engine=ENGINE, candidate_limit=60)
    measured: list[Measurement] = []
    thread = threading.Thread(
        target=lambda: measured.extend(backend.measure(workload(), [built("good"), built("hangs")], None))
    )
    thread.start()
    while not measured:
        time.sleep(0.01)
    backend.stop()
    thread.join(5)

    assert not thread.is_alive()
    assert len(measured) == 1


def test_a_stopped_device_can_measure_again(backend: WorkerBackend) -> None:
    given = workload()
    assert next(backend.measure(given, [built("good")], None)).is_ok
    backend.stop()
    assert list(backend.measure(given, [built("good")], None)) == []
    backend.start()
    assert next(backend.measure(given, [built("good")], None)).is_ok


def test_a_worker_does_not_outlive_a_killed_tuner() -> None:
    code = f"""
from boltir.profiler.backend.process import WorkerBackend
from tests.unit.profiler.test_worker_process import built, workload
backend = WorkerBackend(engine={ENGINE!r}, candidate_limit=60)
backend.facts()
print("ready", flush=True)
list(backend.measure(workload(), [built("hangs")], None))
"""
    tuner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert tuner.stdout is not None
    assert tuner.stdout.readline() == "ready\n"
    (worker,) = psutil.Process(tuner.pid).children()
    os.kill(tuner.pid, signal.SIGKILL)
    tuner.communicate()
    worker.wait(10)

    assert not worker.is_running()
