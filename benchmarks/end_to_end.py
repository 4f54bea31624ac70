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
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from end_to_end_contenders import TARGET, boltir_graphs, compiled, eager_graphs, prepare_boltir, reference
from end_to_end_report import CONTENDERS, Row, write_report
from gpu_timing import Run, deviation, milliseconds
from rich.console import Console
from turns import Turns, wait_for_turn

import boltir
from boltir.target import Target
from tests.support.torch_networks import TORCH_NETWORKS, Size, TorchNetwork

INPUTS = 4
RUNS_PER_SAMPLE = 10
SAMPLES = 60
SLOWEST_KERNELS = 6


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
            self.row.errors[name] = max(deviation(run(i), expected) for i, expected in enumerate(self.expected))
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


def _sample(run: Run) -> float:
    """Milliseconds per run, the mean of a few back to back; the first, untimed one brings the contender's data in."""
    run(0)
    numbers = range(1, RUNS_PER_SAMPLE + 1)
    return milliseconds(lambda: [run(number % INPUTS) for number in numbers]) / RUNS_PER_SAMPLE


def measure_network(network: TorchNetwork, work: Path) -> None:
    """Prepare every size of a network, wait for a line on stdin, measure, and leave the rows there are in `work`."""
    races = [Race.prepare(network, size, work) for size in network.sizes]
    wait_for_turn()
    rows: list[Row] = []
    for race in races:
        rows.append(race.run())
        (work / f"{network.name}.json").write_text(json.dumps([asdict(row) for row in rows]))


def measure_all(networks: list[str], work: Path) -> None:
    """Prepare the networks in processes of their own, all at once; then let one after the other measure."""
    command = [sys.executable, __file__, "--work", str(work), "--measure"]
    with Turns({name: [*command, name] for name in networks}) as turns:
        turns.measure()


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
    write_report(Console(width=170), rows, save=not arguments.no_save)
    return 0 if len(rows) == sum(len(TORCH_NETWORKS[name].sizes) for name in arguments.networks) else 1


if __name__ == "__main__":
    sys.exit(main())
