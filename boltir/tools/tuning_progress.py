"""What `bolt-tune` shows while it measures."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from boltir.profiler.measurement import Measurement, Status
from boltir.profiler.problem import Problem
from boltir.profiler.tuner import Listener, Progress, Silent


@dataclass
class ProgressBars:
    """Two bars, one for kernels that are built and one for candidates that are measured, with the time left."""

    console: Console
    bars: Bars
    building: TaskID
    measuring: TaskID

    def progress(self, progress: Progress) -> None:
        self.bars.update(self.building, completed=progress.built, total=progress.kernels)
        left = "" if progress.seconds_left is None else f"{clock(progress.seconds_left)} left"
        self.bars.update(self.measuring, completed=progress.measured, total=progress.trials, left=left)

    def measured(self, problem: Problem, candidate: str, measurement: Measurement) -> None:
        if measurement.status is Status.WRONG:
            message = f"WRONG RESULT: {candidate} on {problem.summary}: {measurement.error}"
            self.console.print(Text(message, style="bold red"))


@contextmanager
def progress_on(console: Console, show: bool) -> Generator[Listener]:
    """A listener that draws on `console` during the block, or one that does nothing."""
    if not show:
        yield Silent()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"))
    with Bars(*columns, console=console) as bars:
        tasks = [bars.add_task(name, total=None, left="") for name in ("kernels built", "candidates measured")]
        yield ProgressBars(console, bars, *tasks)


def clock(seconds: float) -> str:
    """`1:05` for 65 seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
