"""The report of the end-to-end benchmark: a table on the terminal, a results file, a plot."""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gpu_timing import machine, spread
from results_file import markdown, results_file
from rich.console import Console
from rich.table import Table

from tests.support.torch_networks import Size

CONTENDERS = ("boltir", "torch eager + CUDA graph", "torch.compile")
PACKAGES = ("torch", "torchvision", "timm", "transformers", "triton", "nvidia-cutlass", "xdsl")


@dataclass
class Row:
    """One network at one size: milliseconds per run of each contender.

    Attributes:
        milliseconds: the samples of each contender.
        errors: largest deviation from fp32 over the inputs, relative to the largest output.
        floor: what the launches would take at peak bandwidth or peak FLOP/s, whichever is slower for each.
        kernels: (name and graph operations, launches, milliseconds) of boltir's slowest kernels.
    """

    network: str
    size: Size
    milliseconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    errors: dict[str, float] = field(default_factory=dict[str, float])
    floor: float = 0.0
    kernels: list[tuple[str, int, float]] = field(default_factory=list[tuple[str, int, float]])

    @property
    def name(self) -> str:
        return f"{self.network} {'x'.join(map(str, self.size))}"

    def median(self, contender: str) -> float:
        return statistics.median(self.milliseconds[contender])

    @property
    def ahead(self) -> bool:
        """Whether boltir is faster than every other contender."""
        return self.median("boltir") <= min(self.median(name) for name in CONTENDERS[1:])


COLUMNS = ("network", "size", *(f"{name}, ms" for name in CONTENDERS), "ahead by", "floor, ms", "of the floor", "error")


EXPLANATION = """\
± half the distance between the quartiles; fp16, random weights. Torch reads fp16 channels-last images; boltir reads the
exported network's fp32 NCHW, and its conversion counts. *ahead by* compares with the faster of torch's two; *floor* is
each launch's bytes over peak bandwidth or its FLOPs over peak rate, whichever is longer, summed; *error* is the largest
deviation from fp32 relative to the largest output."""


def cells(row: Row) -> tuple[str, ...]:
    """The row's text, in the order of COLUMNS."""
    best = min(row.median(name) for name in CONTENDERS[1:])
    return (
        row.network,
        "x".join(map(str, row.size)),
        *(f"{row.median(name):.3f} ±{spread(row.milliseconds[name]):.3f}" for name in CONTENDERS),
        f"{best / row.median('boltir'):.2f}x",
        f"{row.floor:.3f}",
        f"{row.floor / row.median('boltir'):.0%}",
        " / ".join(f"{row.errors[name]:.1e}" for name in CONTENDERS),
    )


def _behind(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        if row.ahead:
            continue
        yield f"**{row.name}** is behind; its slowest kernels, from the profile:"
        yield ""
        yield from markdown(("kernel", "launches", "ms"), ((f, str(n), f"{ms:.3f}") for f, n, ms in row.kernels))
        yield ""


def document(rows: Sequence[Row], plot: str) -> str:
    """The results file."""
    lines = [
        "# Whole networks, end to end",
        "",
        *(f"- {line}" for line in machine(PACKAGES)),
        "- command: `PYTHONPATH=. python benchmarks/end_to_end.py`",
        "",
        f"Median of {len(rows[0].milliseconds['boltir'])} samples,",
        EXPLANATION,
        "",
        *markdown(COLUMNS, map(cells, rows)),
        "",
        f"![how many times faster boltir is]({plot})",
        "",
        *_behind(rows),
    ]
    return "\n".join(lines).rstrip() + "\n"


def draw(rows: Sequence[Row], path: Path) -> None:
    """Bars: how many times faster boltir is than each other contender."""
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(figsize=(11, 4.5), layout="constrained")
    for index, name in enumerate(CONTENDERS[1:]):
        places = [number + 0.4 * (index - 0.5) for number in range(len(rows))]
        bars = axes.bar(places, [row.median(name) / row.median("boltir") for row in rows], width=0.38, label=name)
        axes.bar_label(bars, fmt="%.2f", fontsize=7)
    axes.axhline(1.0, color="black", linewidth=0.8)
    axes.set_xticks(range(len(rows)), [row.name for row in rows], rotation=35, ha="right", fontsize=8)
    axes.set_ylabel("time / boltir's time")
    axes.legend()
    figure.savefig(path, dpi=120)


def write_report(console: Console, rows: Sequence[Row], *, save: bool) -> None:
    """Print the table; write results file and plot if they are to be kept."""
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*cells(row), style=None if row.ahead else "yellow")
    console.print(table)
    for row in rows:
        if not row.ahead:
            console.print(f"{row.name} is behind:", *(f"{f} x{n} {ms:.3f} ms;" for f, n, ms in row.kernels))
    if not save or not rows:
        return
    path, plot = results_file("end_to_end"), results_file("end_to_end", "png")
    draw(rows, plot)
    path.write_text(document(rows, plot.name))
    console.print(f"written to {path}")
