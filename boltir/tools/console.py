"""Where commands print their tables."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console

TUNING_WIDTH = 160
"""Columns of the tables about tuning where they are not printed to a terminal."""


def console_on(stream: TextIO, width: int) -> Console:
    """A console as wide as the terminal, or `width` columns where `stream` is none."""
    return Console(file=stream, highlight=False, width=None if stream.isatty() else width)
