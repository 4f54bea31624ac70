"""What the end-to-end benchmark compares: each contender runs a network on one of several prepared inputs."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_timing import Run

import boltir
from tests.support.torch_networks import Size, TorchNetwork

torch: Any = importlib.import_module("torch")

Inputs = Sequence[tuple[Any, ...]]
"""Several inputs of one network, on the CPU, in fp32 or integers."""

TARGET = "sm_90a"


def artifact_folder(work: Path, network: TorchNetwork, size: Size) -> Path:
    return work / "-".join((network.name, *map(str, size)))


def prepare_boltir(network: TorchNetwork, size: Size, work: Path) -> None:
    """Export the network and compile it."""
    folder = artifact_folder(work, network, size)
    model = folder.with_suffix(".onnx")
    network.export(size, model)
    boltir.compile(boltir.import_onnx(model), folder, target=TARGET)


def boltir_graphs(network: TorchNetwork, size: Size, inputs: Inputs, work: Path) -> tuple[Run, boltir.Model]:
    """boltir: the artifact's own capture, one per input. The input edge (fp32 NCHW as exported) is part of the run."""
    model = boltir.load(artifact_folder(work, network, size))
    runs = [model.capture([tensor.cuda() for tensor in tensors]) for tensors in inputs]

    def run(number: int) -> Any:
        runs[number].replay(torch.cuda.current_stream())
        return runs[number].outputs[0]

    return run, model


def half_precision(module: Any, inputs: Inputs) -> tuple[Any, list[tuple[Any, ...]]]:
    """Module and inputs in fp16 on the GPU, images and filters channels-last: what suits tensor cores best."""
    module = module.cuda().half().to(memory_format=torch.channels_last)
    return module, [tuple(map(_half, tensors)) for tensors in inputs]


def _half(tensor: Any) -> Any:
    if not tensor.is_floating_point():
        return tensor.cuda()
    return tensor.cuda().half().to(memory_format=torch.channels_last)


@dataclass(frozen=True)
class EagerGraphs:
    """One CUDA graph per input. A graph holds addresses only: module and inputs have to be kept beside it."""

    module: Any
    inputs: list[tuple[Any, ...]]
    graphs: list[Any]
    outputs: list[Any]

    def __call__(self, number: int) -> Any:
        self.graphs[number].replay()
        return self.outputs[number]


def eager_graphs(network: TorchNetwork, inputs: Inputs) -> Run:
    """torch eager, captured into one CUDA graph per input."""
    torch.backends.cudnn.benchmark = True
    module, tensors = half_precision(network.build(), inputs)
    with torch.cuda.stream(torch.cuda.Stream()):
        for _ in range(3):
            module(*tensors[0])
    torch.cuda.synchronize()
    graphs: list[Any] = []
    outputs: list[Any] = []
    for given in tensors:
        graphs.append(torch.cuda.CUDAGraph())
        with torch.cuda.graph(graphs[-1]):
            outputs.append(module(*given))
    return EagerGraphs(module, tensors, graphs, outputs)


def compiled(network: TorchNetwork, inputs: Inputs) -> Run:
    """torch.compile(mode="reduce-overhead"), which captures CUDA graphs by itself."""
    torch.backends.cudnn.benchmark = True
    module, tensors = half_precision(network.build(), inputs)
    module = torch.compile(module, mode="reduce-overhead", dynamic=False)

    def run(number: int) -> Any:
        torch.compiler.cudagraph_mark_step_begin()
        return module(*tensors[number])

    for _ in range(3):  # compiles, warms up, records
        run(0)
    return run


def reference(network: TorchNetwork, inputs: Inputs) -> list[Any]:
    """The outputs in fp32, without tf32."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    module = network.build().cuda()
    return [module(*(tensor.cuda() for tensor in tensors)) for tensors in inputs]
