"""Tuning a network's kernels, for `bolt-tune`."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

from boltir.compiler import Network, lower, run_pipeline
from boltir.files import write_atomically
from boltir.profiler.database import Database
from boltir.profiler.key import Machine
from boltir.profiler.local import tuner_on
from boltir.profiler.measure import Backend
from boltir.profiler.options import TuningOptions
from boltir.profiler.problem import Problem, distinct_problems
from boltir.profiler.rankings import AskedProblems
from boltir.profiler.report import report_of
from boltir.profiler.tuner import TuningResult
from boltir.tools.console import TUNING_WIDTH, console_on
from boltir.tools.known_networks import file_digests, model_digest, remember_problems, remembered_problems
from boltir.tools.model_file import load_model, named_files, parse_input_shapes
from boltir.tools.tuning_page import tuning_page
from boltir.tools.tuning_progress import progress_on
from boltir.tools.tuning_table import print_ranking, print_summary


def tune_network(args: Namespace, database: Database, executor: Executor, backends: Sequence[Backend]) -> None:
    """Tune a network's kernels and print what was found.

    Raises:
        BoltError: the network cannot be lowered, there is no GPU, or no nvcc.
    """
    path, shapes = Path(args.what), parse_input_shapes(args.input_shape)
    digest = model_digest(path, args.dtype, *args.input_shape)
    options = TuningOptions(args.target, args.devices, args.top, args.budget, explains=args.report is not None)
    tuner = tuner_on(backends, database, executor, options)
    target = tuner.machine.target
    problems = remembered_problems(database, f"{digest} {target}", path.parent)
    if problems is None:
        network = load_model(path, shapes)
        files = file_digests(path.parent, named_files(path, network))
        problems = problems_of(network, target, args.dtype)
        remember_problems(database, f"{digest} {target}", files, problems)
    with progress_on(console_on(sys.stderr, TUNING_WIDTH), not args.quiet) as listener:
        result = tuner.tune(problems, listener)
    _report(args, tuner.machine, result)


def problems_of(network: Network, target: str, dtype: str) -> dict[Problem, int]:
    """The problems of a network, and how often each occurs.

    These are its kernels when what no template holds is taken apart, and the persistent kernels that may pay.

    Raises:
        BoltError: it cannot be lowered.
    """
    asked = AskedProblems()
    lowered = lower(network, "fused", target=target, dtype=dtype, templates="database", rankings=asked)
    run_pipeline(lowered, [f"select-templates{{target={target}}}"])
    return Counter(distinct_problems(lowered.module)) | asked.problems


def _report(args: Namespace, machine: Machine, result: TuningResult) -> None:
    report = report_of(machine, result.jobs)
    console = console_on(sys.stdout, TUNING_WIDTH)
    if args.report is not None:
        print_ranking(console, report)
    if not args.quiet:
        print_summary(console, report)
        if result.ended != "done":
            reason = "the budget is spent" if result.ended == "budget" else "interrupted"
            console.print(f"{reason}: this is the best so far; bolt-tune goes on where it ended")
    if args.report not in (None, "-"):
        write_atomically(Path(args.report), tuning_page(report))
