"""How good the cost model is on measured data.

python benchmarks/cost_model.py            # a table per kind of problem
python benchmarks/cost_model.py --worst 10 # and the problems whose first choice is furthest from the best

No GPU: the measurements are those of kernel_times.py. For each problem the model ranks the measured kernels; its first
choice is compared with the fastest of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import log
from statistics import fmean

from kernel_times import SIGNATURE, SWEEPS_APART, Problem, Timing, load

from boltir.cost_model import estimate
from boltir.dialects.cutlass.sm90 import Sm90Attr
from boltir.target import Target

H100 = Target.named("sm_90a")
CLOSE = 0.15
"""How much longer than the best a good first choice may take."""
BETWEEN_LAUNCHES = 0.9e-6
"""Seconds more that each launch took where it began after the one before had ended: measured on 1,100 kernels."""

Model = Callable[[Timing], float | None]


@dataclass(frozen=True)
class Judgement:
    """What a model makes of one problem.

    Attributes:
        chosen: the kernel it ranks first.
        loss: how much longer than the best that takes: 0.1 is 10%.
        error: by what factor it is wrong on average, over the kernels that take less than 1.5 of the best: 0.1 is 10%.
    """

    problem: Problem
    chosen: Timing
    loss: float
    error: float


def cost_model(timing: Timing) -> float | None:
    """boltir's estimate."""
    estimated = estimate(timing.template, timing.arguments, SIGNATURE, H100)
    return None if estimated is None else estimated.seconds


def judge(problem: Problem, model: Model, timings: Iterable[Timing]) -> Judgement | None:
    """How `model` ranks `timings` of `problem`; None if it says nothing of any."""
    estimates = [(seconds, timing) for timing in timings if (seconds := model(timing)) is not None]
    if not estimates:
        return None
    _, chosen = min(estimates, key=lambda pair: pair[0])
    near = [(seconds, _in_a_stream(t, problem)) for seconds, t in estimates if t.seconds < 1.5 * problem.best]
    error = fmean(abs(log(seconds / measured)) for seconds, measured in near) if near else 0.0
    return Judgement(problem, chosen, chosen.seconds / problem.best - 1, error)


def _in_a_stream(timing: Timing, problem: Problem) -> float:
    """What the launch would take where the next one overlaps it, which is what the model says of 3.x."""
    apart = problem.sweep in SWEEPS_APART and is_hopper(timing)
    return timing.seconds - (BETWEEN_LAUNCHES if apart else 0.0)


def part_close(judgements: Iterable[Judgement]) -> float:
    """The part of the problems whose first choice is close to the best."""
    losses = [judgement.loss for judgement in judgements]
    return sum(loss <= CLOSE for loss in losses) / len(losses)


def is_product(problem: Problem) -> bool:
    return problem.operation == "gemm"


def is_hopper(timing: Timing) -> bool:
    return isinstance(timing.template, Sm90Attr)


def groups(problems: Iterable[Problem], model: Model) -> dict[str, list[Judgement]]:
    """Judgements on products and convolutions, by all kernels and by those of CUTLASS 2.x alone."""
    found: dict[str, list[Judgement]] = {}
    for problem in problems:
        kind = f"{'products' if is_product(problem) else 'convolutions'}, sweep {problem.sweep}"
        two = [timing for timing in problem.timings if not is_hopper(timing)]
        alone = Problem(problem.name, problem.operation, problem.sweep, problem.torch_seconds, tuple(two))
        for name, part in ((f"{kind}, all kernels", problem), (f"{kind}, 2.x only", alone)):
            judgement = judge(part, model, part.timings)
            if judgement is not None:
                found.setdefault(name, []).append(judgement)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="list the N worst first choices")
    options = parser.parse_args()
    found = groups(load(), cost_model)
    print(f"| first choice | problems | within {CLOSE:.0%} | longer on average | at worst | estimates wrong by |")
    print("|---|---|---|---|---|---|")
    for name, judgements in sorted(found.items()):
        losses = [judgement.loss for judgement in judgements]
        error = fmean(judgement.error for judgement in judgements)
        figures = f"{part_close(judgements):.1%} | {fmean(losses):.1%} | {max(losses):.0%} | {error:.0%}"
        print(f"| {name} | {len(losses)} | {figures} |")
    everything = [judgement for name, judgements in found.items() if "all" in name for judgement in judgements]
    print(
        f"\nThe first choice is within {CLOSE:.0%} of the best for {part_close(everything):.1%} of {len(everything)}."
    )
    for judgement in sorted(everything, key=lambda judgement: -judgement.loss)[: options.worst]:
        best = min(judgement.problem.timings, key=lambda timing: timing.seconds)
        print(f"\n{judgement.loss:.0%} {judgement.problem.name}")
        for role, timing in (("chosen", judgement.chosen), ("best", best)):
            estimated = cost_model(timing) or 0.0
            times = f"{1e6 * timing.seconds:.1f} us, estimated {1e6 * estimated:.1f}"
            print(f"  {role} {timing.template} {timing.arguments.get('slices', '')}: {times}")


if __name__ == "__main__":
    main()
