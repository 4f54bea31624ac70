"""What one benchmark is made of."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from race.row import TORCH, Row
from race.subject import Subject

TorchFormula = Callable[..., tuple[Any, ...]]
"""From inputs and weights to outputs."""


@dataclass(frozen=True)
class Benchmark:
    """Subjects, and who races on them.

    Attributes:
        name: of its program and of its results file.
        title: the heading of the results.
        explanation: what the variants and torch's fused calls are.
        subjects: in the order of the table.
        variants: boltir's contenders, each with its pass specs from the graph to a planned module; `boltir` is first.
        torch: the module with torch's formulas, by the names of the subjects': `FORMULAS`, as a user would write them,
            and `OWN_FUSED`, calls of cuBLASLt and cuDNN with whole epilogues, which some do not have.
        findings: what the rows come to, besides the means.
        rivals: torch's contenders; torch eager is one.
    """

    name: str
    title: str
    explanation: str
    subjects: tuple[Subject, ...]
    variants: Mapping[str, tuple[str, ...]]
    torch: str
    findings: Callable[[Sequence[Row]], Iterable[str]]
    rivals: tuple[str, ...] = TORCH

    def torch_formula(self, subject: Subject) -> TorchFormula:
        return self._formulas("FORMULAS")[subject.formula.__name__]

    def own_fused(self, subject: Subject) -> TorchFormula | None:
        """torch's calls of its libraries' fused kernels; None if there are none for this."""
        return self._formulas("OWN_FUSED").get(subject.formula.__name__)

    def _formulas(self, name: str) -> Mapping[str, TorchFormula]:
        return getattr(importlib.import_module(self.torch), name)


def no_findings(rows: Sequence[Row]) -> Iterable[str]:
    """For a benchmark whose means say it all."""
    del rows
    return ()
