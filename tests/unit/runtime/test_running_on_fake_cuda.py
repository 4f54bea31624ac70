"""Everything the C interface does with a device, on a CUDA runtime that is host memory and can be made to fail."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.c_interface import CInterface, Dtype, Status, Tensor
from tests.support.fake_cuda import INVALID_CONFIGURATION, OUT_OF_MEMORY, FakeCuda
from tests.support.small_program import SmallProgram

PROGRAM = SmallProgram()
SHAPE = PROGRAM.shape


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[FakeCuda, dict[str, CInterface]]:
    """The runtime, and the network for every kind of target."""
    folder = tmp_path_factory.mktemp("fake_cuda")
    cuda = FakeCuda.build(folder)
    targets = ("sm_80", "sm_86", "sm_90a")
    return cuda, {name: CInterface(PROGRAM.build(folder / name, cuda.builder(name), on_cpu=True)) for name in targets}


@pytest.fixture
def cuda(built: tuple[FakeCuda, dict[str, CInterface]]) -> Iterator[FakeCuda]:
    built[0].reset()
    yield built[0]
    assert built[0].alive == 0, "something was not freed"


@pytest.fixture
def library(built: tuple[FakeCuda, dict[str, CInterface]], cuda: FakeCuda) -> CInterface:
    return built[1]["sm_80"]


class Buffers:
    """An input and an output, aligned as device memory is."""

    def __init__(self, seed: int = 0) -> None:
        self.memory = np.zeros(3 * 128 + 64, np.uint8)
        start = -self.memory.ctypes.data % 64
        self.x, self.y = (self.memory[start + at : start + at + 128].view(np.float32).reshape(SHAPE) for at in (0, 128))
        self.x[:] = np.random.default_rng(seed).standard_normal(SHAPE)
        self.input = Tensor(self.x.ctypes.data, Dtype.F32, SHAPE)
        self.output = Tensor(self.y.ctypes.data, Dtype.F32, SHAPE)

    @property
    def is_right(self) -> bool:
        return np.array_equal(self.y, PROGRAM.expected(self.x))


@contextmanager
def model_of(library: CInterface, folder: Path | None = None) -> Generator[int]:
    status, model = library.create(folder or library.folder)
    assert (status, library.last_error) == (Status.OK, "")
    assert model is not None
    yield model
    library.destroy(model)


def test_a_run_computes_the_network(library: CInterface) -> None:
    buffers = Buffers()
    with model_of(library) as model:
        assert library.run(model, [buffers.input], [buffers.output]) is Status.OK
        assert buffers.is_right
        buffers.x += 1
        library.run(model, [buffers.input], [buffers.output])
        assert buffers.is_right


def test_a_run_is_launches_and_nothing_else(library: CInterface, cuda: FakeCuda) -> None:
    buffers = Buffers()
    with model_of(library) as model:
        cuda.calls_since()
        library.run(model, [buffers.input], [buffers.output])
        assert cuda.calls_since() == ["cudaGetDevice", *["cudaGetLastError", "fake_launch"] * 2]


def test_a_captured_run_runs_when_it_is_replayed(library: CInterface, cuda: FakeCuda) -> None:
    buffers = Buffers()
    with model_of(library) as model:
        status, graph = library.capture(model, [buffers.input], [buffers.output])
        assert status is Status.OK
        assert not buffers.y.any()
        for offset in (0, 1):
            buffers.x += offset
            cuda.calls_since()
            assert library.replay(graph) is Status.OK
            assert cuda.calls_since() == ["cudaGetDevice", "cudaGraphLaunch"]
            assert buffers.is_right
        library.destroy_graph(graph)


def test_clones_share_weights_and_nothing_else(library: CInterface, cuda: FakeCuda) -> None:
    with model_of(library) as model:
        one = cuda.alive
        status, clone = library.clone(model)
        assert status is Status.OK
        assert cuda.alive == one + 1, "an arena, and no second block of weights"
        buffers = [Buffers(0), Buffers(1)]
        for instance, given in zip((model, clone), buffers, strict=True):
            library.run(instance, [given.input], [given.output])
        assert all(given.is_right for given in buffers)
        library.destroy(clone)


def test_clones_and_graphs_outlive_the_first_instance(library: CInterface) -> None:
    buffers = Buffers()
    with model_of(library) as model:
        _, clone = library.clone(model)
        _, graph = library.capture(model, [buffers.input], [buffers.output])
    library.replay(graph)
    assert buffers.is_right
    buffers.y[:] = 0
    library.run(clone, [buffers.input], [buffers.output])
    assert buffers.is_right
    library.destroy(clone)
    library.destroy_graph(graph)


def test_instances_are_made_and_freed_from_many_threads(library: CInterface) -> None:
    """Each thread clones the one instance, runs its clone on its own buffers and frees it."""

    def use_clones(seed: int) -> bool:
        right = True
        for _ in range(50):
            buffers = Buffers(seed)
            _, clone = library.clone(model)
            library.run(clone, [buffers.input], [buffers.output])
            library.destroy(clone)
            right &= buffers.is_right
        return right

    with model_of(library) as model, ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use_clones, range(8)))


def test_each_launch_takes_the_median_of_its_times(library: CInterface, cuda: FakeCuda) -> None:
    """Three runs, each of which is measured as a whole first."""
    buffers = Buffers()
    cuda.set_durations([20, 200, 10, 300, 20, 200, 30, 100, 20, 200, 20, 200])
    with model_of(library) as model:
        status, times = library.profile(model, [buffers.input], [buffers.output], repetitions=3)
        assert (status, times) == (Status.OK, pytest.approx([20, 200]))
        assert buffers.is_right
        assert library.profile(model, [buffers.input], [buffers.output], 0) == (Status.INVALID_ARGUMENT, [-1, -1])
        assert library.last_error == "repetitions must be at least 1"


def test_a_profile_is_without_the_time_of_measuring(library: CInterface, cuda: FakeCuda) -> None:
    buffers = Buffers()
    cuda.set_durations([2, 5], event=3)
    with model_of(library) as model:
        assert library.profile(model, [buffers.input], [buffers.output], 1) == (Status.OK, pytest.approx([2, 5]))


def test_an_instance_stays_on_its_device(library: CInterface, cuda: FakeCuda) -> None:
    buffers, current = Buffers(), ctypes.c_int()
    cuda.set_devices(count=2)
    with model_of(library) as model:
        cuda.library.cudaSetDevice(1)
        cuda.calls_since()
        library.run(model, [buffers.input], [buffers.output])
        calls = cuda.calls_since()
        cuda.library.cudaGetDevice(ctypes.byref(current))
        cuda.library.cudaSetDevice(0)
    assert (calls[1], calls[-1], current.value) == ("cudaSetDevice", "cudaSetDevice", 1)


@pytest.mark.parametrize(
    ("count", "driver", "message"),
    [
        (1, 0, "runtime version): install NVIDIA's driver, or give the container access to the GPU"),
        (
            1,
            12040,
            "the driver is for CUDA 12.4 and this library for 13.0: update the driver, or compile with an older nvcc",
        ),
        (0, 13000, "detected): nvidia-smi must list one, and CUDA_VISIBLE_DEVICES must not hide it"),
    ],
)
def test_without_a_device_the_message_says_what_is_missing(
    library: CInterface, cuda: FakeCuda, count: int, driver: int, message: str
) -> None:
    cuda.set_devices(count, driver=driver)
    assert library.create(library.folder) == (Status.NO_DEVICE, None)
    assert library.last_error.startswith("there is no GPU to run on (")
    assert library.last_error.endswith(message)


@pytest.mark.parametrize(
    ("target", "capability"),
    [("sm_80", (8, 0)), ("sm_80", (8, 6)), ("sm_80", (8, 9)), ("sm_86", (8, 6)), ("sm_86", (8, 9)), ("sm_90a", (9, 0))],
)
def test_code_runs_on_its_own_and_on_later_minor_versions(
    built: tuple[FakeCuda, dict[str, CInterface]], cuda: FakeCuda, target: str, capability: tuple[int, int]
) -> None:
    cuda.set_devices(capability=capability)
    with model_of(built[1][target]):
        pass


@pytest.mark.parametrize(
    ("target", "capability", "advice"),
    [
        ("sm_80", (9, 0), "compile it with bolt-compile --target sm_90a"),
        ("sm_80", (7, 5), "compile it with bolt-compile --target sm_75"),
        ("sm_86", (8, 0), "compile it with bolt-compile --target sm_80"),
        ("sm_90a", (8, 6), "compile it with bolt-compile --target sm_86"),
        ("sm_90a", (8, 9), "compile it with bolt-compile --target sm_89"),
        ("sm_90a", (9, 1), "choose another GPU, boltir does not compile for this one"),
        ("sm_90a", (10, 0), "choose another GPU, boltir does not compile for this one"),
        ("sm_80", (7, 0), "choose another GPU, boltir does not compile for this one"),
    ],
)
def test_other_architectures_are_refused(
    built: tuple[FakeCuda, dict[str, CInterface]],
    cuda: FakeCuda,
    target: str,
    capability: tuple[int, int],
    advice: str,
) -> None:
    library = built[1][target]
    cuda.set_devices(capability=capability)
    assert library.create(library.folder) == (Status.WRONG_ARCHITECTURE, None)
    given = "sm_{}{}".format(*capability)
    assert library.last_error == f"the network was compiled for {target}, and GPU 0 is {given}: {advice}"


def missing(weights: Path) -> None:
    weights.unlink()


def truncated(weights: Path) -> None:
    os.truncate(weights, 100)


def too_long(weights: Path) -> None:
    os.truncate(weights, 512)


def changed(weights: Path) -> None:
    """One bit: still the size that the network needs."""
    content = bytearray(weights.read_bytes())
    content[77] ^= 1
    weights.write_bytes(content)


def a_folder(weights: Path) -> None:
    weights.unlink()
    weights.mkdir()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (missing, "cannot be read (No such file or directory)"),
        (truncated, "is truncated: it has 100 bytes instead of 256"),
        (too_long, "is another network's: it has 512 bytes instead of 256"),
        (changed, "is damaged or another network's, its checksum differs"),
        (a_folder, "is no file"),
    ],
)
def test_bad_weights_are_refused(
    library: CInterface, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(library.folder, folder)
    damage(folder / "weights.bin")
    assert library.create(folder) == (Status.BAD_WEIGHTS, None)
    advice = "copy the folder that bolt-compile wrote again, as a whole"
    assert library.last_error == f"{folder}/weights.bin {message}; {advice}"


def test_any_folder_with_the_weights_will_do(library: CInterface, tmp_path: Path) -> None:
    shutil.copy(library.folder / "weights.bin", tmp_path)
    with model_of(library, tmp_path):
        pass


GOOD = Tensor(0x1000, Dtype.F32, SHAPE)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "expected 1 inputs, got 0"),
        ([GOOD, GOOD], "expected 1 inputs, got 2"),
        ([replace(GOOD, dtype=Dtype.F16)], "input 'x': expected elements of f32, got f16"),
        ([replace(GOOD, dtype=99)], "input 'x': expected elements of f32, got unknown type 99"),
        (
            [replace(GOOD, shape=(4, 9))],
            "input 'x': expected shape [4, 8], got [4, 9]; a network is compiled for fixed shapes",
        ),
        ([replace(GOOD, shape=())], "input 'x': expected shape [4, 8], got []; a network is compiled for fixed shapes"),
        (
            [replace(GOOD, shape=None, rank=2)],
            "input 'x': expected shape [4, 8], got no shape; a network is compiled for fixed shapes",
        ),
        (
            [replace(GOOD, shape=None, rank=1000)],
            "input 'x': expected shape [4, 8], got 1000 dimensions; a network is compiled for fixed shapes",
        ),
        ([replace(GOOD, address=None)], "input 'x': expected device memory, got NULL"),
        (
            [replace(GOOD, address=0x1008)],
            "input 'x': its address is no multiple of 16 bytes; copy it to memory of its own",
        ),
        ([replace(GOOD, address=0x3070)], "output 'y' overlaps input 'x'; give it memory of its own"),
    ],
)
def test_bad_tensors_are_refused(library: CInterface, cuda: FakeCuda, inputs: list[Tensor], message: str) -> None:
    outputs = [replace(GOOD, address=0x3000)]
    with model_of(library) as model:
        launches = cuda.launches
        refusals = (
            lambda: library.run(model, inputs, outputs),
            lambda: library.capture(model, inputs, outputs)[0],
            lambda: library.profile(model, inputs, outputs, 1)[0],
        )
        for refusal in refusals:
            assert (refusal(), library.last_error) == (Status.BAD_TENSOR, message)
        assert cuda.launches == launches


def test_outputs_are_checked_as_inputs_are(library: CInterface) -> None:
    with model_of(library) as model:
        assert library.run(model, [GOOD], [replace(GOOD, address=0x3000, shape=(8, 4))]) is Status.BAD_TENSOR
    assert library.last_error.startswith("output 'y': expected shape [4, 8], got [8, 4]")


@pytest.mark.parametrize(
    ("size", "purpose", "free"), [(128, "weights", 1), (2048, "intermediate tensors", 1), (0, "weights", 0)]
)
def test_too_little_memory_says_what_it_was_for(
    library: CInterface, cuda: FakeCuda, size: int, purpose: str, free: int
) -> None:
    cuda.set_memory(size)
    assert library.create(library.folder) == (Status.OUT_OF_MEMORY, None)
    assert library.last_error == (
        f"no device memory for the {purpose}: 1 MiB are needed, {free} MiB are free; "
        "free some, or compile for a smaller batch"
    )


def test_a_failing_launch_names_the_kernel(library: CInterface, cuda: FakeCuda) -> None:
    buffers = Buffers()
    with model_of(library) as model:
        cuda.fail(3)  # after cudaGetDevice and the first launch
        assert library.run(model, [buffers.input], [buffers.output]) is Status.CUDA_ERROR
        assert library.last_error == "launch 1, kernel multiply: invalid configuration argument"
        assert cuda.library.cudaGetLastError() == 0, "CUDA's own memory of the error is cleared"
        assert library.run(model, [buffers.input], [buffers.output]) is Status.OK
        assert library.last_error == ""
    assert buffers.is_right


def test_a_stale_error_of_the_caller_is_not_blamed_on_a_launch(library: CInterface, cuda: FakeCuda) -> None:
    buffers = Buffers()
    with model_of(library) as model:
        cuda.library.cudaSetDevice(77)
        assert library.run(model, [buffers.input], [buffers.output]) is Status.OK


def test_a_broken_device_says_how_to_find_out_why(library: CInterface, cuda: FakeCuda) -> None:
    buffers = Buffers()
    with model_of(library) as model:
        cuda.break_device()
        assert library.run(model, [buffers.input], [buffers.output]) is Status.CUDA_ERROR
        assert library.last_error == (
            "asking for the current GPU: a made-up error; work on the GPU failed and this process cannot use it any "
            "more: start it again with CUDA_LAUNCH_BLOCKING=1 to see where"
        )
        cuda.reset()


def use_everything(library: CInterface) -> list[tuple[Status, str]]:
    """Every function once; goes on after failures as far as there is something to go on with."""
    buffers, outcomes = Buffers(), list[tuple[Status, str]]()

    def note(status: Status) -> None:
        outcomes.append((status, library.last_error))

    status, model = library.create(library.folder)
    note(status)
    if model is None:
        return outcomes
    tensors = [buffers.input], [buffers.output]
    note(library.run(model, *tensors))
    status, clone = library.clone(model)
    note(status)
    status, graph = library.capture(model, *tensors)
    note(status)
    if graph is not None:
        note(library.replay(graph))
    note(library.profile(model, *tensors, repetitions=2)[0])
    for free, handle in ((library.destroy, clone), (library.destroy_graph, graph), (library.destroy, model)):
        free(handle)
    return outcomes


@pytest.mark.parametrize(
    ("error", "status"),
    [(INVALID_CONFIGURATION, Status.CUDA_ERROR), (OUT_OF_MEMORY, Status.OUT_OF_MEMORY)],
)
def test_no_failing_call_leaks(library: CInterface, cuda: FakeCuda, error: int, status: Status) -> None:
    """Each CUDA call in turn fails: one function says so, and in the end everything is freed."""
    cuda.calls_since()
    assert {outcome for outcome, _ in use_everything(library)} == {Status.OK}
    calls = [call for call in cuda.calls_since() if call != "cudaGetLastError"]
    assert {"cudaMalloc", "cudaMemcpyAsync", "fake_launch", "cudaGraphInstantiate", "cudaEventCreate"} <= set(calls)
    for nth, call in enumerate(calls, 1):
        cuda.fail(nth, error)
        failures = [(outcome, message) for outcome, message in use_everything(library) if outcome is not Status.OK]
        cuda.fail(0)
        expected = Status.NO_DEVICE if call == "cudaGetDeviceCount" else status
        assert [outcome for outcome, _ in failures] == [expected], call
        assert all(message for _, message in failures), call
        assert cuda.alive == 0, call
