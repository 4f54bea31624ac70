"""torch's contenders of the tuning benchmark: what its libraries do, and what torch.compile makes of it."""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Callable
from typing import Any

from gpu_timing import GraphOfRuns
from tuning_problems import IMAGES, Case, Convolution, Product

torch: Any = importlib.import_module("torch")
functional: Any = importlib.import_module("torch.nn.functional")

COLD = 128 << 20  # bytes of all copies of the operands together
MOST_COPIES = 256
SAMPLES = 30

Call = Callable[..., Any]


def product(x: Any, w: Any, bias: Any) -> Any:
    return functional.linear(x, w, bias)


def convolution(x: Any, w: Any, bias: Any, stride: int, padding: int) -> Any:
    return functional.relu(functional.conv2d(x, w, bias, stride=stride, padding=padding))


def fused_convolution(x: Any, w: Any, bias: Any, stride: int, padding: int) -> Any:
    """cuDNN's kernel with bias and ReLU."""
    return torch.cudnn_convolution_relu(x, w, bias, (stride,) * 2, (padding,) * 2, (1, 1), 1)


def operands(case: Case, seed: int) -> tuple[Any, ...]:
    """Random ones, images channels-last."""
    generator = torch.Generator(device="cuda").manual_seed(seed)

    def tensor(*shape: int) -> Any:
        return torch.rand(shape, generator=generator, device="cuda", dtype=torch.float16) * 2 - 1

    match case:
        case Product(m, n, k):
            return (tensor(m, k), tensor(n, k), tensor(n))
        case Convolution(size, inputs, outputs, window):
            image = tensor(IMAGES, inputs, size, size).to(memory_format=torch.channels_last)
            filters = tensor(outputs, inputs, window, window).to(memory_format=torch.channels_last)
            return (image, filters, tensor(outputs))


def microseconds(case: Case, call: Call) -> float:
    """The median time of a call, in a CUDA graph of calls on one copy of the operands after the other."""
    first = operands(case, 0)
    options = () if isinstance(case, Product) else (case.stride, case.window // 2)
    moved = sum(tensor.nbytes for tensor in first) + call(*first, *options).nbytes
    copies = [first, *(operands(case, seed) for seed in range(1, min(MOST_COPIES, -(-COLD // moved))))]
    graph = GraphOfRuns.record(lambda number: call(*copies[number], *options), len(copies))
    return statistics.median(graph.sample() for _ in range(SAMPLES)) * 1e3


def library_microseconds(case: Case) -> float:
    """What cuBLASLt or cuDNN takes; of cuDNN the better of its fused call and the calls of a network."""
    torch.backends.cudnn.benchmark = True
    if isinstance(case, Product):
        return microseconds(case, product)
    return min(microseconds(case, convolution), microseconds(case, fused_convolution))


def compiled_microseconds(case: Case) -> float:
    """What torch.compile's choice takes after a search."""
    torch._dynamo.reset()
    call = product if isinstance(case, Product) else convolution
    return microseconds(case, torch.compile(call, mode="max-autotune-no-cudagraphs", dynamic=False))
