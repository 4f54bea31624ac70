"""How good tuned kernels are: beside the best of all our candidates, cuBLASLt or cuDNN, and torch.compile.

    python benchmarks/tuning.py                        # everything, with torch and nvcc, on a GPU
    python benchmarks/tuning.py --products --top 6     # only the products, from six candidates each
    python benchmarks/tuning.py --exhaustive 60        # how much better the best of 60 candidates is
    python benchmarks/tuning.py --compiled             # beside torch.compile(mode="max-autotune"), too

All are measured alike: operands that do not fit the L2 cache together, launches one after the other in CUDA graphs,
the median of the samples. Kernels are built anew for `--cold`, which is how the time of tuning is meant.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import exp, log
from pathlib import Path
from tempfile import mkdtemp

from gpu_timing import machine
from results_file import markdown, results_file
from tuning_contenders import compiled_microseconds, library_microseconds
from tuning_problems import CONVOLUTIONS, PRODUCTS, Case

from boltir.profiler.database import Database
from boltir.profiler.executors import building_on
from boltir.profiler.local import TuningOptions, open_tuner
from boltir.profiler.prepare import DEFAULT_TOP
from boltir.profiler.report import ReportProblem, report_of
from boltir.runtime.compile_cache import CACHE_VARIABLE


@dataclass
class Row:
    """One case; times in microseconds, by contender."""

    case: Case
    chosen: str = ""
    times: dict[str, float] = field(default_factory=dict[str, float])

    def ratio(self) -> float | None:
        """How much faster the chosen kernel is than the best that is not ours."""
        others = [self.times[name] for name in ("library", "torch.compile") if name in self.times]
        return min(others) / self.times["chosen"] if others and "chosen" in self.times else None


@dataclass(frozen=True)
class Tuning:
    """What tuning found, and how long it took."""

    problems: dict[str, ReportProblem]
    seconds: float
    ended: str


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


def enter(rows: Sequence[Row], tuning: Tuning, name: str) -> None:
    """Note the best of what was measured as contender `name`."""
    for row in rows:
        best = tuning.problems[row.case.name].best if row.case.name in tuning.problems else None
        if best is None or best.seconds is None:
            continue
        row.times[name] = best.seconds * 1e6
        if name == "chosen":
            row.chosen = best.candidate


def table(rows: Sequence[Row]) -> Iterator[str]:
    """One line per case."""
    names = list(dict.fromkeys(name for row in rows for name in row.times))
    header = ["case", *(f"{name}, µs" for name in names), "chosen against the best other", "kernel"]
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
    ratios = [ratio for row in rows if (ratio := row.ratio()) is not None]
    if ratios:
        mean = exp(statistics.fmean(map(log, ratios)))
        yield f"Against the best other contender: {mean:.3f}x in the geometric mean, {min(ratios):.2f}x at worst."
    found = [
        row.times["exhaustive"] / row.times["chosen"] for row in rows if {"exhaustive", "chosen"} <= set(row.times)
    ]
    if found:
        yield f"Of the best of all candidates: {statistics.fmean(found):.3f} on average, {min(found):.3f} at worst."


def benchmark(args: argparse.Namespace, title: str, cases: Sequence[Case]) -> Iterator[str]:
    """The section of one group of cases."""
    rows = [Row(case) for case in cases]
    tuning = tune(cases, args.database, args.top, args.budget)
    enter(rows, tuning, "chosen")
    if args.exhaustive:
        enter(rows, tune(cases, args.database, args.exhaustive, None), "exhaustive")
    for row in rows:
        row.times["library"] = library_microseconds(row.case)
        if args.compiled:
            row.times["torch.compile"] = compiled_microseconds(row.case)
    cache = "an empty" if args.cold else "the"
    how = f"top {args.top} of each, {os.cpu_count()} cores, {cache} compile cache"
    yield from (f"## {title}", "", *table(rows), "")
    yield from (f"Tuning took {tuning.seconds:.0f} s ({tuning.ended}): {how}.", "")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", action="store_true", help="only the matrix products")
    parser.add_argument("--convolutions", action="store_true", help="only the convolutions")
    parser.add_argument("--top", type=int, default=DEFAULT_TOP, help="candidates per case")
    parser.add_argument("--budget", type=float, help="seconds for each group")
    parser.add_argument("--exhaustive", type=int, default=0, metavar="N", help="also measure the first N candidates")
    parser.add_argument("--compiled", action="store_true", help="also torch.compile, which takes minutes")
    parser.add_argument("--cold", action="store_true", help="with an empty compile cache")
    parser.add_argument("--database", type=Path, help="the tuning database (default: an empty one)")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    work = Path(mkdtemp(prefix="tuning-"))
    args.database = args.database or work / "tuning.db"
    if args.cold:
        os.environ[CACHE_VARIABLE] = str(work / "cache")
    groups: dict[str, Sequence[Case]] = {}
    if not args.convolutions:
        groups["Matrix products with a bias"] = PRODUCTS
    if not args.products:
        groups["ResNet-50's convolutions with bias and ReLU"] = CONVOLUTIONS
    lines = ["# Tuned kernels", "", *(f"- {line}" for line in machine(("torch",))), ""]
    for title, cases in groups.items():
        for line in benchmark(args, title, cases):
            print(line, flush=True)
            lines.append(line)
    results_file("tuning").write_text("\n".join(lines))


if __name__ == "__main__":
    main()
