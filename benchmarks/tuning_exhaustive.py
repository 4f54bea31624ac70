"""What the best of all kernels took where all were measured before: how much a choice among few of them misses.

`data/kernel_times_h100.jsonl` has up to 76 kernels for each of 30 of the tuning benchmark's cases, with the same
operands and epilogue. A choice is the fastest of those that the cost model ranks first.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence

from kernel_times import SIGNATURE, Problem, load
from results_file import markdown
from tuning_problems import IMAGES, Case, Convolution, Product

from boltir.cost_model import estimate
from boltir.target import Target

H100 = Target.named("sm_90a")


def names_of(case: Case) -> Sequence[str]:
    """What the measured problems are called that the case is."""
    match case:
        case Product(m, n, k):
            return (f"gemm {m}x{n}x{k}",)
        case Convolution(size, inputs, outputs, 1, 1):
            return (f"gemm {IMAGES * size * size}x{outputs}x{inputs}",)
        case Convolution(size, inputs, outputs, window, stride):
            return (f"conv2d {IMAGES}x{size}x{size}x{inputs}x{outputs}x{window}x{window}x{stride}",)


def part_of_best(problem: Problem, tried: int) -> float:
    """The speed of the fastest of the first `tried` kernels as a part of that of the fastest of all."""

    def expected(number: int) -> float:
        timing = problem.timings[number]
        found = estimate(timing.template, timing.arguments, SIGNATURE, H100)
        assert found is not None
        return found.seconds

    ranked = sorted(range(len(problem.timings)), key=expected)
    return problem.best / min(problem.timings[number].seconds for number in ranked[:tried])


def problems_of(cases: Sequence[Case]) -> Mapping[Case, Sequence[Problem]]:
    """The measured problems of each case that has some; a convolution may have been measured in two sweeps."""
    known = load()
    found = {case: [problem for problem in known if problem.name in names_of(case)] for case in cases}
    return {case: problems for case, problems in found.items() if problems}


def exhaustive_lines(cases: Sequence[Case], tried: Sequence[int]) -> Iterator[str]:
    """A table of what trying few kernels reaches of the best of all, and how many were measured for these cases."""
    found = problems_of(cases)
    problems = [problem for some in found.values() for problem in some]
    kernels = sum(len(problem.timings) for problem in problems)
    yield f"Against the best of all kernels: {len(found)} of these cases were measured before, {kernels} times in all"
    yield "(benchmarks/data/kernel_times_h100.jsonl). The fastest of the kernels that the cost model ranks first is:"
    yield ""
    rows: list[list[str]] = []
    for count in tried:
        parts = [part_of_best(problem, count) for problem in problems]
        rows.append([str(count), f"{statistics.fmean(parts):.3f}", f"{min(parts):.3f}"])
    yield from markdown(["kernels tried", "of the speed of the best, on average", "at worst"], rows)
