"""The HTML page of `bolt-tune --report`: a roofline plot and the ranked tables, in one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from boltir.profiler.report import Report, ReportProblem, ReportRow
from boltir.target import Target

WIDTH, HEIGHT = 880, 420  # of the plot, in pixels
LEFT, RIGHT, TOP, BOTTOM = 64, 28, 16, 44  # margins


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis from `low` to `high`, at the pixels `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of `value`."""
        part = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return round(self.start + part * (self.end - self.start), 1)

    def ticks(self) -> list[tuple[float, str]]:
        """Pixels and labels of the powers of ten."""
        exponents = range(round(log10(self.low)), round(log10(self.high)) + 1)
        return [(self.at(10.0**exponent), f"{10.0**exponent:g}") for exponent in exponents]


@dataclass(frozen=True)
class Point:
    """A measured candidate in the plot; `label` is shown when the pointer is on it."""

    x: float
    y: float
    label: str
    best: bool


@dataclass(frozen=True)
class Roofline:
    """The plot of Williams et al., CACM 2009: FLOP/s over FLOP per byte, below what memory and arithmetic allow."""

    x: Axis
    y: Axis
    roof: tuple[tuple[float, float], ...]
    points: tuple[Point, ...]

    @property
    def roof_path(self) -> str:
        """The roof, as SVG's `points`."""
        return " ".join(f"{x},{y}" for x, y in self.roof)


def roofline(report: Report) -> Roofline:
    """The plot of all measured candidates."""
    target = Target.named(report.machine.target)
    peak, bandwidth = target.tensor_flops, target.memory_bandwidth
    measured = [(problem, row) for problem in report.problems for row in problem.rows if _is_point(problem, row)]
    intensities = [problem.flops / problem.bytes for problem, _ in measured]
    x = _axis([*intensities, peak / bandwidth], LEFT, WIDTH - RIGHT)
    y = _axis([*(row.flop_rate / 1e12 for _, row in measured), peak / 1e12], HEIGHT - BOTTOM, TOP)
    knees = (max(x.low, y.low * 1e12 / bandwidth), peak / bandwidth, x.high)
    roof = tuple((x.at(knee), y.at(min(peak, bandwidth * knee) / 1e12)) for knee in knees)
    points = [
        Point(x.at(intensity), y.at(row.flop_rate / 1e12), _label(problem, row), row is problem.best)
        for intensity, (problem, row) in zip(intensities, measured, strict=True)
    ]
    return Roofline(x, y, roof, tuple(sorted(points, key=lambda point: point.best)))


def tuning_page(report: Report) -> str:
    """The page; all text of models, databases and devices is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("boltir.tools"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    target = Target.named(report.machine.target)
    plot = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    template = environment.get_template("tuning.html.jinja")
    return template.render(report=report, target=target, roofline=roofline(report), plot=plot)


def _is_point(problem: ReportProblem, row: ReportRow) -> bool:
    return row.seconds is not None and problem.flops > 0 and problem.bytes > 0


def _axis(values: Sequence[float], start: float, end: float) -> Axis:
    """From the power of ten below all values to the one above."""
    low, high = 10.0 ** floor(log10(min(values))), 10.0 ** (floor(log10(max(values))) + 1)
    return Axis(low, high, start, end)


def _label(problem: ReportProblem, row: ReportRow) -> str:
    seconds = (row.seconds or 0.0) * 1e6
    rate, part = row.flop_rate / 1e12, 100 * row.roof_part
    return f"{problem.summary}\n{row.candidate}\n{seconds:.2f} µs, {rate:.1f} TFLOP/s, {part:.0f}% of the roof"
