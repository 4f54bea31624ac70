"""Measures nothing but the templates that are chosen already, for the persistent kernels of a network."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from boltir.cost_model import estimate
from boltir.dialects.cutlass import ChoiceAttr
from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.fused import ChainOp
from boltir.errors import BoltError
from boltir.lowering.fused_to_cutlass.chains.candidates import ChainCandidate
from boltir.lowering.fused_to_cutlass.chains.problem import chain_instructions, chain_signature
from boltir.profiler.candidates import Candidates
from boltir.profiler.database import Database
from boltir.profiler.executors import building_on
from boltir.profiler.local import TuningOptions, open_tuner
from boltir.profiler.locations import with_folder
from boltir.profiler.measurement import Measurement, Status
from boltir.profiler.problem import Problem
from boltir.target import Target


@dataclass
class Checked:
    """What chains' templates did on random data, and why others could not be run."""

    measurements: dict[Problem, Measurement] = field(default_factory=dict[Problem, Measurement])
    not_run: dict[Problem, str] = field(default_factory=dict[Problem, str])


def measure_chosen(chains: Iterable[tuple[ChainOp, ChoiceAttr]], path: Path, target: Target) -> Checked:
    """What each chain's template does on random data, which the database at `path` remembers.

    Raises:
        BoltError: there is no GPU that runs the target, or no nvcc.
        KeyboardInterrupt: as it says; what was measured by then is in the database.
    """
    candidates = {Problem.of(op): _chosen(op, choice, target) for op, choice in chains}
    with ExitStack() as stack:
        database = stack.enter_context(Database(with_folder(path)))
        executor = stack.enter_context(building_on(None))
        options = TuningOptions(target.name)
        tuner = stack.enter_context(open_tuner(database, executor, options, lambda problem, _: candidates[problem]))
        result = tuner.tune(dict.fromkeys(candidates, 1))
    if result.ended == "interrupted":
        raise KeyboardInterrupt
    checked = Checked()
    for job in result.jobs:
        if job.error:
            checked.not_run[job.problem] = job.error
            continue
        if not job.trials:
            error = "; ".join(reason for _, reason in job.rejected)
            checked.measurements[job.problem] = Measurement(Status.BUILD_FAILED, error=error)
        for trial in job.trials:
            checked.measurements[job.problem] = job.measurements[trial.text]
    return checked


def _chosen(chain: ChainOp, choice: ChoiceAttr, target: Target) -> Candidates:
    template, integers = choice.template_attr, choice.integers
    anchors = chain.anchors
    expected = estimate(template, integers, chain_signature(anchors), target, chain_instructions(anchors))
    if expected is None or not isinstance(template, ChainAttr):
        raise BoltError("it is no template of a chain", where=template.family)
    return Candidates((ChainCandidate(template, integers, expected),), ())
