"""What the benchmarks on a GPU share: samples, deviations, several inputs in one CUDA graph, and the machine's name."""

from __future__ import annotations

import importlib
import platform
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from math import inf, isnan
from typing import Any

torch: Any = importlib.import_module("torch")

Run = Callable[[int], Any]
"""Runs something on the input of this number and returns its output, in the device's time."""


def milliseconds(run: Callable[[], object]) -> float:
    """The device's time for what `run` queues."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    run()
    end.record()
    end.synchronize()
    return start.elapsed_time(end)


def deviation(result: Any, expected: Any) -> float:
    """The largest difference, relative to the largest expected magnitude; infinite if a result is no number."""
    difference = float((result.float() - expected).abs().max() / expected.abs().max())
    return inf if isnan(difference) else difference


def spread(samples: Sequence[float]) -> float:
    """Half the distance between the quartiles."""
    low, _, high = statistics.quantiles(samples, n=4)
    return (high - low) / 2


@dataclass(frozen=True)
class GraphOfRuns:
    """One CUDA graph that runs on one input after the other.

    Attributes:
        outputs: of each input's run.
        run: keeps what the graph has the addresses of.
    """

    graph: Any
    outputs: list[Any]
    run: Run

    @staticmethod
    def record(run: Run, inputs: int) -> GraphOfRuns:
        """Warm up, then capture `run` on the inputs of numbers 0 to `inputs` - 1."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                run(0)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outputs = [run(number) for number in range(inputs)]
        return GraphOfRuns(graph, outputs, run)

    def sample(self) -> float:
        """Milliseconds per run; a first, untimed replay keeps the device busy while the timed one is queued."""
        self.graph.replay()
        return milliseconds(self.graph.replay) / len(self.outputs)


def machine(packages: Sequence[str]) -> Iterator[str]:
    """What the numbers depend on, one line each."""
    query = ("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader", "--id=0")
    driver = subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()
    yield f"device: {torch.cuda.get_device_name()}, driver {driver}, CUDA {torch.version.cuda}"
    yield f"date: {datetime.now(UTC):%Y-%m-%d}; Python {platform.python_version()}"
    yield "versions: " + ", ".join(f"{package} {version(package)}" for package in packages)
