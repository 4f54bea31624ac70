"""How good tuned kernels are: beside cuBLASLt or cuDNN, torch.compile, and the best of all our candidates.

    python benchmarks/tuning.py                              # with torch and nvcc, on a GPU
    python benchmarks/tuning.py --compiling 600              # beside torch.compile(mode="max-autotune"), too
    python benchmarks/tuning.py --network                    # and how long bolt-tune takes for ResNet-50

All kernels are measured alike: operands that do not fit the L2 cache together, launches one after the other in CUDA
graphs, the median of the samples. While torch's contenders have the GPU, our kernels are built; then these have it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import exp, log
from pathlib import Path
from shutil import copytree
from tempfile import mkdtemp

from gpu_timing import machine
from results_file import markdown, results_file
from tuning_builds import prebuild
from tuning_contenders import COMPILED, LIBRARY, read_times
from tuning_exhaustive import exhaustive_lines
from tuning_network import CACHE, tune_network
from tuning_problems import CONVOLUTIONS, PRODUCTS, Case
from turns import Turns

from boltir.profiler.database import Database
from boltir.profiler.executors import building_on
from boltir.profiler.local import TuningOptions, open_tuner
from boltir.profiler.options import DEFAULT_TOP
from boltir.profiler.report import ReportProblem, report_of
from boltir.runtime.compile_cache import CACHE_VARIABLE

GROUPS: Mapping[str, tuple[str, Sequence[Case]]] = {
    "products": ("Matrix products with a bias and ReLU", PRODUCTS),
    "convolutions": ("ResNet-50's convolutions with a bias and ReLU", CONVOLUTIONS),
}
CHOSEN = "chosen"
SEARCHES = 6
"""Processes that torch.compile searches in at once: each waits for compilers most of the time."""


@dataclass
class Row:
    """One case; times in microseconds, by contender."""

    case: Case
    chosen: str = ""
    times: dict[str, float] = field(default_factory=dict[str, float])

    def ratio(self) -> float | None:
        """How much faster the chosen kernel is than the best that is not ours."""
        others = [self.times[name] for name in (LIBRARY, COMPILED) if name in self.times]
        return min(others) / self.times[CHOSEN] if others and CHOSEN in self.times else None


@dataclass(frozen=True)
class Tuning:
    """What tuning found, and how long it took."""

    problems: dict[str, ReportProblem]
    seconds: float
    ended: str

    @property
    def measured(self) -> int:
        """How many kernels were measured on some problem."""
        return sum(row.seconds is not None for problem in self.problems.values() for row in problem.rows)


def tune(cases: Sequence[Case], database: Path, top: int, budget: float | None) -> Tuning:
    """Measure the first `top` candidates of each case."""
    problems = {case.problem(): 1 for case in cases}
    with ExitStack() as stack:
        opened = stack.enter_context(Database(database))
        executor = stack.enter_context(building_on(None))
        tuner = stack.enter_context(open_tuner(opened, executor, TuningOptions(top=top, budget=budget)))
        start = time.monotonic()
        result = tuner.tune(problems)
        seconds = time.monotonic() - start
    by_text = {job.problem.text: job for job in result.jobs}
    jobs = [by_text[problem.text] for problem in problems]
    reports = [report_of(tuner.machine, [job]).problems for job in jobs]
    found = {case.name: report[0] for case, report in zip(cases, reports, strict=True) if report}
    return Tuning(found, seconds, result.ended)


def enter(rows: Sequence[Row], tuning: Tuning) -> None:
    """Note the best of what was measured."""
    for row in rows:
        best = tuning.problems[row.case.name].best if row.case.name in tuning.problems else None
        if best is not None and best.seconds is not None:
            row.times[CHOSEN] = best.seconds * 1e6
            row.chosen = best.candidate


def table(rows: Sequence[Row]) -> Iterator[str]:
    """One line per case."""
    names = [name for name in (LIBRARY, COMPILED, CHOSEN) if any(name in row.times for row in rows)]
    header = ["case", *(f"{name}, µs" for name in names), "against the best other", "kernel"]
    body = [
        [
            row.case.name,
            *(f"{row.times[name]:.1f}" if name in row.times else "" for name in names),
            f"{ratio:.2f}x" if (ratio := row.ratio()) is not None else "",
            row.chosen,
        ]
        for row in rows
    ]
    yield from markdown(header, body)
    yield ""
    yield from summary(rows)


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """What the table comes to."""
    for name in (LIBRARY, COMPILED):
        known = [row.times[name] / row.times[CHOSEN] for row in rows if {name, CHOSEN} <= set(row.times)]
        if known:
            yield f"- against {name}: {_geometric_mean(known):.3f}x in the geometric mean of {len(known)}"
    ratios = [ratio for row in rows if (ratio := row.ratio()) is not None]
    if ratios:
        mean = f"{_geometric_mean(ratios):.3f}x in the geometric mean"
        yield f"- against the better of them: {mean}, {min(ratios):.2f}x at worst"


def _geometric_mean(ratios: Sequence[float]) -> float:
    return exp(statistics.fmean(map(log, ratios)))


def benchmark(args: argparse.Namespace, cases: Sequence[Case]) -> Iterator[str]:
    """The section of one group of cases, whose contenders have been measured."""
    rows = [Row(case, times=read_times(args.work).get(case.name, {})) for case in cases]
    tuning = tune(cases, args.database, args.top, args.budget)
    enter(rows, tuning)
    measured = f"The first {args.top} of each: {tuning.measured} measured in {tuning.seconds:.0f} s ({tuning.ended})."
    yield from (*table(rows), "", measured, "", *exhaustive_lines(cases, (1, 3, args.top)), "")


def race_contenders(args: argparse.Namespace, cases: Sequence[Case]) -> None:
    """Build our kernels while torch.compile searches, in several processes; then have torch's contenders measured."""
    program = [sys.executable, str(Path(__file__).with_name("tuning_contenders.py"))]
    count = SEARCHES if args.compiling else 1
    commands: dict[str, Sequence[str]] = {}
    for number in range(count):
        names = [case.name for case in cases[number::count]]
        results = str(args.work / f"contenders-{number}.jsonl")
        commands[f"contenders {number}"] = [*program, results, *names, "--compiling", str(args.compiling)]
    with Turns(commands) as turns:
        prebuild(cases, args.top, args.preparing)
        turns.measure()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS), help="what to tune")
    parser.add_argument("--top", type=int, default=DEFAULT_TOP, help="candidates per case")
    parser.add_argument("--compiling", type=float, default=0.0, metavar="S", help="seconds for torch.compile")
    parser.add_argument("--network", action="store_true", help="also time bolt-tune on ResNet-50, cold and warm")
    parser.add_argument("--preparing", type=float, metavar="S", help="seconds to build kernels for, before measuring")
    parser.add_argument("--budget", type=float, metavar="S", help="seconds for tuning each group")
    parser.add_argument("--network-top", type=int, default=2, metavar="N", help="candidates per kernel of ResNet-50")
    parser.add_argument("--work", type=Path, help="a folder for databases (default: an empty one)")
    parser.add_argument("--cache", type=Path, help="the compile cache (default: an empty one)")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    args.work = args.work or Path(mkdtemp(prefix="tuning-"))
    args.work.mkdir(parents=True, exist_ok=True)
    args.cache = args.cache or args.work / "cache"
    args.database = args.work / "tuning.db"
    os.environ[CACHE_VARIABLE] = str(args.cache)
    lines = ["# Tuned kernels", "", *(f"- {line}" for line in machine(("torch",))), f"- {os.cpu_count()} cores", ""]
    print(*lines, sep="\n", flush=True)

    def write(*new: str) -> None:
        print(*new, sep="\n", flush=True)
        lines.extend(new)
        results_file("tuning").write_text("\n".join(lines))

    if args.network:
        folder = args.work / "resnet50"
        how = f"{args.network_top} candidates of each kernel, {os.cpu_count()} cores"
        write(f"## bolt-tune for ResNet-50, batch 32: {how}", "", *tune_network(folder, args.network_top, 118), "")
        if (folder / CACHE).exists():
            copytree(folder / CACHE, args.cache, dirs_exist_ok=True)
    groups = [GROUPS[name] for name in args.groups]
    race_contenders(args, [case for _, cases in groups for case in cases])
    for title, cases in groups:
        write(f"## {title}", "", *benchmark(args, cases))


if __name__ == "__main__":
    main()
