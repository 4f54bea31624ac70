"""The C interface on a real GPU; torch holds the memory."""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import boltir
from boltir.runtime.build import Builder
from boltir.target import Target
from tests.gpu.example import build_example
from tests.gpu.target import gpu_target
from tests.support.c_interface import CInterface, Dtype, Status, Tensor
from tests.support.networks import classifier_with_logits, picture, reference, relative_error
from tests.support.small_program import SmallProgram

CHAIN = SmallProgram(shape=(1024, 1024), launches=20)
DTYPES = {Dtype.F32: "float32", Dtype.F16: "float16", Dtype.I64: "int64", Dtype.I32: "int32"}


def torch() -> Any:
    return importlib.import_module("torch")


class Buffers:
    """Inputs, and outputs full of NaN, in torch's memory."""

    def __init__(self, library: CInterface, *inputs: np.ndarray[Any, Any]) -> None:
        self.arrays = [torch().from_numpy(array).cuda() for array in inputs]
        self.results = [
            torch().full(shape, float("nan"), dtype=getattr(torch(), DTYPES[dtype]), device="cuda")
            for _, dtype, shape, _ in library.outputs
        ]
        self.tensors = (self._described(self.arrays, library.inputs), self._described(self.results, library.outputs))

    @staticmethod
    def _described(arrays: list[Any], descriptions: list[Any]) -> list[Tensor]:
        return [Tensor(a.data_ptr(), d[1], tuple(a.shape)) for a, d in zip(arrays, descriptions, strict=True)]

    def take(self) -> list[np.ndarray[Any, Any]]:
        """The results, once the GPU is done; the outputs are poisoned again."""
        torch().cuda.synchronize()
        copies = [result.cpu().numpy() for result in self.results]
        for result in self.results:
            result.fill_(float("nan"))
        torch().cuda.synchronize()
        return copies


@contextmanager
def model_of(library: CInterface) -> Generator[int]:
    status, model = library.create(library.folder)
    assert status is Status.OK, library.last_error
    assert model is not None
    yield model
    library.destroy(model)


def builder_for(target: str) -> Builder:
    return Builder(Target.named(target), show_progress=False)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> CInterface:
    return CInterface(CHAIN.build(tmp_path_factory.mktemp("chain") / "artifact", builder_for(gpu_target())))


def chain_input(seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).standard_normal(CHAIN.shape, dtype=np.float32)


def test_a_run_and_its_replay_give_exactly_what_they_should(chain: CInterface) -> None:
    x = chain_input()
    buffers = Buffers(chain, x)
    with model_of(chain) as model:
        # Captured first: the kernels are loaded while the stream is recorded.
        status, graph = chain.capture(model, *buffers.tensors)
        assert status is Status.OK, chain.last_error
        assert np.isnan(buffers.take()[0]).all()
        for start in (lambda: chain.replay(graph), lambda: chain.run(model, *buffers.tensors)):
            assert start() is Status.OK, chain.last_error
            np.testing.assert_array_equal(buffers.take()[0], CHAIN.expected(x))
        chain.destroy_graph(graph)


def test_two_instances_run_at_once(chain: CInterface) -> None:
    streams = [torch().cuda.Stream() for _ in range(2)]
    inputs = [chain_input(seed) for seed in (1, 2)]
    buffers = [Buffers(chain, x) for x in inputs]
    torch().cuda.synchronize()
    with model_of(chain) as first:
        status, second = chain.clone(first)
        assert status is Status.OK
        for _ in range(20):
            for model, stream, given in zip((first, second), streams, buffers, strict=True):
                assert chain.run(model, *given.tensors, stream.cuda_stream) is Status.OK
        for x, given in zip(inputs, buffers, strict=True):
            np.testing.assert_array_equal(given.take()[0], CHAIN.expected(x))
        chain.destroy(second)


def test_runs_captures_and_clones_leave_no_memory_behind(chain: CInterface) -> None:
    """Other processes may use the GPU: what we leaked would be missing after every one of the rounds."""
    buffers = Buffers(chain, chain_input())

    def missing(model: int) -> int:
        before = torch().cuda.mem_get_info()[0]
        for _ in range(2500):
            chain.run(model, *buffers.tensors)
        for _ in range(20):
            chain.destroy(chain.clone(model)[1])
            _, graph = chain.capture(model, *buffers.tensors)
            chain.replay(graph)
            torch().cuda.synchronize()
            chain.destroy_graph(graph)
        return before - torch().cuda.mem_get_info()[0]

    with model_of(chain) as model:
        missing(model)
        assert min(missing(model) for _ in range(4)) <= 0


def test_another_architectures_code_is_refused(tmp_path: Path) -> None:
    target = "sm_80" if gpu_target() == "sm_90a" else "sm_90a"
    library = CInterface(SmallProgram().build(tmp_path / "artifact", builder_for(target)))
    assert library.create(library.folder) == (Status.WRONG_ARCHITECTURE, None)
    assert f"was compiled for {target}" in library.last_error
    assert f"bolt-compile --target {gpu_target()}" in library.last_error


def test_the_profile_measures_every_launch(chain: CInterface) -> None:
    buffers = Buffers(chain, chain_input())
    with model_of(chain) as model:
        status, times = chain.profile(model, *buffers.tensors, repetitions=20)
    assert status is Status.OK
    assert all(0.5 < time < 1000 for time in times)
    assert max(times[1:]) < 3 * min(times[1:]), "they do the same work"
    np.testing.assert_array_equal(buffers.take()[0], CHAIN.expected(buffers.arrays[0].cpu().numpy()))


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classifier")
    (folder / "model.onnx").write_bytes(classifier_with_logits().SerializeToString())
    network = boltir.import_onnx(folder / "model.onnx", input_shapes={"x": (1, 3, 48, 192)})
    return boltir.compile(network, folder / "artifact", target=gpu_target()).folder


def test_a_networks_replay_is_its_run_bit_for_bit(classifier: Path) -> None:
    library, x = CInterface(classifier), picture("boltir 2026")
    buffers = Buffers(library, x)
    with model_of(library) as model:
        assert library.run(model, *buffers.tensors) is Status.OK
        results = buffers.take()
        status, graph = library.capture(model, *buffers.tensors)
        assert (status, library.replay(graph)) == (Status.OK, Status.OK)
        for result, replayed in zip(results, buffers.take(), strict=True):
            np.testing.assert_array_equal(result, replayed)
        library.destroy_graph(graph)
    for result, expected in zip(results, reference(classifier_with_logits(), {"x": x}), strict=True):
        assert relative_error(result, expected) < 1e-2


def test_the_cpp_example(classifier: Path, tmp_path: Path) -> None:
    """It is given the picture as a raw file, and prints what the network makes of it."""
    x = picture("boltir 2026")
    x.tofile(tmp_path / "x.raw")
    run = [build_example(classifier, tmp_path / "build"), classifier, f"x={tmp_path / 'x.raw'}"]
    printed = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    print(printed)
    expected = reference(classifier_with_logits(), {"x": x})[0].ravel()
    values = next(line for line in printed.splitlines() if " = " in line).split(" = ")[1].split()
    np.testing.assert_allclose([float(value) for value in values], expected[: len(values)], atol=1e-2)
    assert "the captured run gives the same" in printed
