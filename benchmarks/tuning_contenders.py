"""torch's contenders of the tuning benchmark: what its libraries do, and what torch.compile makes of it.

    python benchmarks/tuning_contenders.py RESULTS.jsonl CASE... [--compiling SECONDS]

Calls torch.compile, waits for a line on stdin, and then measures: one line per case and contender, as soon as it is
measured.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from gpu_timing import GraphOfRuns
from tuning_problems import CASES, IMAGES, Case, Convolution, Product
from turns import wait_for_turn

torch: Any = importlib.import_module("torch")
functional: Any = importlib.import_module("torch.nn.functional")

LIBRARY, COMPILED = "cuBLASLt, cuDNN", "torch.compile"
COLD = 128 << 20  # bytes of all copies of the operands together
MOST_COPIES = 256
SAMPLES = 30

Call = Callable[..., Any]


def product(x: Any, w: Any, bias: Any) -> Any:
    return functional.relu(functional.linear(x, w, bias))


def fused_product(x: Any, w: Any, bias: Any) -> Any:
    """cuBLASLt's kernel with bias and ReLU."""
    return torch._addmm_activation(bias, x, w.t())


def convolution(x: Any, w: Any, bias: Any, stride: int, padding: int) -> Any:
    return functional.relu(functional.conv2d(x, w, bias, stride=stride, padding=padding))


def fused_convolution(x: Any, w: Any, bias: Any, stride: int, padding: int) -> Any:
    """cuDNN's kernel with bias and ReLU."""
    return torch.cudnn_convolution_relu(x, w, bias, (stride,) * 2, (padding,) * 2, (1, 1), 1)


def pointwise_convolution(x: Any, w: Any, bias: Any, *_: int) -> Any:
    """A window of one pixel as cuBLASLt's product."""
    rows = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
    return torch._addmm_activation(bias, rows, w.reshape(w.shape[0], -1).t())


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


def options_of(case: Case) -> tuple[int, ...]:
    """Stride and padding of a convolution."""
    return () if isinstance(case, Product) else (case.stride, case.window // 2)


def microseconds(case: Case, call: Call) -> float:
    """The median time of a call, in a CUDA graph of calls on one copy of the operands after the other."""
    first, options = operands(case, 0), options_of(case)
    moved = sum(tensor.nbytes for tensor in first) + call(*first, *options).nbytes
    copies = [first, *(operands(case, seed) for seed in range(1, min(MOST_COPIES, -(-COLD // moved))))]
    graph = GraphOfRuns.record(lambda number: call(*copies[number], *options), len(copies))
    return statistics.median(graph.sample() for _ in range(SAMPLES)) * 1e3


def library_calls(case: Case) -> Iterator[Call]:
    """The fused calls of the libraries, and what a network would call."""
    if isinstance(case, Product):
        yield from (product, fused_product)
        return
    yield from (convolution, fused_convolution)
    if case.window == case.stride == 1:
        yield pointwise_convolution


def library_microseconds(case: Case) -> float:
    """What cuBLASLt or cuDNN takes, the best of its calls."""
    return min(microseconds(case, call) for call in library_calls(case))


def compiled(case: Case) -> Call:
    """What torch.compile makes of it after a search, which is over when this returns."""
    call = torch.compile(
        product if isinstance(case, Product) else convolution, mode="max-autotune-no-cudagraphs", dynamic=False
    )
    call(*operands(case, 0), *options_of(case))
    return call


def read_times(folder: Path) -> dict[str, dict[str, float]]:
    """Microseconds by contender, by case."""
    found: dict[str, dict[str, float]] = {}
    for path in sorted(folder.glob("contenders-*.jsonl")):
        for line in path.read_text().splitlines():
            case, contender, time = cast(tuple[str, str, float], tuple(json.loads(line)))
            found.setdefault(case, {})[contender] = time
    return found


def prepare(cases: Sequence[Case], seconds: float) -> dict[Case, Call]:
    """torch.compile's calls for as many cases as it takes so long to begin with."""
    torch._dynamo.config.recompile_limit = 2 * len(cases)  # they are all of the same function
    end = time.monotonic() + seconds
    calls: dict[Case, Call] = {}
    for case in cases:
        if time.monotonic() > end:
            print(f"no time for torch.compile, {case.name}", file=sys.stderr, flush=True)
            continue
        start = time.monotonic()
        calls[case] = compiled(case)
        print(f"torch.compile, {case.name}: {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
    return calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("cases", nargs="+", choices=[case.name for case in CASES])
    parser.add_argument("--compiling", type=float, default=0.0, metavar="S", help="seconds to call torch.compile for")
    args = parser.parse_args()
    torch.backends.cudnn.benchmark = True
    cases = [case for case in CASES if case.name in args.cases]
    calls = prepare(cases, args.compiling) if args.compiling else {}
    wait_for_turn()
    with args.results.open("w") as results:
        for case in cases:
            times = {LIBRARY: library_microseconds(case)}
            if case in calls:
                times[COMPILED] = microseconds(case, calls[case])
            results.writelines(json.dumps([case.name, *item]) + "\n" for item in times.items())
            results.flush()


if __name__ == "__main__":
    main()
