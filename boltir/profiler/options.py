"""How to tune."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DEFAULT_TOP = 10
"""How many of the candidates that the cost model thinks fastest are measured."""


@dataclass(frozen=True)
class TuningOptions:
    """How to tune.

    Attributes:
        target: the architecture to compile for; None for the GPU's.
        devices: the GPUs to measure on, which are all of one kind.
        top: candidates per problem.
        budget: seconds; None for as long as it takes.
        explains: whether to say of what is no candidate why, also where enough has been measured already.
    """

    target: str | None = None
    devices: Sequence[int] = (0,)
    top: int = DEFAULT_TOP
    budget: float | None = None
    explains: bool = False
