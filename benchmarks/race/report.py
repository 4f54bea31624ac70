"""The report of a benchmark: a table on the terminal and a results file."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence

from gpu_timing import machine, spread
from results_file import markdown, results_file
from rich.console import Console
from rich.table import Table

from race.benchmark import Benchmark
from race.row import BOLTIR, Row, lead

SLOWEST = 4
"""How many kernels are shown of what is behind."""
PACKAGES = ("torch", "triton", "nvidia-cutlass", "xdsl")

EXPLANATION = """\
± half the distance between the quartiles; fp16, random data; inputs and outputs rotate such that none is in the L2
cache when it is used, weights stay. Every contender's runs on all inputs are one CUDA graph, and the contenders take
their samples in turn. *torch.compile* is `max-autotune-no-cudagraphs`, the graph being captured as everyone's. */*
columns: how many times faster boltir is. *moved*: the bytes of inputs, weights and outputs. *of the memory roof*: what
they take at peak bandwidth, as a part of boltir's time; *of the limit*: that, or what the FLOPs take at peak rate if it
is longer. *kernels*: the launches of boltir's contenders. *error*: largest deviation from fp32, relative to the largest
output, of any contender."""


def contenders(benchmark: Benchmark) -> tuple[str, ...]:
    return (*benchmark.variants, *benchmark.rivals)


def columns(benchmark: Benchmark) -> tuple[str, ...]:
    names = contenders(benchmark)
    return (
        "subject",
        "what",
        "shapes",
        *(f"{name}, µs" for name in names),
        *(f"/ {name}" for name in names[1:]),
        "/ torch's best",
        "moved, MB",
        "of the memory roof",
        "of the limit",
        "kernels",
        "error",
    )


def cells(benchmark: Benchmark, row: Row) -> tuple[str, ...]:
    """The row's text, in the order of the columns."""
    names = contenders(benchmark)
    speedups = (row.speedup(others) for others in (*((name,) for name in names[1:]), benchmark.rivals))
    return (
        row.name,
        row.detail,
        row.shapes,
        *(_time(row.microseconds.get(name)) for name in names),
        *("-" if speedup is None else f"{speedup:.2f}" for speedup in speedups),
        f"{row.moved / 1e6:.1f}",
        *(
            f"{part / row.median(BOLTIR):.0%}" if BOLTIR in row.microseconds else "-"
            for part in (row.memory, row.limit)
        ),
        " / ".join(str(len(row.kernels.get(name, ()))) for name in benchmark.variants),
        f"WRONG: {', '.join(row.wrong)}" if row.wrong else f"{max(row.errors.values(), default=0.0):.1e}",
    )


def _time(samples: list[float] | None) -> str:
    return "-" if samples is None else f"{statistics.median(samples):.1f} ±{spread(samples):.1f}"


def means(benchmark: Benchmark, rows: Sequence[Row]) -> Iterator[str]:
    """Geometric means of boltir's lead over each other contender, by group."""
    others = {**{name: (name,) for name in contenders(benchmark)[1:]}, "torch's best": benchmark.rivals}
    for group in dict.fromkeys(row.group for row in rows):
        for name, rivals in others.items():
            text = lead(name, (row.speedup(rivals) for row in rows if row.group == group))
            if text:
                yield f"{group}: {text}"


def losses(rows: Iterable[Row]) -> Iterator[str]:
    """Each row in which boltir is behind, with its slowest kernels, and each absent contender with the reason."""
    for row in rows:
        if row.faster:
            slowest = sorted(row.kernels[BOLTIR], key=lambda kernel: -kernel[1])[:SLOWEST]
            kernels = "; ".join(f"`{template}` {time:.1f} µs" for template, time in slowest)
            yield f"**{row.title}** is behind {', '.join(row.faster)}; its slowest kernels, from the profile: {kernels}"
        for name, reason in row.absent.items():
            yield f"{row.title}: no {name}: {reason}"


def document(benchmark: Benchmark, rows: Sequence[Row]) -> str:
    """The results file."""
    samples = min((len(samples) for row in rows for samples in row.microseconds.values()), default=0)
    lines = [
        f"# {benchmark.title}",
        "",
        *(f"- {line}" for line in machine(PACKAGES)),
        f"- command: `PYTHONPATH=. python benchmarks/{benchmark.name}.py`",
        "",
        f"Medians of {samples} samples, {EXPLANATION}",
        "",
        benchmark.explanation,
        "",
        *(f"- {line}" for line in (*benchmark.findings(rows), *means(benchmark, rows))),
        "",
        *markdown(columns(benchmark), (cells(benchmark, row) for row in rows)),
        "",
        *(f"- {line}" for line in losses(rows)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def write_report(benchmark: Benchmark, console: Console, rows: Sequence[Row], *, save: bool) -> None:
    """Print the table; write the results file if it is to be kept."""
    table = Table(*columns(benchmark))
    for row in rows:
        table.add_row(*cells(benchmark, row), style="bold red" if row.wrong else "yellow" if row.faster else None)
    console.print(table)
    console.print(*benchmark.findings(rows), *means(benchmark, rows), *losses(rows), sep="\n", markup=False)
    if save and rows:
        path = results_file(benchmark.name)
        path.write_text(document(benchmark, rows))
        console.print(f"written to {path}")
