"""What the best of all kernels took, and how much a choice among few of them misses.

    python benchmarks/tuning_exhaustive.py  # on a GPU: measures the benchmark's products that it has not measured

`data/kernel_times_h100.jsonl` has up to several hundred kernels for each of the tuning benchmark's cases, with the same
operands and epilogue. A choice is the fastest of those that tuning tries first.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from kernel_times import EXHAUSTIVE_SWEEP, TUNED_SWEEP, Problem, Timing, add_products, load
from results_file import markdown
from tuning_problems import IMAGES, PRODUCTS, Case, Convolution, Product

from boltir.profiler.candidate_text import candidate_text
from boltir.profiler.candidates import Candidates
from boltir.profiler.database import Database
from boltir.profiler.executors import building_on
from boltir.profiler.job import Job, Trial
from boltir.profiler.local import TuningOptions, open_tuner
from boltir.profiler.prepare import all_candidates
from boltir.profiler.problem import Problem as TunedProblem
from boltir.target import Target

H100 = Target.named("sm_90a")
NEAR = 1.15
"""How much longer than the best the model may expect a kernel to take for it to be measured: in 98% of 230 sets of
measurements, a kernel within 2% of the fastest was expected to take at most 1.14 times as long as the first."""
FEWEST = 20
"""Of each case's kernels, those first in order that are measured at any rate."""
EVERYTHING = 10_000
"""More kernels than any case has."""


def names_of(case: Case) -> Sequence[str]:
    """What the measured problems are called that the case is."""
    match case:
        case Product(m, n, k):
            return (f"gemm {m}x{n}x{k}",)
        case Convolution(size, inputs, outputs, 1, 1):
            return (f"gemm {IMAGES * size * size}x{outputs}x{inputs}",)
        case Convolution(size, inputs, outputs, window, stride):
            return (f"conv2d {IMAGES}x{size}x{size}x{inputs}x{outputs}x{window}x{window}x{stride}",)


def known_times(case: Case, problem: Problem) -> list[float]:
    """Seconds of the case's candidates that were measured, in the order in which tuning tries them."""
    measured = {candidate_text(timing.template, timing.arguments): timing.seconds for timing in problem.timings}
    candidates = all_candidates(case.problem(), H100).legal
    texts = (candidate_text(candidate.template, candidate.arguments) for candidate in candidates)
    return [measured[text] for text in texts if text in measured]


def problems_of(cases: Sequence[Case]) -> Mapping[Case, Sequence[Problem]]:
    """The measured problems of each case that has some, of the sweeps that tried more kernels than tuning does."""
    known = [problem for problem in load() if problem.sweep != TUNED_SWEEP]
    found = {case: [problem for problem in known if problem.name in names_of(case)] for case in cases}
    return {case: problems for case, problems in found.items() if problems}


def exhaustive_lines(cases: Sequence[Case], tried: Sequence[int]) -> Iterator[str]:
    """A table of what trying few kernels reaches of the best of all, and how many were measured for these cases."""
    found = problems_of(cases)
    times = [known_times(case, problem) for case, problems in found.items() for problem in problems]
    yield f"Against the best of all kernels: {sum(map(len, times))} times of {len(found)} of these cases are known"
    yield "(benchmarks/data/kernel_times_h100.jsonl). Of these, the fastest of the kernels that tuning tries first is:"
    yield ""
    rows: list[list[str]] = []
    for count in tried:
        parts = [min(seconds) / min(seconds[:count]) for seconds in times]
        rows.append([str(count), f"{statistics.fmean(parts):.3f}", f"{min(parts):.3f}"])
    yield from markdown(["kernels tried", "of the speed of the best, on average", "at worst"], rows)


def promising(problem: TunedProblem, target: Target) -> Candidates:
    """The candidates that may be the fastest."""
    found = all_candidates(problem, target)
    most = NEAR * min((candidate.estimate.seconds for candidate in found.legal), default=0.0)
    near = [other for other in found.legal[FEWEST:] if other.estimate.seconds <= most]
    return Candidates((*found.legal[:FEWEST], *near), found.rejected)


def measure(cases: Sequence[Product], budget: float | None, folder: Path) -> Mapping[Product, Sequence[Timing]]:
    """What the promising kernels of some products take, the fastest first, as far as the budget (seconds) goes."""
    problems = {case.problem(): case for case in cases}
    with ExitStack() as stack:
        database = stack.enter_context(Database(folder / "times.db"))
        executor = stack.enter_context(building_on(None))
        options = TuningOptions(top=EVERYTHING, budget=budget)
        tuner = stack.enter_context(open_tuner(database, executor, options, promising))
        jobs = tuner.tune(dict.fromkeys(problems, 1)).jobs
    timings = {problems[job.problem]: [_timing(job, trial) for trial in job.right] for job in jobs}
    return {case: found for case, found in timings.items() if found}


def _timing(job: Job, trial: Trial) -> Timing:
    return Timing(trial.template, trial.arguments, job.seconds(trial))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=float, metavar="S", help="seconds for building and measuring")
    options = parser.parse_args()
    known = {problem.name for problem in load() if problem.sweep == EXHAUSTIVE_SWEEP}
    missing = [case for case in PRODUCTS if not known.intersection(names_of(case))]
    with TemporaryDirectory(prefix="tuning-") as folder:
        measured = measure(missing, options.budget, Path(folder))
    add_products({(case.m, case.n, case.k): timings for case, timings in measured.items()})
    for case, timings in measured.items():
        print(f"{case.name}: {len(timings)} kernels, the best {1e6 * timings[0].seconds:.1f} us")


if __name__ == "__main__":
    main()
