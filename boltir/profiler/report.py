"""What tuning found, as plain values: the ranked candidates of each problem against what the hardware could do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from boltir.dialects.cutlass.template import ParameterValue, TemplateAttr
from boltir.profiler.job import Job, Trial
from boltir.profiler.key import Machine
from boltir.profiler.measurement import Measurement

_SAME_FOR_ALL = ("math", "layout_a", "layout_b", "alignment_a", "alignment_b", "alignment_c", "instruction")
_USUAL = (("cluster", (1, 1, 1)), ("swizzle", 1), ("raster", 0))


@dataclass(frozen=True)
class ReportRow:
    """One candidate.

    Attributes:
        candidate: its template in some words.
        seconds: measured; None if it was not, or failed.
        estimate: seconds, by the cost model.
        status: `ok`, what went wrong in one word, or `not measured`.
        flop_rate: floating-point operations per second.
        bandwidth: bytes per second, each operand counted once.
        roof_part: the part of what tensor cores and device memory allow at best.
    """

    candidate: str
    seconds: float | None
    spread: float
    estimate: float
    status: str
    note: str
    flop_rate: float
    bandwidth: float
    roof_part: float


@dataclass(frozen=True)
class ReportProblem:
    """One problem with its candidates, the fastest first.

    Attributes:
        first: the measured seconds of the candidate that the cost model prefers; None if unknown.
        rejected: what is no candidate, and why.
        error: why nothing could be checked; empty otherwise.
    """

    summary: str
    count: int
    flops: int
    bytes: int
    rows: tuple[ReportRow, ...]
    first: float | None
    rejected: tuple[tuple[str, str], ...]
    error: str

    @property
    def best(self) -> ReportRow | None:
        """The candidate to choose."""
        return self.rows[0] if self.rows and self.rows[0].seconds is not None else None

    @property
    def wrong(self) -> list[ReportRow]:
        """The candidates whose results were wrong."""
        return [row for row in self.rows if row.status == "wrong"]


@dataclass(frozen=True)
class Report:
    """All problems on a machine, those that take most of a network's time first."""

    machine: Machine
    problems: tuple[ReportProblem, ...]


def report_of(machine: Machine, jobs: Sequence[Job]) -> Report:
    """The report of tuned problems that have candidates."""
    problems = [_problem(job) for job in jobs if job.trials or job.error]
    return Report(machine, tuple(sorted(problems, key=lambda problem: -_total_seconds(problem))))


def _total_seconds(problem: ReportProblem) -> float:
    return 0.0 if problem.best is None or problem.best.seconds is None else problem.count * problem.best.seconds


def _problem(job: Job) -> ReportProblem:
    known = job.measurements
    differing = _differing([trial.arguments for trial in job.trials])
    ranked = sorted(job.trials, key=lambda trial: _order(known.get(trial.text)))
    first = known.get(job.trials[0].text) if job.trials else None
    estimate = job.trials[0].estimate if job.trials else None
    return ReportProblem(
        summary=job.problem.summary,
        count=job.count,
        flops=0 if estimate is None else estimate.flops,
        bytes=0 if estimate is None else estimate.memory_bytes,
        rows=tuple(_row(trial, known.get(trial.text), differing) for trial in ranked),
        first=first.seconds if first is not None and first.is_ok else None,
        rejected=job.rejected,
        error=job.error,
    )


def _order(measurement: Measurement | None) -> tuple[int, float]:
    if measurement is None:
        return (1, 0.0)
    return (0, measurement.seconds) if measurement.is_ok else (2, 0.0)


def _row(trial: Trial, measurement: Measurement | None, differing: Sequence[str]) -> ReportRow:
    arguments = {name: trial.arguments[name] for name in differing}
    text, estimate = candidate_words(trial.template, arguments), trial.estimate
    if measurement is None or not measurement.is_ok:
        status, note = ("not measured", "") if measurement is None else (measurement.status.value, measurement.error)
        return ReportRow(text, None, 0.0, estimate.seconds, status, note, 0.0, 0.0, 0.0)
    seconds = measurement.seconds
    rates = (estimate.flops / seconds, estimate.memory_bytes / seconds, estimate.roof_seconds / seconds)
    return ReportRow(text, seconds, measurement.spread, estimate.seconds, "ok", "", *rates)


def candidate_words(template: TemplateAttr, arguments: Mapping[str, int]) -> str:
    """A candidate without what is the same for most: `gemm_sm90 128x128x64 pingpong slices 2`."""
    values = {name: value for name, value in template.values().items() if name not in _SAME_FOR_ALL}
    values = {name: value for name, value in values.items() if (name, value) not in _USUAL}
    return " ".join([template.family, *(_words(*item) for item in (*values.items(), *arguments.items()))])


def _words(name: str, value: ParameterValue) -> str:
    match value:
        case tuple():
            extents = "x".join(map(str, value))
            return extents if name in ("tile", "threadblock") else f"{name} {extents}"
        case str():
            return value
        case _:
            return f"{name} {value}"


def _differing(arguments: Sequence[Mapping[str, int]]) -> list[str]:
    """The launch integers that are not the same for all candidates."""
    names = dict.fromkeys(name for integers in arguments for name in integers)
    shared = [name for name in names if all(name in integers for integers in arguments)]
    return [name for name in shared if len({integers[name] for integers in arguments}) > 1]
