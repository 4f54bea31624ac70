"""The tables that `bolt-tune` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from boltir.profiler.candidate_text import parse_candidate
from boltir.profiler.database import Record
from boltir.profiler.key import Machine
from boltir.profiler.report import Report, ReportProblem, ReportRow, candidate_words
from boltir.target import Target


def print_summary(console: Console, report: Report) -> None:
    """One row per problem: what was chosen, and what measuring gained over the cost model's first choice."""
    table = _table("problem", "times", "µs", "TFLOP/s", "GB/s", "of roof", "gain", "chosen")
    for problem in report.problems:
        if problem.best is None:
            table.add_row(Text(problem.summary), str(problem.count), *[""] * 5, Text(_why_nothing(problem)))
            continue
        gain = "" if problem.first is None else f"{problem.first / (problem.best.seconds or 1):.2f}x"
        cells = (*_rates(problem.best), gain, Text(problem.best.candidate))
        table.add_row(Text(problem.summary), str(problem.count), *cells)
    console.print(table)
    print_totals(console, report)


def print_ranking(console: Console, report: Report) -> None:
    """Every candidate of every problem, and why others are none."""
    for problem in report.problems:
        console.print(Text(f"\n{problem.summary} ({problem.count} times)", style="bold"))
        if problem.error:
            console.print(Text(problem.error, style="red"))
        table = _table("candidate", "µs", "TFLOP/s", "GB/s", "of roof", "spread", "expected µs", "")
        for row in problem.rows:
            spread = "" if row.seconds is None else f"{100 * row.spread:.1f}%"
            state = Text(row.note or ("" if row.status == "ok" else row.status), style=_style(row))
            table.add_row(Text(row.candidate), *_rates(row), spread, f"{row.estimate * 1e6:.1f}", state)
        console.print(table)
        for reason, count in Counter(reason for _, reason in problem.rejected).most_common():
            console.print(Text(f"  {count} no candidates: {reason}", style="dim"))


def print_totals(console: Console, report: Report) -> None:
    """All kernels of a run added up, and every candidate whose result was wrong."""
    tuned = [problem for problem in report.problems if problem.best is not None and problem.first is not None]
    if tuned:
        best = sum(problem.count * (problem.best.seconds or 0) for problem in tuned if problem.best is not None)
        first = sum(problem.count * (problem.first or 0) for problem in tuned)
        totals = f"{best * 1e6:.1f} µs in all; the cost model's first choices: {first * 1e6:.1f} µs"
        console.print(f"chosen: {totals} ({first / best:.2f}x)")
    target = Target.named(report.machine.target)
    roof = f"{target.memory_bandwidth / 1e9:.0f} GB/s, {target.tensor_flops / 1e12:.0f} TFLOP/s"
    console.print(Text(f"measured on {report.machine.device}; roof: {target.example}, {roof}"))
    for problem in report.problems:
        for row in problem.wrong:
            message = f"WRONG RESULT: {row.candidate} on {problem.summary}: {row.note}"
            console.print(Text(message, style="bold red"))


def print_records(console: Console, records: Sequence[Record]) -> None:
    """What a database holds: one table per machine, one row per problem."""
    if not records:
        console.print("no measurements")
    machines: dict[Machine, dict[str, list[Record]]] = {}
    for record in records:
        problems = machines.setdefault(record.key.machine, {})
        problems.setdefault(record.key.digest, []).append(record)
    for machine, problems in machines.items():
        console.print(Text(f"{machine.device} ({machine.target}); {machine.versions}", style="bold"))
        table = _table("problem", "candidates", "failed", "best µs", "best")
        for group in problems.values():
            table.add_row(Text(group[0].key.summary), *_known(group))
        console.print(table)


def _known(group: Sequence[Record]) -> tuple[str, str, str, Text]:
    """How many candidates of a problem are known, how many failed, and the best."""
    right = [record for record in group if record.measurement.is_ok]
    failed = str(len(group) - len(right)) if len(right) < len(group) else ""
    if not right:
        return (str(len(group)), failed, "", Text(""))
    best = min(right, key=lambda record: record.measurement.seconds)
    candidate = parse_candidate(best.candidate)
    words = "of another version" if candidate is None else candidate_words(candidate[0], {})
    return (str(len(group)), failed, f"{best.measurement.seconds * 1e6:.2f}", Text(words))


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name in columns:
        is_number = any(unit in name for unit in ("µs", "/s", "of roof", "gain", "times", "spread", "failed"))
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    return table


def _rates(row: ReportRow) -> tuple[str, str, str, str]:
    if row.seconds is None:
        return ("", "", "", "")
    rates = (f"{row.flop_rate / 1e12:.1f}", f"{row.bandwidth / 1e9:.0f}", f"{100 * row.roof_part:.0f}%")
    return (f"{row.seconds * 1e6:.2f}", *rates)


def _style(row: ReportRow) -> str:
    return {"ok": "", "not measured": "dim", "wrong": "bold red"}.get(row.status, "yellow")


def _why_nothing(problem: ReportProblem) -> str:
    if problem.error:
        return problem.error
    failed = [row for row in problem.rows if row.status != "not measured"]
    return "nothing was measured" if not failed else f"every candidate failed: {failed[0].note}"
