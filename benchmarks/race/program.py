"""The command line of a benchmark: each subject has a process of its own; all compile at once, then measure in turn."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from turns import Turns, wait_for_turn

from boltir.profiler.first_check import FirstCheck
from boltir.target import Target
from race.benchmark import Benchmark
from race.subject import Subject
from race.variants import TARGET, build_artifacts, compile_kernels, lower_all


@dataclass(frozen=True)
class Program:
    """A benchmark, or some subjects of it."""

    benchmark: Benchmark
    subjects: Sequence[Subject]

    def build_only(self) -> None:
        """Compile what boltir needs, and show what it chose."""
        networks = lower_all(self.benchmark, self.subjects)
        table = Table("subject", "what", "contender", "kernels")
        for (subject, contender), network in networks.items():
            kernels = (str(op.properties["template"]) for op in network.module.ops if op.name == "cutlass.kernel")
            table.add_row(subject.name, subject.detail, contender, "\n".join(dict.fromkeys(kernels)))
        Console(width=200).print(table)
        print(f"{compile_kernels(networks, show_progress=True)} kernels compiled")

    def measure_all(self, work: Path) -> None:
        """Compile everything at the same time, then measure one subject after the other."""
        os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # there are processes for every core
        command = [sys.executable, sys.argv[0], "--work", str(work), "--measure"]
        with Turns({subject.slug: [*command, subject.slug] for subject in self.subjects}) as turns:
            check = FirstCheck.opened(work / "checked.db", Target.named(TARGET))
            build_artifacts(lower_all(self.benchmark, self.subjects, check), work)
            turns.measure()

    def measure(self, slug: str, work: Path) -> None:
        """Compile with torch, wait for the turn, and leave the subject's row in `work`."""
        from race.race import Race, compiled_in_time
        from race.row import COMPILED

        subject = next(subject for subject in self.subjects if subject.slug == slug)
        compiled, reason = compiled_in_time(self.benchmark, subject, work)
        wait_for_turn()
        race = Race.on_random_inputs(self.benchmark, subject)
        if reason:
            race.row.absent[COMPILED] = reason
        race.enter_torch(compiled)
        race.enter_boltir(work)
        (work / f"{slug}.json").write_text(json.dumps(asdict(race.run())))

    def report(self, work: Path, *, save: bool) -> int:
        """Show the rows that were measured; returns how many are missing or wrong."""
        from race.report import write_report
        from race.row import Row

        files = [work / f"{subject.slug}.json" for subject in self.subjects]
        loaded: list[dict[str, Any]] = [json.loads(file.read_text()) for file in files if file.exists()]
        rows = [Row(**row) for row in loaded]
        write_report(self.benchmark, Console(width=250), rows, save=save)
        return len(files) - len(rows) + sum(bool(row.wrong) for row in rows)


def main(benchmark: Benchmark) -> int:
    """Run a benchmark with the arguments of this process; returns its exit status."""
    parser = argparse.ArgumentParser(description=benchmark.title)
    add = parser.add_argument
    add("--only", nargs="+", default=[""], metavar="TEXT", help="subjects with one of these in their name")
    add("--build-only", action="store_true", help="compile boltir's kernels into the cache and stop; needs no GPU")
    add("--no-save", action="store_true", help="do not write benchmarks/results")
    add("--work", type=Path, help="keep artifacts and rows here")
    add("--measure", metavar="NAME", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    subjects = [subject for subject in benchmark.subjects if any(text in subject.slug for text in arguments.only)]
    program = Program(benchmark, subjects)
    if arguments.build_only:
        program.build_only()
        return 0
    if arguments.measure is not None:
        program.measure(arguments.measure, arguments.work)
        return 0
    with tempfile.TemporaryDirectory(prefix=f"boltir-{benchmark.name}-") as scratch:
        work: Path = arguments.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        program.measure_all(work)
        return min(program.report(work, save=not arguments.no_save), 1)
