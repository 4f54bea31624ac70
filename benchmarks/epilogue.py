"""What epilogue fusion is worth: products and convolutions of real networks with what follows them, on one GPU.

Run by hand, from the root of the repository, on an otherwise idle machine that has torch:

    PYTHONPATH=. python benchmarks/epilogue.py --build-only     # compiles boltir's kernels into the cache; needs no GPU
    PYTHONPATH=. python benchmarks/epilogue.py [--only TEXT ...] [--no-save]

Compares boltir with itself without fusion, with torch's own fused calls, with torch eager and with torch.compile. Each
pair has a process of its own; all compile at once, then they measure one after the other. Every result is checked
against fp32. Prints a table and writes it to benchmarks/results/epilogue-<date>.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from epilogue_boltir import build_artifacts, compile_kernels, lower_all
from epilogue_pairs import PAIRS, Pair
from rich.console import Console
from rich.table import Table


def build_only(pairs: Sequence[Pair]) -> None:
    """Compile what boltir needs, and show what it chose."""
    networks = lower_all(pairs)
    table = Table("pair", "epilogue", "variant", "kernels")
    for (pair, variant), network in networks.items():
        kernels = (str(op.properties["template"]) for op in network.module.ops if op.name == "cutlass.kernel")
        table.add_row(pair.name, pair.epilogue, variant, "\n".join(kernels))
    Console(width=200).print(table)
    compiled = compile_kernels(networks.values(), show_progress=True)
    print(f"{compiled} kernels compiled")


def measure_all(pairs: Sequence[Pair], work: Path) -> None:
    """Compile everything at the same time, then measure pair by pair."""
    from turns import Turns

    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # there are processes for every core
    command = [sys.executable, __file__, "--work", str(work), "--measure"]
    with Turns({pair.slug: [*command, pair.slug] for pair in pairs}) as turns:
        build_artifacts(pairs, work)
        turns.measure()


def measure(pair: Pair, work: Path) -> None:
    """Compile with torch, wait for the turn, and leave the pair's row in `work`."""
    from epilogue_race import Race, compiled_in_time
    from turns import wait_for_turn

    compiled, reason = compiled_in_time(pair, work)
    wait_for_turn()
    race = Race.on_random_inputs(pair)
    if compiled is None:
        race.row.absent["torch.compile"] = reason
    race.enter_torch(compiled)
    race.enter_boltir(work)
    (work / f"{pair.slug}.json").write_text(json.dumps(asdict(race.run())))


def report(pairs: Sequence[Pair], work: Path, *, save: bool) -> int:
    """Show the rows that were measured; returns how many are missing or wrong."""
    from epilogue_report import Row, write_report

    files = [work / f"{pair.slug}.json" for pair in pairs]
    loaded: list[dict[str, Any]] = [json.loads(file.read_text()) for file in files if file.exists()]
    rows = [Row(**row) for row in loaded]
    write_report(Console(width=250), rows, save=save)
    return len(files) - len(rows) + sum(bool(row.wrong) for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description="Times products and convolutions with their epilogues on the GPU.")
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="pairs with one of these in their name")
    parser.add_argument("--build-only", action="store_true", help="compile boltir's kernels and stop")
    parser.add_argument("--no-save", action="store_true", help="do not write benchmarks/results")
    parser.add_argument("--work", type=Path, help="keep artifacts and rows here")
    parser.add_argument("--measure", metavar="NAME", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    pairs = [pair for pair in PAIRS if any(text in pair.slug for text in arguments.only)]
    if arguments.build_only:
        build_only(pairs)
        return 0
    if arguments.measure is not None:
        measure(next(pair for pair in PAIRS if pair.slug == arguments.measure), arguments.work)
        return 0
    with tempfile.TemporaryDirectory(prefix="boltir-epilogue-") as scratch:
        work: Path = arguments.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        measure_all(pairs, work)
        return min(report(pairs, work, save=not arguments.no_save), 1)


if __name__ == "__main__":
    sys.exit(main())
