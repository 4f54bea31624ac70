"""How fast boltir compiles: start-up, every phase, and whether time grows linearly with the network.

Run by hand, from the root of the repository, on an otherwise idle machine:

    PYTHONPATH=. .venv/bin/python benchmarks/compile_speed.py [--no-save]

Prints tables and writes them to benchmarks/results/compile_speed-<date>.md.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from onnx import ModelProto
from results_file import results_file
from rich.console import Console
from rich.table import Table
from rich.text import Text
from xdsl.universe import XDSL_UNIVERSE

from boltir.compiler import Network, compiler_context, lower
from boltir.frontends.onnx import import_onnx
from boltir.levels import LEVELS
from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
from boltir.pass_manager import PassManager, module_text, verify_module
from boltir.pipelines import build_passes, level_pipeline
from boltir.tools.source import LocatingParser
from boltir.universe import UNIVERSE
from tests.support.vision import residual_chain, resnet50

STARTUP_GOAL = 0.250
RESNET_GOAL = 1.0
LINEAR_GOAL = 1.5
"""Seconds, seconds, and how many times the cost per operation may grow from 1,000 operations to 10,000."""

REPEATS = 5
SIZES = (10, 100, 1000, 10_000)
Result = TypeVar("Result")


@dataclass
class Phases:
    """Seconds per phase of one compilation, in order; `operations` are those of the imported graph."""

    operations: int = 0
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    def measure(self, name: str, action: Callable[[], Result]) -> Result:
        start = time.perf_counter()
        result = action()
        self.seconds[name] = time.perf_counter() - start
        return result

    @property
    def passes(self) -> float:
        """Seconds of all passes and of CUDA emission."""
        return sum(seconds for name, seconds in self.seconds.items() if "/" in name or name == "emit CUDA")


def measure_phases(model: ModelProto) -> Phases:
    """Import `model` and take it through every phase, each pass by itself."""
    phases = Phases()
    imported = phases.measure("import ONNX", lambda: import_onnx(model))
    network = Network(imported.module, imported.weights)
    module = network.module
    phases.operations = sum(1 for _ in module.walk())
    text = phases.measure("print", lambda: module_text(module))
    phases.measure("parse", lambda: LocatingParser(compiler_context(), text, "text").parse_module())
    phases.measure("verify", lambda: verify_module(module))
    ctx, available = compiler_context(network), {**XDSL_UNIVERSE.all_passes, **UNIVERSE.all_passes}
    for level in LEVELS:
        for number, spec in enumerate(level_pipeline(level, target="sm_80", dtype="f16"), 1):
            manager = PassManager(build_passes(spec, available), verify=False)
            phases.measure(f"{level}/{number} {spec.partition('{')[0]}", partial(manager.run, ctx, module))
    phases.measure("emit CUDA", lambda: emit_cuda(module))
    return phases


def fastest(runs: list[Phases]) -> Phases:
    """Each phase at its fastest."""
    return Phases(runs[0].operations, {name: min(run.seconds[name] for run in runs) for name in runs[0].seconds})


def seconds_to_cuda(model: ModelProto) -> float:
    """The median time of what a user calls: `lower` and `emit_cuda` on an imported model, verification included."""
    times: list[float] = []
    for _ in range(REPEATS):
        imported = import_onnx(model)
        start = time.perf_counter()
        emit_cuda(lower(Network(imported.module, imported.weights)).module)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def startup_seconds(tool: str) -> float:
    """The median time of `tool --version`."""
    command = [str(Path(sys.executable).with_name(tool)), "--version"]

    def once() -> float:
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - start

    once()
    return statistics.median(once() for _ in range(10))


def phase_table(resnet: Phases, chain: Phases) -> Table:
    columns = ("phase", "ResNet-50, ms", "operations/s", f"{SIZES[-1]:,} nodes, ms", "operations/s")
    table = Table(*columns, title="time per phase")
    for name, seconds in resnet.seconds.items():
        rates = [f"{phases.operations / phases.seconds[name]:,.0f}" for phases in (resnet, chain)]
        table.add_row(name, f"{seconds * 1e3:.1f}", rates[0], f"{chain.seconds[name] * 1e3:,.0f}", rates[1])
    table.add_section()
    rates = [f"{phases.operations / phases.passes:,.0f}" for phases in (resnet, chain)]
    table.add_row("all passes, CUDA", f"{resnet.passes * 1e3:.1f}", rates[0], f"{chain.passes * 1e3:,.0f}", rates[1])
    return table


def scaling_table(runs: dict[int, Phases]) -> Table:
    table = Table("nodes", *(f"{size:,}" for size in runs), title="microseconds per node")
    for name in next(iter(runs.values())).seconds:
        table.add_row(name, *(f"{run.seconds[name] / size * 1e6:.1f}" for size, run in runs.items()))
    table.add_section()
    table.add_row("all passes, CUDA", *(f"{run.passes / size * 1e6:.0f}" for size, run in runs.items()))
    return table


def goal_table(startup: float, resnet: float, runs: dict[int, Phases]) -> Table:
    small, large = (runs[size].passes / size for size in SIZES[-2:])
    table = Table("goal", "limit", "measured", "met", title="goals")
    for name, limit, measured, unit in (
        ("start-up of bolt-opt --version, median of 10", STARTUP_GOAL, startup, " s"),
        (f"ResNet-50 from graph to CUDA text, median of {REPEATS}", RESNET_GOAL, resnet, " s"),
        (f"growth of the time per node, {SIZES[-2]:,} to {SIZES[-1]:,} nodes", LINEAR_GOAL, large / small, " times"),
    ):
        met = Text("yes", "green") if measured <= limit else Text("no", "bold red")
        table.add_row(name, f"{limit:g}{unit}", f"{measured:.3f}{unit}", met)
    return table


def machine() -> Iterator[str]:
    """What the numbers depend on, one line each."""
    model = next((line.partition(":")[2].strip() for line in cpu_info() if line.startswith("model name")), "unknown")
    yield f"- CPU: {model}"
    packages = ", ".join(f"{name} {version(name)}" for name in ("boltir", "xdsl", "numpy", "jinja2", "onnx"))
    yield f"- {platform.python_implementation()} {platform.python_version()}, {packages}"
    yield f"- date: {datetime.now(UTC):%Y-%m-%d}"


def cpu_info() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-save", action="store_true", help="only print")
    save = not parser.parse_args().no_save
    console = Console(record=True, width=120)
    with console.status("start-up"):
        startup, floor = startup_seconds("bolt-opt"), startup_seconds("xdsl-opt")
    with console.status("ResNet-50"):
        model = resnet50(size=224, width=64, classes=1000)
        to_cuda = seconds_to_cuda(model)
        resnet = fastest([measure_phases(model) for _ in range(REPEATS)])
    runs: dict[int, Phases] = {}
    for size in SIZES:
        with console.status(f"{size:,} nodes"):
            chain = residual_chain(size)
            runs[size] = fastest([measure_phases(chain) for _ in range(1 if size > 1000 else 3)])
    console.print(*machine(), f"- xdsl-opt --version, on which bolt-opt is built: {floor:.3f} s", sep="\n")
    for table in (goal_table(startup, to_cuda, runs), phase_table(resnet, runs[SIZES[-1]]), scaling_table(runs)):
        console.print(table)
    if save:
        path = results_file("compile_speed")
        path.write_text(f"# Compile speed\n\n```\n{console.export_text()}```\n")
        console.print(f"written to {path}")


if __name__ == "__main__":
    main()
