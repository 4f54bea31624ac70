"""What came of running a candidate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a measurement ended; only what is `ok` may be chosen."""

    OK = "ok"
    WRONG = "wrong"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    BUILD_FAILED = "build_failed"


MISDEEDS = (Status.WRONG, Status.CRASHED, Status.TIMEOUT)
"""What only a kernel that runs can do; for what does not compile, the compiler may be to blame."""


@dataclass(frozen=True)
class Measurement:
    """The time of one candidate on one problem, or why it has none.

    Attributes:
        seconds: the median over the samples of the time of one launch; 0 unless `ok`.
        spread: the distance between the quartiles of the samples, as a part of the median.
        samples: how many times were taken.
        error: what went wrong, on one line; empty if `ok`.
    """

    status: Status
    seconds: float = 0.0
    spread: float = 0.0
    samples: int = 0
    error: str = ""

    @property
    def is_ok(self) -> bool:
        return self.status is Status.OK
