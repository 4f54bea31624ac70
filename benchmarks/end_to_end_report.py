"""The report of the end-to-end benchmark: a table on the terminal, a results file, a plot."""

from __future__ import annotations

import importlib
import platform
import statistics
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

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
        *(f"{row.median(name):.3f} ±{_spread(row.milliseconds[name]):.3f}" for name in CONTENDERS),
        f"{best / row.median('boltir'):.2f}x",
        f"{row.floor:.3f}",
        f"{row.floor / row.median('boltir'):.0%}",
        " / ".join(f"{row.errors[name]:.1e}" for name in CONTENDERS),
    )


def _spread(samples: Sequence[float]) -> float:
    """Half the distance between the quartiles."""
    low, _, high = statistics.quantiles(samples, n=4)
    return (high - low) / 2


def _machine() -> Iterator[str]:
    torch: Any = importlib.import_module("torch")
    query = ("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader", "--id=0")
    driver = subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()
    yield f"device: {torch.cuda.get_device_name()}, driver {driver}, CUDA {torch.version.cuda}"
    yield f"date: {datetime.now(UTC):%Y-%m-%d}; Python {platform.python_version()}"
    yield "versions: " + ", ".join(f"{package} {version(package)}" for package in PACKAGES)


def _behind(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        if row.ahead:
            continue
        yield f"**{row.name}** is behind; its slowest kernels, from the profile:"
        yield ""
        yield from _markdown(("kernel", "launches", "ms"), ((f, str(n), f"{ms:.3f}") for f, n, ms in row.kernels))
        yield ""


def _markdown(header: Sequence[str], body: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for line in body:
        yield "| " + " | ".join(line) + " |"


def document(rows: Sequence[Row], plot: str) -> str:
    """The results file."""
    lines = [
        "# Whole networks, end to end",
        "",
        *(f"- {line}" for line in _machine()),
        "- command: `PYTHONPATH=. python benchmarks/end_to_end.py`",
        "",
        f"Median of {len(rows[0].milliseconds['boltir'])} samples,",
        EXPLANATION,
        "",
        *_markdown(COLUMNS, map(cells, rows)),
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


def write_report(console: Console, rows: Sequence[Row], folder: Path | None) -> None:
    """Print the table; write results file and plot into `folder`, if there is one."""
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*cells(row), style=None if row.ahead else "yellow")
    console.print(table)
    for row in rows:
        if not row.ahead:
            console.print(f"{row.name} is behind:", *(f"{f} x{n} {ms:.3f} ms;" for f, n, ms in row.kernels))
    if folder is None or not rows:
        return
    stem = f"end_to_end-{datetime.now(UTC):%Y-%m-%d}"
    draw(rows, folder / f"{stem}.png")
    (folder / f"{stem}.md").write_text(document(rows, f"{stem}.png"))
    console.print(f"written to {folder / stem}.md")
