"""Compiler processes that an interrupted build takes with it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from weakref import WeakSet


@dataclass(eq=False)
class CompilerProcesses:
    """Runs commands from several threads and can end all of them, with their children."""

    _running: set[subprocess.Popen[str]] = field(default_factory=set[subprocess.Popen[str]])
    _lock: Lock = field(default_factory=Lock)
    _ended: bool = False

    def __post_init__(self) -> None:
        _in_use.add(self)

    def run(self, command: Sequence[str], folder: Path) -> tuple[int, str]:
        """Run `command` in `folder`; returns its exit status and all it printed."""
        with self._lock:
            if self._ended:
                return -signal.SIGTERM, ""
            # A session of its own: nvcc's children are in it, and the terminal's Ctrl-C reaches only us.
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._running.add(process)
        try:
            output, _ = process.communicate()
        finally:
            with self._lock:
                self._running.discard(process)
        return process.returncode, output

    def end(self) -> None:
        """End what runs, and start nothing more."""
        with self._lock:
            self._ended = True
            for process in self._running:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)


_in_use: WeakSet[CompilerProcesses] = WeakSet()


def end_all_compilers() -> None:
    """End every command that this process runs; the builds that wait for one fail."""
    for processes in list(_in_use):
        processes.end()
