"""How the benchmarks write what they measured: Markdown in benchmarks/results, named by date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def results_file(benchmark: str, suffix: str = "md") -> Path:
    """Where today's results of a benchmark go."""
    return RESULTS / f"{benchmark}-{datetime.now(UTC):%Y-%m-%d}.{suffix}"


def markdown(header: Sequence[str], body: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table."""
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for line in body:
        yield "| " + " | ".join(line) + " |"
