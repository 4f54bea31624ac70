"""Kernels of dependent products on a GPU: every template against f64 on random data, between poison, twice."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import StringAttr

import boltir
from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
from boltir.runtime.artifact import build_artifact
from boltir.runtime.build import Builder
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target
from tests.gpu import chain_conv2d_sm90_cases, chain_gemm_simt_cases, chain_gemm_sm90_cases
from tests.gpu.chain_cases import CHAIN_CASES, ChainCase
from tests.gpu.conftest import has_gpu
from tests.gpu.epilogue_cases import TOLERANCES, Array
from tests.gpu.target import gpu_target

GUARD = 512
"""Poisoned elements before and after each operand and output."""
HOPPER_CASES = (*chain_conv2d_sm90_cases.CASES, *chain_gemm_simt_cases.CASES, *chain_gemm_sm90_cases.CASES)
TARGET = gpu_target() if has_gpu() else "sm_90a"
CASES = (*CHAIN_CASES, *HOPPER_CASES) if TARGET == "sm_90a" else CHAIN_CASES


class Device:
    """Tensors between poison."""

    def __init__(self) -> None:
        self.torch: Any = importlib.import_module("torch")

    def poisoned(self, shape: tuple[int, ...], dtype: str) -> tuple[Any, Any]:
        """A tensor, and the buffer around it."""
        count = int(np.prod(shape))
        buffer = self.torch.full((count + 2 * GUARD,), float("nan"), dtype=getattr(self.torch, dtype), device="cuda")
        return buffer[GUARD : GUARD + count].view(shape), buffer

    def given(self, array: Array) -> Any:
        tensor, _ = self.poisoned(array.shape, array.dtype.name)
        if array.dtype.name == "bfloat16":
            return tensor.copy_(self.torch.from_numpy(array.astype(np.float32)))
        return tensor.copy_(self.torch.from_numpy(array))


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> dict[ChainCase, Path]:
    """Every case, built by many nvcc at once. Mainloops of older architectures run on newer ones."""
    builder = Builder(Target.named(TARGET), show_progress=False)
    networks = {case: lowered_for_gpu(case) for case in CASES}
    sources = {case: emit_cuda(network.module) for case, network in networks.items()}
    builder.compile_kernels([KernelSource(*named) for one in sources.values() for named in one.kernels.items()])
    folders = [tmp_path_factory.mktemp("chain") / "chain.bolt" for _ in CASES]  # pytest makes them in one thread only

    def build(case: ChainCase, folder: Path) -> Path:
        return build_artifact(sources[case], networks[case].weights, folder, builder).folder

    with ThreadPoolExecutor(builder.jobs) as pool:
        return dict(zip(CASES, pool.map(build, CASES, folders), strict=True))


def lowered_for_gpu(case: ChainCase) -> boltir.Network:
    """The case at the cutlass level, to be built for the GPU at hand."""
    network = case.lowered()
    network.module.attributes["cutlass.target"] = StringAttr(TARGET)
    return network


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_chain(case: ChainCase, artifacts: dict[ChainCase, Path]) -> None:
    device = Device()
    arguments = case.random_arguments(1)
    given = [device.given(array) for array in arguments]
    (exact,) = case.expected(arguments)
    with boltir.load(artifacts[case]) as model:
        results = [device.poisoned(exact.shape, case.output_dtype) for _ in range(2)]
        for output, _ in results:
            model(given, outputs=[output])
        device.torch.cuda.synchronize()
    (output, buffer), (again, _) = results
    assert device.torch.equal(output, again)
    assert bool(buffer[:GUARD].isnan().all() and buffer[-GUARD:].isnan().all()), "wrote outside the output"
    difference = np.abs(output.double().cpu().numpy() - exact).max() / np.abs(exact).max()
    assert difference <= TOLERANCES[case.intermediate_dtype]
