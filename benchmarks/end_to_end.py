"""How fast whole networks run: boltir beside what a user would run instead, on one GPU, in one run.

Run by hand, from the root of the repository, on an otherwise idle machine that has torch, torchvision, timm and
transformers:

    PYTHONPATH=. python benchmarks/end_to_end.py [--networks resnet50 ...] [--no-save]

Networks have random weights and are exported to ONNX at each size. Each network has a process of its own; all compile
at once, then they measure one after the other. Every contender replays CUDA graphs over several inputs in turn; a
sample is the mean of a few runs back to back, and the contenders take their samples in turn. Prints a table
and writes it to benchmarks/results/end_to_end-<date>.md with a plot beside it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from end_to_end_contenders import TARGET, Run, boltir_graphs, compiled, eager_graphs, prepare_boltir, reference
from end_to_end_report import CONTENDERS, Row, write_report
from rich.console import Console
from rich.progress import Progress

import boltir
from boltir.target import Target
from tests.support.torch_networks import TORCH_NETWORKS, Size, TorchNetwork

torch: Any = importlib.import_module("torch")

INPUTS = 4
RUNS_PER_SAMPLE = 10
SAMPLES = 60
SLOWEST_KERNELS = 6
READY = "ready to measure\n"


@dataclass
class Race:
    """The contenders of one row, compiled and warm."""

    row: Row
    contenders: dict[str, Run]
    expected: list[Any]
    model: boltir.Model
    first_input: list[Any]

    @staticmethod
    def prepare(network: TorchNetwork, size: Size, work: Path) -> Race:
        """Compile for every contender, and capture their graphs on the same inputs."""
        prepare_boltir(network, size, work)
        inputs = [network.inputs(size, seed) for seed in range(1, INPUTS + 1)]
        expected = reference(network, inputs)
        ours, model = boltir_graphs(network, size, inputs, work)
        runs = (ours, eager_graphs(network, inputs), compiled(network, inputs))
        first_input = [tensor.cuda() for tensor in inputs[0]]
        return Race(Row(network.name, size), dict(zip(CONTENDERS, runs, strict=True)), expected, model, first_input)

    def run(self) -> Row:
        """Check every contender's outputs, take the samples in turn, and profile boltir's kernels."""
        for name, run in self.contenders.items():
            self.row.errors[name] = max(_error(run(i), expected) for i, expected in enumerate(self.expected))
            self.row.milliseconds[name] = []
        for _ in range(SAMPLES):
            for name, run in self.contenders.items():
                self.row.milliseconds[name].append(_sample(run))
        self._profile()
        return self.row

    def _profile(self) -> None:
        target = Target.named(TARGET)
        profile = self.model.profile(self.first_input, repetitions=20)
        for launch in profile.launches:
            self.row.floor += 1e3 * max(launch.bytes / target.memory_bandwidth, launch.flops / target.tensor_flops)
        self.row.kernels = [
            (f"{kernel.kernel}: {', '.join(kernel.origin)}", kernel.launches, kernel.microseconds / 1e3)
            for kernel in profile.kernels()[:SLOWEST_KERNELS]
        ]


def _error(result: Any, expected: Any) -> float:
    return float((result.float() - expected).abs().max() / expected.abs().max())


def _sample(run: Run) -> float:
    """Milliseconds per run, the mean of a few back to back; the first, untimed one brings the contender's data in."""
    run(0)
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    for number in range(1, RUNS_PER_SAMPLE + 1):
        run(number % INPUTS)
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / RUNS_PER_SAMPLE


def measure_network(network: TorchNetwork, work: Path) -> None:
    """Prepare every size of a network, wait for a line on stdin, measure, and leave the rows there are in `work`."""
    races = [Race.prepare(network, size, work) for size in network.sizes]
    print(READY, end="", flush=True)
    sys.stdin.readline()
    rows: list[Row] = []
    for race in races:
        rows.append(race.run())
        (work / f"{network.name}.json").write_text(json.dumps([asdict(row) for row in rows]))


def measure_all(networks: list[str], work: Path) -> None:
    """Prepare the networks in processes of their own, all at once; then let one after the other measure."""
    processes: list[subprocess.Popen[str]] = []
    for name in networks:
        command = [sys.executable, __file__, "--measure", name, "--work", str(work)]
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    with Progress(transient=True) as progress:
        preparing = progress.add_task("preparing", total=len(processes))
        for process in processes:
            assert process.stdout is not None
            while line := process.stdout.readline():
                if line == READY:
                    break
            progress.advance(preparing)
        measuring = progress.add_task("measuring", total=len(processes))
        for name, process in zip(networks, processes, strict=True):
            process.communicate("\n")
            if process.returncode != 0:
                print(f"{name} failed: rows of it are missing", file=sys.stderr)
            progress.advance(measuring)


def read_rows(networks: list[str], work: Path) -> list[Row]:
    """The rows that the measuring processes left."""
    files = (work / f"{name}.json" for name in networks)
    loaded: list[Any] = [row for file in files if file.exists() for row in json.loads(file.read_text())]
    for row in loaded:
        row.update(size=tuple(row["size"]), kernels=[(kernel, count, time) for kernel, count, time in row["kernels"]])
    return [Row(**row) for row in loaded]


def main() -> int:
    parser = argparse.ArgumentParser(description="Times whole networks on the GPU beside torch.")
    parser.add_argument("--networks", nargs="+", choices=TORCH_NETWORKS, default=list(TORCH_NETWORKS), metavar="NAME")
    parser.add_argument("--no-save", action="store_true", help="do not write benchmarks/results")
    parser.add_argument("--work", type=Path, help="keep exports, artifacts and rows here")
    parser.add_argument("--measure", metavar="NAME", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure is not None:
        measure_network(TORCH_NETWORKS[arguments.measure], arguments.work)
        return 0
    with tempfile.TemporaryDirectory(prefix="boltir-end-to-end-") as scratch:
        work: Path = arguments.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        measure_all(arguments.networks, work)
        rows = read_rows(arguments.networks, work)
    folder = None if arguments.no_save else Path(__file__).parent / "results"
    write_report(Console(width=170), rows, folder)
    return 0 if len(rows) == sum(len(TORCH_NETWORKS[name].sizes) for name in arguments.networks) else 1


if __name__ == "__main__":
    sys.exit(main())
