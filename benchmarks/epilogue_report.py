"""The report of the epilogue benchmark: a table on the terminal and a results file."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gpu_timing import machine, spread
from results_file import markdown, results_file
from rich.console import Console
from rich.table import Table

FUSED, UNFUSED, LIBRARY, EAGER, COMPILED = CONTENDERS = (
    "boltir",
    "boltir unfused",
    "torch's fused call",
    "torch eager",
    "torch.compile",
)
PACKAGES = ("torch", "triton", "nvidia-cutlass", "xdsl")
TOLERANCE = 1e-2
"""Largest deviation from fp32 that counts as right, relative to the largest output: about one step of an i8."""


@dataclass
class Row:
    """One pair: microseconds per run of each contender.

    Attributes:
        shapes: of the first input and the first weight.
        microseconds: the samples of each contender that there is.
        errors: largest deviation from fp32 over inputs and outputs, relative to the largest value of the output.
        absent: why there is no such contender.
        limit: what bytes at peak bandwidth or FLOPs at peak rate take, whichever is longer.
        kernels: by boltir's contenders, the template and the microseconds of each launch, from the profile.
    """

    name: str
    epilogue: str
    shapes: str
    limit: float
    microseconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    errors: dict[str, float] = field(default_factory=dict[str, float])
    absent: dict[str, str] = field(default_factory=dict[str, str])
    kernels: dict[str, list[tuple[str, float]]] = field(default_factory=dict[str, list[tuple[str, float]]])

    @property
    def title(self) -> str:
        return f"{self.name}: {self.epilogue}"

    def median(self, contender: str) -> float:
        return statistics.median(self.microseconds[contender])

    def speedup(self, contender: str) -> float | None:
        """How many times faster boltir is than a contender; None if one of them is absent."""
        if not {FUSED, contender} <= self.microseconds.keys():
            return None
        return self.median(contender) / self.median(FUSED)

    @property
    def faster(self) -> list[str]:
        """The contenders that boltir loses to."""
        speedups = ((name, self.speedup(name)) for name in CONTENDERS[1:])
        return [name for name, speedup in speedups if speedup is not None and speedup < 1.0]

    @property
    def wrong(self) -> list[str]:
        """The contenders whose results are not those of fp32."""
        return [name for name, error in self.errors.items() if not error <= TOLERANCE]


COLUMNS = (
    "pair",
    "epilogue",
    "shapes",
    *(f"{name}, µs" for name in CONTENDERS),
    *(f"/ {name}" for name in CONTENDERS[1:]),
    "limit, µs",
    "of the limit",
    "kernels",
    "error",
)

EXPLANATION = """\
± half the distance between the quartiles; fp16, random data; inputs and outputs rotate such that none is in the L2
cache when it is used, weights stay. Every contender's runs on all inputs are one CUDA graph, and the contenders take
their samples in turn. *boltir unfused* is boltir without its fusing passes: the product or convolution alone, then
its tail as a kernel of its own. *torch's fused call* is one cuBLASLt or cuDNN call with the whole epilogue
(`F.linear`, `torch._addmm_activation` with its tanh GELU, `torch.addmm`, `torch.cudnn_convolution_relu`,
`_add_relu`). *torch.compile* is `max-autotune-no-cudagraphs`, the graph being captured as everyone's. */* columns:
how many times faster boltir is. *limit*: the bytes of inputs, weights and outputs at peak bandwidth or the FLOPs at
peak rate, whichever takes longer. *kernels*: boltir's launches, unfused and fused. *error*: largest deviation from
fp32, relative to the largest output, of any contender."""


def cells(row: Row) -> tuple[str, ...]:
    """The row's text, in the order of COLUMNS."""
    speedups = (row.speedup(name) for name in CONTENDERS[1:])
    of_limit = f"{row.limit / row.median(FUSED):.0%}" if FUSED in row.microseconds else "-"
    error = max(row.errors.values(), default=0.0)
    return (
        row.name,
        row.epilogue,
        row.shapes,
        *(_time(row.microseconds.get(name)) for name in CONTENDERS),
        *("-" if speedup is None else f"{speedup:.2f}" for speedup in speedups),
        f"{row.limit:.1f}",
        of_limit,
        " / ".join(str(len(row.kernels.get(name, ()))) for name in (UNFUSED, FUSED)),
        f"WRONG: {', '.join(row.wrong)}" if row.wrong else f"{error:.1e}",
    )


def _time(samples: list[float] | None) -> str:
    return "-" if samples is None else f"{statistics.median(samples):.1f} ±{spread(samples):.1f}"


def means(rows: Sequence[Row]) -> Iterator[str]:
    """Geometric means of boltir's lead over each other contender."""
    for name in CONTENDERS[1:]:
        speedups = [speedup for row in rows if (speedup := row.speedup(name)) is not None]
        if speedups:
            mean, won = statistics.geometric_mean(speedups), sum(speedup >= 1.0 for speedup in speedups)
            yield f"{mean:.2f} times faster than {name}: geometric mean of {len(speedups)}, ahead in {won}"


def losses(rows: Iterable[Row]) -> Iterator[str]:
    """Each row in which boltir is behind, with its kernels, and each absent contender with the reason."""
    for row in rows:
        if row.faster:
            kernels = "; ".join(f"`{template}` {time:.1f} µs" for template, time in row.kernels[FUSED])
            yield f"**{row.title}** is behind {', '.join(row.faster)}; its kernels, from the profile: {kernels}"
        for name, reason in row.absent.items():
            yield f"{row.title}: no {name}: {reason}"


def document(rows: Sequence[Row]) -> str:
    """The results file."""
    samples = min((len(samples) for row in rows for samples in row.microseconds.values()), default=0)
    lines = [
        "# Products and convolutions with their epilogues",
        "",
        *(f"- {line}" for line in machine(PACKAGES)),
        "- command: `PYTHONPATH=. python benchmarks/epilogue.py`",
        "",
        f"Medians of {samples} samples, {EXPLANATION}",
        "",
        *(f"- {line}" for line in means(rows)),
        "",
        *markdown(COLUMNS, map(cells, rows)),
        "",
        *(f"- {line}" for line in losses(rows)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def write_report(console: Console, rows: Sequence[Row], *, save: bool) -> None:
    """Print the table; write the results file if it is to be kept."""
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*cells(row), style="bold red" if row.wrong else "yellow" if row.faster else None)
    console.print(table)
    console.print(*means(rows), *losses(rows), sep="\n", markup=False)
    if save and rows:
        path = results_file("epilogue")
        path.write_text(document(rows))
        console.print(f"written to {path}")
