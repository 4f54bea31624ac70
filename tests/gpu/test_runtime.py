"""The Python runtime on a GPU: whose arrays, which stream, which memory; and bolt-run."""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import TensorProto
from xdsl.parser import Parser

import boltir
from boltir import BoltError
from boltir.compiler import compiler_context
from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
from boltir.runtime.artifact import build_artifact
from boltir.runtime.build import Builder
from boltir.runtime.device_array import DeviceArray
from boltir.target import Target
from boltir.weights import WeightStore
from tests.gpu.target import gpu_target
from tests.support.onnx_model import OnnxModel
from tests.support.small_program import SmallProgram

CHAIN = SmallProgram(shape=(256, 4096), launches=12)
ROOT = Path(__file__).parents[2]


def library(name: str) -> Any:
    """torch or cupy, where they are: a machine without a GPU skips all of this."""
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


torch, cupy = library("torch"), library("cupy")
needs_cupy = pytest.mark.skipif(cupy is None, reason="needs cupy")


def builder(target: str) -> Builder:
    return Builder(Target.named(target), show_progress=False)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return CHAIN.build(tmp_path_factory.mktemp("chain") / "chain.bolt", builder(gpu_target()))


@pytest.fixture
def model(artifact: Path) -> Iterator[boltir.Model]:
    with boltir.load(artifact) as model:
        yield model


def given(seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(CHAIN.shape, np.float32)


X = given()
Y = CHAIN.expected(X)


def on_gpu(array: npt.NDArray[Any]) -> Any:
    return torch.from_numpy(array).cuda()


def poisoned() -> Any:
    return torch.full(CHAIN.shape, float("nan"), device="cuda")


class Bare:
    """An array of which nothing is left but its DLPack methods."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()

    def __dlpack__(self, **options: Any) -> object:
        return self.array.__dlpack__(**options)


class Interface:
    """An array of which nothing is left but the CUDA array interface, written on `stream`."""

    def __init__(self, array: Any, stream: int | None = None) -> None:
        self.__cuda_array_interface__ = {**array.__cuda_array_interface__, "version": 3, "stream": stream}
        self.array = array


def test_numpy(model: boltir.Model) -> None:
    for seed in (0, 1):
        (y,) = model(given(seed))
        np.testing.assert_array_equal(y, CHAIN.expected(given(seed)))


def test_torch_outputs_are_written_where_they_are(model: boltir.Model) -> None:
    y = poisoned()
    address = y.data_ptr()
    (result,) = model(on_gpu(X), outputs=y)
    assert result is y
    assert y.data_ptr() == address
    np.testing.assert_array_equal(y.cpu().numpy(), Y)


def test_torch_results_are_new_tensors(model: boltir.Model) -> None:
    x = on_gpu(X)
    (first,), (second,) = model({"x": x}), model([x])
    assert (first.device, first.dtype) == (x.device, torch.float32)
    assert first.data_ptr() != second.data_ptr()
    assert torch.equal(first, second)


class LateInput:
    """An input that is NaN until, some milliseconds after `fill` is called, the current stream writes it."""

    def __init__(self) -> None:
        self.x, self.values = poisoned(), on_gpu(X)
        torch.cuda.synchronize()

    def fill(self) -> None:
        torch.cuda._sleep(20_000_000)
        self.x.copy_(self.values)


def test_a_run_is_queued_on_torchs_current_stream(model: boltir.Model) -> None:
    late, stream = LateInput(), torch.cuda.Stream()
    with torch.cuda.stream(stream):
        late.fill()
        (y,) = model(late.x)
        assert not stream.query(), "the call waited for the GPU"
    stream.synchronize()
    np.testing.assert_array_equal(y.cpu().numpy(), Y)


@pytest.mark.parametrize("form", ["object", "address"])
def test_a_run_is_queued_on_the_stream_it_is_given(model: boltir.Model, form: str) -> None:
    late, stream = LateInput(), torch.cuda.Stream()
    with torch.cuda.stream(stream):
        late.fill()
    (y,) = model(late.x, stream=stream if form == "object" else stream.cuda_stream)
    stream.synchronize()
    np.testing.assert_array_equal(y.cpu().numpy(), Y)


@pytest.mark.parametrize("wrapper", [Bare, Interface])
def test_other_arrays_are_read_where_they_are_and_results_can_be_adopted(model: boltir.Model, wrapper: Any) -> None:
    x, out = on_gpu(X), poisoned()
    (y,) = model(wrapper(x))
    assert isinstance(y, DeviceArray)
    np.testing.assert_array_equal(y.numpy(), Y)
    by_dlpack, by_interface = torch.from_dlpack(y), torch.as_tensor(y, device="cuda")
    assert by_dlpack.data_ptr() == by_interface.data_ptr() == y.address
    del y
    torch.cuda.empty_cache()
    np.testing.assert_array_equal(by_dlpack.cpu().numpy(), Y)
    (again,) = model(wrapper(x), outputs=wrapper(out))
    torch.cuda.synchronize()
    assert again.array is out
    np.testing.assert_array_equal(out.cpu().numpy(), Y)


def test_an_array_that_names_its_stream_is_waited_for(model: boltir.Model) -> None:
    late, stream, other = LateInput(), torch.cuda.Stream(), torch.cuda.Stream()
    with torch.cuda.stream(stream):
        late.fill()
    (y,) = model(Interface(late.x, stream.cuda_stream), stream=other)
    np.testing.assert_array_equal(y.numpy(), Y)


def test_a_reader_on_another_stream_waits_for_a_result(model: boltir.Model) -> None:
    late, stream, reader = LateInput(), torch.cuda.Stream(), torch.cuda.Stream()
    with torch.cuda.stream(stream):
        late.fill()
    (y,) = model(Bare(late.x), stream=stream)
    with torch.cuda.stream(reader):
        copy = torch.from_dlpack(y).clone()
    reader.synchronize()
    np.testing.assert_array_equal(copy.cpu().numpy(), Y)


@needs_cupy
def test_cupy_arrays_on_cupys_stream(model: boltir.Model) -> None:
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        x = cupy.asarray(X)
        (y,) = model(x)
        out = cupy.full(CHAIN.shape, cupy.nan, cupy.float32)
        (same,) = model(x, outputs=[out])
    stream.synchronize()
    (on_another,) = model(x, stream=cupy.cuda.Stream(non_blocking=True))
    cupy.cuda.Device().synchronize()
    assert same is out
    for result in (y, out, on_another):
        assert isinstance(result, cupy.ndarray)
        np.testing.assert_array_equal(result.get(), Y)


def test_clones_run_at_once_on_streams_of_their_own(model: boltir.Model) -> None:
    models, streams = [model, model.clone()], [torch.cuda.Stream(), torch.cuda.Stream()]
    inputs = [on_gpu(given(seed)) for seed in range(20)]
    outputs = [poisoned() for _ in inputs]
    torch.cuda.synchronize()
    for i, (x, y) in enumerate(zip(inputs, outputs, strict=True)):
        models[i % 2](x, outputs=y, stream=streams[i % 2])
    torch.cuda.synchronize()
    for seed, y in enumerate(outputs):
        np.testing.assert_array_equal(y.cpu().numpy(), CHAIN.expected(given(seed)))


def test_a_replay_is_the_run_bit_for_bit(model: boltir.Model) -> None:
    x, y = on_gpu(X), poisoned()
    captured = model.capture(x, y)
    torch.cuda.synchronize()
    assert bool(y.isnan().all()), "capturing does not run"
    for seed in (0, 1):
        x.copy_(on_gpu(given(seed)))
        (result,) = captured.replay()
        (plain,) = model(x)
        assert torch.equal(result, plain)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    y.fill_(float("nan"))
    torch.cuda.synchronize()
    captured.replay(stream)
    stream.synchronize()
    assert torch.equal(y, plain)


def test_a_captured_run_outlives_its_model(artifact: Path) -> None:
    model = boltir.load(artifact)
    captured = model.capture(on_gpu(X))
    model.close()
    np.testing.assert_array_equal(captured.replay()[0].cpu().numpy(), Y)


def test_a_run_can_be_part_of_torchs_own_graph(model: boltir.Model) -> None:
    x, graph = on_gpu(X), torch.cuda.CUDAGraph()
    model(x)
    with torch.cuda.graph(graph):
        (y,) = model(x * 2)
        z = y + 1
    graph.replay()
    torch.cuda.synchronize()
    np.testing.assert_array_equal(z.cpu().numpy(), CHAIN.expected(2 * X) + 1)


def test_any_thread_may_run_and_free_a_model(artifact: Path) -> None:
    def use(seed: int) -> bool:
        with boltir.load(artifact) as mine:
            same_host = np.array_equal(mine(given(seed))[0], CHAIN.expected(given(seed)))
            (y,) = mine(Bare(on_gpu(given(seed))))
            return same_host and np.array_equal(y.numpy(), CHAIN.expected(given(seed)))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, range(8)))


def test_loading_and_running_leak_nothing(artifact: Path) -> None:
    def use() -> None:
        with boltir.load(artifact) as model:
            x = on_gpu(X)
            captured = model.capture(Bare(x))
            for _ in range(20):
                model(X)
                model(Bare(x))
                captured.replay()
            model.clone()(X)

    def free() -> int:
        torch.cuda.synchronize()
        return int(torch.cuda.mem_get_info()[0])

    use()
    before = free()
    for _ in range(10):
        use()
    assert before - free() < 8 << 20


def test_measuring(model: boltir.Model) -> None:
    graph, plain = (model.measure(X, repetitions=20, graph=graph) for graph in (True, False))
    assert len(graph) == len(plain) == 20
    assert all(1 < time < 1e5 for time in (*graph, *plain))
    profile = model.profile(on_gpu(X), repetitions=20)
    assert len(profile.launches) == CHAIN.launches
    assert all(0.5 < launch.microseconds < 1e4 for launch in profile.launches)
    assert profile.launches[0].bytes == 3 * X.nbytes
    assert 0.5 < profile.run_microseconds / profile.kernel_microseconds < 2


def bad_tensors(x: Any) -> Iterator[tuple[Any, str]]:
    """Tensors made of a good one, and what is said about them."""
    yield x.half(), "input 'x': expected f32 256x4096, got f16 256x4096"
    yield x[:5], "input 'x': expected f32 256x4096, got f32 5x4096"
    yield x.T.contiguous().T, "input 'x': the array is not contiguous"
    yield x.to_sparse(), "input 'x': the tensor's layout is torch.sparse_coo"
    yield x.cpu(), "input 'x': the tensor is on cpu, not on a GPU"
    longer = torch.cat([x.flatten(), x[0]])
    yield longer[1 : 1 + x.numel()].view(x.shape), "input 'x': its address is no multiple of 16 bytes"


def test_bad_tensors_are_named(model: boltir.Model) -> None:
    for tensor, message in bad_tensors(on_gpu(X)):
        with pytest.raises(BoltError) as caught:
            model(tensor)
        assert message in str(caught.value)


def test_an_output_does_not_overlap_the_input(model: boltir.Model) -> None:
    x = on_gpu(X)
    with pytest.raises(BoltError, match="output 'y' overlaps input 'x'"):
        model(x, outputs=x)


def test_an_artifact_for_another_gpu(tmp_path: Path) -> None:
    target = "sm_80" if gpu_target() != "sm_80" else "sm_75"
    folder = CHAIN.build(tmp_path / "other.bolt", builder(target))
    with pytest.raises(BoltError, match=f"compiled for {target}"):
        boltir.load(folder)


def test_damaged_weights(artifact: Path, tmp_path: Path) -> None:
    (tmp_path / "damaged").mkdir()
    for path in artifact.iterdir():
        if path.is_file():
            (tmp_path / "damaged" / path.name).write_bytes(path.read_bytes()[: 1000 if path.suffix == ".bin" else None])
    with pytest.raises(BoltError, match=r"weights.bin is truncated"):
        boltir.load(tmp_path / "damaged")


TYPES = {
    "f32": "float32",
    "f16": "float16",
    "bf16": "bfloat16",
    "i8": "int8",
    "ui8": "uint8",
    "i32": "int32",
    "i64": "int64",
    "i1": "bool",
}


def test_every_element_type(tmp_path: Path) -> None:
    """A network that passes an array of each type through a kernel of its own."""
    kernels, arguments, lines = "", "", ""
    for i, name in enumerate(TYPES):
        wide = {"f16": "f32", "bf16": "f32", "ui8": "i32"}.get(name, name)
        kernels += f"""cutlass.kernel @copy_{name} "{gpu_target()}" #cutlass.pointwise<inputs = 0, vector = 1, rank = 1,
            strided = [], innermost = []> [] epilogue [{name}] [full] -> [{name}] {{
          ^bb0(%0: {wide}):
            fused.yield %0 : {wide}
          }}
        """
        arguments += f"%x{i}: memref<64x{name}>, "
        operands = f"epilogue(%x{i} : memref<64x{name}>) outs(%y{i} : memref<64x{name}>)"
        lines += f"cutlass.launch @copy_{name} <size_0 = 64> {operands}\n"
    results = ", ".join(f"%y{i}: memref<64x{name}>" for i, name in enumerate(TYPES))
    head = f'func.func @main({arguments}{results}) attributes {{"cutlass.outputs" = {len(TYPES)} : i64}}'
    attributes = f'attributes {{cutlass.target = "{gpu_target()}"}}'
    text = f"builtin.module {attributes} {{ {kernels} {head} {{ {lines} func.return }} }}"
    module = Parser(compiler_context(), text).parse_module()
    module.verify()
    artifact = build_artifact(emit_cuda(module), WeightStore(), tmp_path / "types.bolt", builder(gpu_target()))

    with boltir.load(artifact.folder) as model:
        assert [str(tensor.dtype) for tensor in model.inputs] == list(TYPES)
        values = torch.arange(64, device="cuda") % 3
        inputs = [values.to(getattr(torch, name)) for name in TYPES.values()]
        for x, y in zip(inputs, model(inputs), strict=True):
            assert x.dtype == y.dtype
            assert torch.equal(x, y)
        wrapped = [Bare(x) for x in inputs if x.dtype != torch.bool] + [Interface(inputs[-1])]
        adopted = [torch.from_dlpack(y) for y in model(wrapped)]
        assert all(torch.equal(x.to(torch.float32), y.to(torch.float32)) for x, y in zip(inputs, adopted, strict=True))
        on_host = model([y.numpy() for y in model(wrapped)])
        assert [array.dtype for array in on_host] == [tensor.dtype.numpy for tensor in model.inputs]
        for array, x in zip(on_host, inputs, strict=True):
            np.testing.assert_array_equal(array.astype(np.float32), x.float().cpu().numpy())


LEAVE_OPEN = """
import sys, numpy as np
{imports}
import boltir
model = boltir.load(sys.argv[1])
x = np.zeros([tuple(t.shape) for t in model.inputs][0], np.float32)
model(x)
captured = model.capture(model.upload(x))
results = captured.replay()
print("done")
"""


@pytest.mark.parametrize("imports", ["", "import torch; torch.zeros(1).cuda()"], ids=["alone", "with torch"])
def test_a_process_ends_quietly_with_everything_still_open(artifact: Path, imports: str) -> None:
    command = [sys.executable, "-c", LEAVE_OPEN.format(imports=imports), str(artifact)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network on 8x16 token ids below 50, with a product that tensor cores do not take."""
    network, folder = OnnxModel(), tmp_path_factory.mktemp("tokens")
    ids = network.input("ids", (8, 16), TensorProto.INT64)
    rows = network.node("Gather", network.matrix("table", 50, 33), ids)
    scores = network.node("MatMul", rows, network.matrix("layer", 33, 9))
    path = folder / "tokens.onnx"
    path.write_bytes(network.build(chances=network.node("Softmax", scores, axis=-1)).SerializeToString())
    return boltir.compile(boltir.import_onnx(path), folder / "tokens.bolt", target=gpu_target()).folder


def bolt_run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "boltir.tools.bolt_run", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment())


def test_bolt_run(tokens: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "ids.npy", np.arange(128).reshape(8, 16) % 50)
    for options in (
        ["--random"],
        ["--input", f"ids={tmp_path / 'ids.npy'}"],
        ["--random", "7", "--graph", "--repeat=50"],
    ):
        done = bolt_run(tokens, *options, "--check", "--output", tmp_path / "chances.npy")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        np.testing.assert_allclose(np.load(tmp_path / "chances.npy").sum(-1), np.ones((8, 16)), rtol=1e-2)
    done = bolt_run(tokens, "--random", "--profile")
    assert (done.returncode, done.stderr) == (0, "")
    assert "gather" in done.stdout
    print(done.stdout)


def test_bolt_run_without_a_gpu(tokens: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    done = bolt_run(tokens, "--random")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("error: there is no NVIDIA GPU 0 to run on: ")
