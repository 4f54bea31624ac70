"""boltir.load and what a model does with arrays, on a GPU whose memory is the host's (tests/support/fake_gpu.py)."""

import ctypes
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import boltir
from boltir import BoltError
from boltir.runtime.device_array import DeviceArray
from tests.support.fake_gpu import (
    Array,
    CapsuleArray,
    FakeDriver,
    FakeTensor,
    FakeTorch,
    InterfaceArray,
    build_host_model,
    installed,
)

X = np.arange(6, dtype=np.float32).reshape(2, 3)
N = np.array([10, -1])
Y = 2 * X + N[:, None]
POSITIVE = N > 0


@dataclass
class Gpu:
    """The GPU that is not there, and what was asked of it.

    Attributes:
        artifact: a folder to load.
        library: what the network's library recorded.
        order: the driver's calls that made one stream wait for another.
    """

    artifact: Path
    driver: FakeDriver
    torch: FakeTorch
    library: ctypes.CDLL
    order: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_host_model(tmp_path_factory.mktemp("model") / "net.bolt")


@pytest.fixture
def gpu(artifact: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gpu]:
    driver, torch = FakeDriver(), FakeTorch()
    library = ctypes.CDLL(str(artifact / "libmodel.so"))
    library.stream_of_last_call.restype = ctypes.c_void_p
    gpu = Gpu(artifact, driver, torch, library)
    monkeypatch.setitem(sys.modules, "torch", torch)

    def note(function: str, *arguments: Any) -> None:
        stream = {"cuEventRecord": 1, "cuStreamWaitEvent": 0}.get(function)
        if stream is not None:
            gpu.order.append((function, arguments[stream].value or 0))

    monkeypatch.setattr("boltir.runtime.device.call_driver", note)
    with installed(driver):
        yield gpu
    assert (library.instance_count(), library.graph_count()) == (0, 0), "memory was not freed"


@pytest.fixture
def model(gpu: Gpu) -> Iterator[boltir.Model]:
    with boltir.load(gpu.artifact) as model:
        yield model


def test_descriptions(model: boltir.Model) -> None:
    assert [str(tensor) for tensor in model.inputs] == ["x: f32 2x3", "n: i64 2"]
    assert [str(tensor) for tensor in model.outputs] == ["y: f32 2x3", "positive: i1 2"]
    assert (model.target, model.arena_bytes, model.weights_bytes) == ("sm_80", 512, 256)
    assert model.launches[0].origin == ("graph.gemm", "graph.bias_add")
    assert repr(model) == "Model(net.bolt, sm_80, (x: f32 2x3, n: i64 2) -> (y: f32 2x3, positive: i1 2))"


@pytest.mark.parametrize("inputs", [[X, N], (X, N), {"n": N, "x": X}], ids=["list", "tuple", "by name"])
def test_numpy_in_numpy_out(model: boltir.Model, inputs: Any) -> None:
    y, positive = model(inputs)
    np.testing.assert_array_equal(y, Y)
    np.testing.assert_array_equal(positive, POSITIVE)


def test_numpy_inputs_may_have_any_strides(model: boltir.Model) -> None:
    y, _ = model([np.asfortranarray(X), np.repeat(N, 2)[::2]])
    np.testing.assert_array_equal(y, Y)


def test_numpy_results_are_the_callers(model: boltir.Model) -> None:
    first, _ = model([X, N])
    second, _ = model([X + 1, N])
    np.testing.assert_array_equal(second - first, np.full((2, 3), 2))


def test_numpy_outputs_are_filled(model: boltir.Model) -> None:
    y, positive = np.zeros((2, 3), np.float32), np.zeros(2, np.bool_)
    results = model([X, N], outputs={"positive": positive, "y": y})
    assert results[0] is y
    assert results[1] is positive
    np.testing.assert_array_equal(y, Y)


def test_torch_tensors_are_used_where_they_are(gpu: Gpu, model: boltir.Model) -> None:
    y, positive = model([FakeTensor(X), FakeTensor(N)])
    assert isinstance(y, FakeTensor)
    np.testing.assert_array_equal(y.array, Y)
    np.testing.assert_array_equal(positive.array, POSITIVE)
    assert gpu.library.stream_of_last_call() == 5
    assert gpu.torch.made_on == [5, 5]

    outputs = [FakeTensor(np.zeros((2, 3), np.float32)), FakeTensor(np.zeros(2, np.bool_))]
    results = model([FakeTensor(X), FakeTensor(N)], outputs=outputs)
    assert all(result is output for result, output in zip(results, outputs, strict=True))
    np.testing.assert_array_equal(outputs[0].array, Y)


@pytest.mark.parametrize(
    "stream", [9, SimpleNamespace(cuda_stream=9), SimpleNamespace(ptr=9), SimpleNamespace(handle=9)]
)
def test_a_given_stream_wins_and_results_are_made_on_it(gpu: Gpu, model: boltir.Model, stream: Any) -> None:
    model([FakeTensor(X), FakeTensor(N)], stream=stream)
    assert gpu.library.stream_of_last_call() == 9
    assert gpu.torch.made_on == [9, 9]
    assert gpu.torch.cuda.address == 5


def test_interface_arrays_are_waited_for(gpu: Gpu, model: boltir.Model) -> None:
    y, _ = model([InterfaceArray(X, stream=7), InterfaceArray(N, stream=7)])
    assert isinstance(y, DeviceArray)
    np.testing.assert_array_equal(y.numpy(), Y)
    assert gpu.order == [("cuEventRecord", 7), ("cuStreamWaitEvent", 0)]
    assert gpu.library.stream_of_last_call() is None


@pytest.mark.parametrize(("ready_on", "stream"), [(7, 7), (1, 0), (None, 7)])
def test_one_stream_does_not_wait_for_itself(gpu: Gpu, model: boltir.Model, ready_on: int | None, stream: int) -> None:
    model([InterfaceArray(X, stream=ready_on), InterfaceArray(N, stream=ready_on)], stream=stream)
    assert gpu.order == []


def test_results_carry_their_stream(gpu: Gpu, model: boltir.Model) -> None:
    y, positive = model([InterfaceArray(X), InterfaceArray(N)], stream=7)
    interface = y.__cuda_array_interface__
    assert (interface["shape"], interface["typestr"], interface["stream"]) == ((2, 3), "<f4", 7)
    assert y.__dlpack_device__() == (2, 0)
    y.__dlpack__(stream=7)
    assert gpu.order == []
    positive.__dlpack__(stream=3)
    assert gpu.order == [("cuEventRecord", 7), ("cuStreamWaitEvent", 3)]

    y_again, _ = model([y, InterfaceArray(N)])
    np.testing.assert_array_equal(y_again.numpy(), 2 * Y + N[:, None])


def test_results_that_are_written_again_carry_the_new_stream(model: boltir.Model) -> None:
    inputs = [InterfaceArray(X), InterfaceArray(N)]
    outputs = model(inputs, stream=7)
    model(inputs, outputs=outputs, stream=8)
    assert [output.stream for output in outputs] == [8, 8]
    model.capture(inputs, outputs).replay(stream=9)
    assert [output.stream for output in outputs] == [9, 9]


def test_a_capsule_that_nobody_takes_lets_go_of_the_memory(gpu: Gpu, model: boltir.Model) -> None:
    y, positive = model([InterfaceArray(X), InterfaceArray(N)])
    held = len(gpu.driver.living)
    capsule = y.__dlpack__()
    del y, positive
    assert len(gpu.driver.living) == held - 1
    del capsule
    assert len(gpu.driver.living) == held - 2


def test_dlpack_arrays_are_asked_for_the_stream(model: boltir.Model) -> None:
    x, n = CapsuleArray(X.copy()), CapsuleArray(N.copy())
    y, _ = model([x, n], stream=7)
    np.testing.assert_array_equal(y.numpy(), Y)
    model([x, n])
    assert x.streams == [7, 1]


def test_a_captured_run_reads_what_is_there_when_it_is_replayed(gpu: Gpu, model: boltir.Model) -> None:
    x, n = FakeTensor(X.copy()), FakeTensor(N)
    captured = model.capture([x, n])
    captured.replay()
    np.testing.assert_array_equal(captured.outputs[0].array, Y)
    x.array += 1
    y, _ = captured.replay(stream=9)
    np.testing.assert_array_equal(y.array, Y + 2)
    assert gpu.library.stream_of_last_call() == 9
    assert captured.inputs == [x, n]
    captured.close()
    with pytest.raises(BoltError, match="the captured run was closed"):
        captured.replay()


def test_clones_live_apart(gpu: Gpu) -> None:
    model = boltir.load(gpu.artifact)
    clone = model.clone()
    assert gpu.library.instance_count() == 2
    model.close()
    model.close()
    assert gpu.library.instance_count() == 1
    with pytest.raises(BoltError, match="the model was closed"):
        model([X, N])
    np.testing.assert_array_equal(clone([X, N])[0], Y)


def test_measuring_uploads_and_times(gpu: Gpu, model: boltir.Model) -> None:
    assert model.measure([X, N], repetitions=3) == [1000.0] * 3
    assert model.measure([X, N], repetitions=3, graph=False) == [1000.0] * 3
    assert gpu.library.stream_of_last_call() == 77


def test_a_profile_has_the_librarys_numbers(model: boltir.Model) -> None:
    profile = model.profile([X, N], repetitions=5)
    assert [(launch.kernel, launch.microseconds) for launch in profile.launches] == [("gemm_0", 3), ("pointwise_1", 5)]
    assert profile.run_microseconds == 1000.0


def bad_inputs() -> dict[str, tuple[Any, str]]:
    """Inputs, and what is said about them."""
    both = "(the network's inputs: x: f32 2x3, n: i64 2)"
    types = "(a numpy array, a torch tensor, or anything with __cuda_array_interface__ or __dlpack__)"
    return {
        "too few": ([X], f"expected 2 inputs, got 1 {both}"),
        "too many": ([X, N, N], f"expected 2 inputs, got 3 {both}"),
        "one": (X, f"expected 2 inputs, got 1 {both}"),
        "missing name": ({"x": X}, f"input 'n': is missing {both}"),
        "unknown name": ({"x": X, "n": N, "z": N}, f"input 'z': the network has no such input {both}"),
        "no array": ([[1.0], N], f"input 'x': expected an array, got list {types}"),
        "dtype": ([X.astype(np.float16), N], "input 'x': expected f32 2x3, got f16 2x3"),
        "unknown dtype": ([X.astype(np.complex64), N], "input 'x': expected f32 2x3, got complex64 2x3"),
        "byte order": ([X.astype(">f4"), N], "input 'x': expected f32 2x3, got >f4 2x3"),
        "shape": ([X, N[:1]], "input 'n': expected i64 2, got i64 1"),
        "scalar": ([X, np.array(1)], "input 'n': expected i64 2, got i64 scalar"),
        "kinds": (
            [X, FakeTensor(N)],
            "input 'n': a torch tensor, but input 'x' is a numpy array (give all of one kind)",
        ),
        "torch dtype": (
            [FakeTensor(X, dtype="bfloat16"), FakeTensor(N)],
            "input 'x': expected f32 2x3, got bf16 2x3",
        ),
        "torch on the CPU": (
            [FakeTensor(X), FakeTensor(N, device=None)],
            "input 'n': the tensor is on cpu, not on a GPU (move it with .cuda(), or pass its .numpy())",
        ),
        "another GPU": (
            [FakeTensor(X, device=1), FakeTensor(N)],
            "input 'x': the array is on GPU 1, the network on GPU 0 "
            "(load the network with device=1, or move the array)",
        ),
        "not contiguous": (
            [FakeTensor(np.asfortranarray(X)), FakeTensor(N)],
            "input 'x': the array is not contiguous (pass a contiguous copy, as .contiguous() of a torch tensor)",
        ),
        "interface not contiguous": (
            [InterfaceArray(np.asfortranarray(X)), InterfaceArray(N)],
            "input 'x': the array is not contiguous (pass a contiguous copy, as .contiguous() of a torch tensor)",
        ),
        "dlpack not contiguous": (
            [CapsuleArray(np.asfortranarray(X)), CapsuleArray(N)],
            "input 'x': the array is not contiguous (pass a contiguous copy, as .contiguous() of a torch tensor)",
        ),
        "dlpack on the CPU": (
            [CapsuleArray(X, device=(1, 0)), CapsuleArray(N)],
            "input 'x': the array is not on a GPU (move it there, or pass a numpy array)",
        ),
        "dlpack type": (
            [CapsuleArray(X.astype(np.complex64)), CapsuleArray(N)],
            "input 'x': expected f32 2x3, got DLPack type 5 of 64 bits x 1 2x3",
        ),
    }


@pytest.mark.parametrize("case", bad_inputs())
def test_bad_inputs_are_named(model: boltir.Model, case: str) -> None:
    inputs, message = bad_inputs()[case]
    with pytest.raises(BoltError) as caught:
        model(inputs)
    assert str(caught.value) == message


def bad_outputs() -> dict[str, tuple[Any, Any, str]]:
    """Inputs and outputs, and what is said about them."""
    y, positive = np.zeros((2, 3), np.float32), np.zeros(2, np.bool_)
    read_only = y.copy()
    read_only.flags.writeable = False
    both = "(the network's outputs: y: f32 2x3, positive: i1 2)"
    given = [InterfaceArray(X), InterfaceArray(N)]
    return {
        "too few": ([X, N], [y], f"expected 2 outputs, got 1 {both}"),
        "dtype": ([X, N], [y, positive.astype(np.int8)], "output 'positive': expected i1 2, got i8 2"),
        "strided": ([X, N], [y.T.copy().T, positive], "output 'y': the array is not contiguous and writable"),
        "read-only": ([X, N], [read_only, positive], "output 'y': the array is not contiguous and writable"),
        "read-only on the GPU": (
            given,
            [InterfaceArray(y, read_only=True), InterfaceArray(positive)],
            "output 'y': the array is read-only",
        ),
        "kinds": (
            given,
            [y, positive],
            "output 'y': a numpy array, but input 'x' is an array with __dlpack__ or __cuda_array_interface__ "
            "(give all of one kind)",
        ),
    }


@pytest.mark.parametrize("case", bad_outputs())
def test_bad_outputs_are_named(model: boltir.Model, case: str) -> None:
    inputs, outputs, message = bad_outputs()[case]
    with pytest.raises(BoltError) as caught:
        model(inputs, outputs=outputs)
    assert str(caught.value) == message


@pytest.mark.parametrize("stream", ["0", 1.5, None.__class__, SimpleNamespace(handle="7")])
def test_a_stream_is_an_address_or_has_one(model: boltir.Model, stream: Any) -> None:
    with pytest.raises(BoltError, match="stream: expected a CUDA stream"):
        model([FakeTensor(X), FakeTensor(N)], stream=stream)


def test_numpy_takes_no_stream_and_no_capture(model: boltir.Model) -> None:
    with pytest.raises(BoltError, match="they take no stream"):
        model([X, N], stream=7)
    with pytest.raises(BoltError, match="needs arrays in the GPU's memory"):
        model.capture([X, N])


@pytest.mark.parametrize("status", range(1, 8))
def test_every_status_of_the_library_is_an_error(gpu: Gpu, model: boltir.Model, status: int) -> None:
    message = f"{gpu.artifact}: made to fail with status {status}"
    for action in (
        lambda: boltir.load(gpu.artifact),
        model.clone,
        lambda: model([X, N]),
        lambda: model([FakeTensor(X), FakeTensor(N)]),
    ):
        gpu.library.fail_next(status)
        with pytest.raises(BoltError) as caught:
            action()
        assert str(caught.value) == message


def test_a_folder_that_is_no_artifact(gpu: Gpu, tmp_path: Path) -> None:
    hint = "(give a folder that bolt-compile wrote)"
    assert error_of(tmp_path / "gone") == f"{tmp_path / 'gone'}: there is no such folder {hint}"
    assert error_of(tmp_path) == f"{tmp_path}: is no artifact: it has no manifest.json {hint}"
    for damaged in ("", "{", "[]", "{}", "\xff"):
        (tmp_path / "manifest.json").write_text(damaged, "latin-1")
        assert error_of(tmp_path) == f"{tmp_path}: is no artifact: its manifest.json is damaged {hint}"


def test_an_artifact_of_another_version(gpu: Gpu, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 1}))
    expected = f"{tmp_path}: the artifact has format 1, this boltir runs format 2 (compile the network again)"
    assert error_of(tmp_path) == expected


def test_an_artifact_without_its_library(gpu: Gpu, tmp_path: Path) -> None:
    shutil.copy(gpu.artifact / "manifest.json", tmp_path)
    assert error_of(tmp_path) == f"{tmp_path}: has no libmodel.so (compile with --emit lib, the default)"
    (tmp_path / "libmodel.so").write_bytes(b"\x7fELF")
    assert error_of(tmp_path).startswith(f"{tmp_path / 'libmodel.so'}: the library cannot be loaded: ")


def test_a_gpu_that_is_not_there(gpu: Gpu) -> None:
    expected = "there is no NVIDIA GPU 2 to run on: cuDeviceGet failed: invalid device ordinal"
    assert error_of(gpu.artifact, device=2) == f"{expected} (nvidia-smi lists driver and GPUs)"


def test_without_pycuda(gpu: Gpu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycuda.driver", None)
    assert error_of(gpu.artifact).startswith("using a GPU needs pycuda: ")
    assert error_of(gpu.artifact).endswith(" (pip install 'boltir[gpu]')")


def test_without_a_driver(gpu: Gpu, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pycuda").mkdir()
    (tmp_path / "pycuda" / "__init__.py").touch()
    missing = "libcuda.so.1: cannot open shared object file"
    (tmp_path / "pycuda" / "driver.py").write_text(f"raise ImportError({missing!r})")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    for name in ("pycuda", "pycuda.driver"):
        monkeypatch.delitem(sys.modules, name)
    assert error_of(gpu.artifact).startswith(f"there is no NVIDIA GPU 0 to run on: {missing}")


def test_an_error_of_the_driver_is_one_of_ours(gpu: Gpu, model: boltir.Model) -> None:
    def fail(dest: int, src: Array) -> None:
        raise gpu.driver.Error("cuMemcpyHtoD failed: an illegal memory access was encountered")

    gpu.driver.memcpy_htod = fail
    with pytest.raises(BoltError, match=r"^GPU 0: cuMemcpyHtoD failed: an illegal memory access was encountered$"):
        model([X, N])


def error_of(folder: Path, device: int = 0) -> str:
    """What loading `folder` says is wrong."""
    with pytest.raises(BoltError) as caught:
        boltir.load(folder, device=device)
    return str(caught.value)
