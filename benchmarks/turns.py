"""Processes that prepare at the same time and measure one after the other: nothing disturbs what is measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.progress import Progress

READY = "ready to measure\n"
LIMIT = 90.0
"""Seconds that a process may measure: a kernel that hangs costs only its own rows."""


def wait_for_turn() -> None:
    """In a process: say that it is ready, and wait until the others have measured."""
    print(READY, end="", flush=True)
    sys.stdin.readline()


@dataclass
class Turns:
    """The processes, by name; they end with the block.

    Attributes:
        commands: what each process runs; it calls `wait_for_turn` once.
    """

    commands: Mapping[str, Sequence[str]]
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict[str, subprocess.Popen[str]])

    def __enter__(self) -> Self:
        for name, command in self.commands.items():
            self.processes[name] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()

    def measure(self) -> None:
        """Wait until all are ready, then let one after the other measure."""
        with Progress(transient=True) as progress:
            preparing = progress.add_task("preparing", total=len(self.processes))
            for process in self.processes.values():
                assert process.stdout is not None
                while line := process.stdout.readline():
                    if line == READY:
                        break
                progress.advance(preparing)
            measuring = progress.add_task("measuring", total=len(self.processes))
            for name, process in self.processes.items():
                try:
                    process.communicate("\n", timeout=LIMIT)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
                if process.returncode != 0:
                    print(f"{name} failed or took too long: rows of it are missing", file=sys.stderr)
                progress.advance(measuring)
