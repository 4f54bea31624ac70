"""The engine that measures on a GPU, with the host's memory as the GPU's: what it checks, and how it rotates."""

import ctypes
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from boltir.errors import BoltError
from boltir.profiler.backend.gpu import GpuEngine, second_operand_exponent
from boltir.profiler.backend.memory import GUARD, MOST_COPIES, copies_for
from boltir.profiler.backend.samples import FEWEST, MOST, measure_adaptively, spread_of
from boltir.profiler.executable import Area, Entry, Executable, Operand, Step
from boltir.profiler.measure import Built, Workload
from boltir.profiler.measurement import Status
from boltir.runtime.device import Device
from tests.support.fake_gpu import FakeDriver

SOURCE = Path(__file__).parents[2] / "support" / "host_kernels.cpp"
COUNT = 1000
VECTOR = Operand("f32", COUNT, 4 * COUNT)


def adds_one() -> Executable:
    step = Step(0, ((Area.INPUT, 0), (Area.OUTPUT, 0)), (COUNT,))
    return Executable((), (step,), (VECTOR,), (VECTOR,), 0, 0)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kernels") / "kernels.so"
    subprocess.run(["g++", "-O1", "-shared", "-fPIC", str(SOURCE), "-o", str(path)], check=True)
    return path


@pytest.fixture
def driver() -> FakeDriver:
    return FakeDriver()


@pytest.fixture
def engine(driver: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> GpuEngine:
    def graph(device: Device, queue: Callable[[int], object]) -> "Replayed":
        return Replayed(queue)

    device = Device(0, driver)

    def opened(ordinal: int) -> Device:
        return device

    monkeypatch.setattr(Device, "open", opened)
    monkeypatch.setattr("boltir.profiler.backend.gpu.CudaGraph", graph)
    return GpuEngine(0)


class Replayed:
    """A CUDA graph that runs its launches anew each time."""

    def __init__(self, queue: Callable[[int], object]) -> None:
        self.launch = queue

    def __enter__(self) -> "Replayed":
        return self

    def __exit__(self, *exception: object) -> None: ...


def workload(library: Path) -> Workload:
    reference = Built(adds_one(), (Entry(library, "right"),))
    return Workload("adds one", reference, Entry(library, "fill"), Entry(library, "compare"))


def candidate(library: Path, symbol: str) -> Built:
    return Built(adds_one(), (Entry(library, symbol),))


def test_a_right_candidate_is_timed(engine: GpuEngine, library: Path) -> None:
    engine.load(workload(library))
    measurement = engine.measure(candidate(library, "right"), None)

    # The fake clock says that a millisecond passes while a graph runs once through all copies.
    assert measurement.status is Status.OK
    assert measurement.seconds == pytest.approx(1e-3 / MOST_COPIES, rel=0.5)
    assert (measurement.spread, measurement.samples) == (0.0, FEWEST)


@pytest.mark.parametrize(
    ("symbol", "error"),
    [
        ("wrong", "off by 0.25 of the largest result, more than 0.001"),
        ("forgets_the_last", "of the largest result, more than 0.001"),
        ("not_a_number", "1 results are infinite or no number, unlike the reference's"),
        ("writes_outside", "it writes outside its outputs"),
    ],
)
def test_a_wrong_candidate_is_found_out(engine: GpuEngine, library: Path, symbol: str, error: str) -> None:
    engine.load(workload(library))
    measurement = engine.measure(candidate(library, symbol), None)

    assert measurement.status is Status.WRONG
    assert error in measurement.error
    assert engine.measure(candidate(library, "right"), None).is_ok, "the next one is judged on its own"


def test_a_candidate_that_cannot_be_launched_is_an_error(engine: GpuEngine, library: Path) -> None:
    engine.load(workload(library))
    with pytest.raises(BoltError, match="a launch failed with CUDA error 9"):
        engine.measure(candidate(library, "cannot_be_launched"), None)


def test_a_candidate_that_is_not_there_is_an_error(engine: GpuEngine, library: Path) -> None:
    engine.load(workload(library))
    with pytest.raises(BoltError, match="the kernel cannot be loaded"):
        engine.measure(candidate(library, "missing"), None)


def test_every_copy_has_the_same_operands(engine: GpuEngine, library: Path) -> None:
    fills = ctypes.c_int.in_dll(ctypes.CDLL(str(library)), "fills")
    before = fills.value
    engine.load(workload(library))
    assert fills.value - before == MOST_COPIES


def test_memory_of_a_problem_is_freed_for_the_next(engine: GpuEngine, driver: FakeDriver, library: Path) -> None:
    engine.load(workload(library))
    alive = len(driver.living)
    engine.load(workload(library))
    assert len(driver.living) == alive


def test_copies_reach_beyond_the_cache_but_not_beyond_the_memory() -> None:
    one = 2 * (4096 + 2 * GUARD)
    assert copies_for(adds_one(), 10 * one, 1 << 30) == 10
    assert copies_for(adds_one(), 10 * one, 3 * one) == 3
    assert copies_for(adds_one(), 1 << 40, 1 << 40) == MOST_COPIES
    assert copies_for(adds_one(), 10 * one, 0) == 1


def test_products_keep_the_size_of_their_operands() -> None:
    """Each output sums 1024 products: a standard deviation of a third of 32, were the second operand not smaller."""
    assert second_operand_exponent(replace(adds_one(), flops=2 * 1024 * COUNT)) == -5
    assert second_operand_exponent(adds_one()) == 0


# --- how often


def samples(*seconds: float) -> Callable[[], float]:
    """These samples, over and over."""

    def endless() -> Iterator[float]:
        while True:
            yield from seconds

    values = endless()
    return lambda: next(values)


def test_samples_that_agree_end_soon() -> None:
    assert measure_adaptively(samples(1.0), None).samples == FEWEST


def test_samples_that_do_not_agree_go_on() -> None:
    measurement = measure_adaptively(samples(1.0, 1.5, 2.0), None)
    assert (measurement.samples, measurement.seconds) == (MOST, 1.5)


def test_a_candidate_far_behind_is_given_up() -> None:
    assert measure_adaptively(samples(2.0), 1.0).samples == 2
    assert measure_adaptively(samples(1.1), 1.0).samples == FEWEST


def test_the_spread_is_between_the_quartiles() -> None:
    assert spread_of([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(2 / 3)
