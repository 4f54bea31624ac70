"""Crash reproducers: a file with the IR before the failing pass and the rest of the pipeline."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from xdsl.passes import ModulePass

from boltir.errors import BoltError

_HEADER = re.compile(r"// bolt-opt --pass-pipeline='(.*)'$")


def new_path() -> Path:
    """A fresh file in the folder for temporary files: the current one may not be writable."""
    handle, name = tempfile.mkstemp(prefix="bolt-opt-", suffix=".mlir")
    os.close(handle)
    return Path(name)


def text(module: str, passes: Sequence[ModulePass], trace: str) -> str:
    """What a reproducer holds: how to run it, the IR, and as comments the traceback."""
    pipeline = ",".join(str(module_pass) for module_pass in passes)
    comments = "".join(f"// {line}".rstrip() + "\n" for line in trace.splitlines())
    return f"// bolt-opt --pass-pipeline='{pipeline}'\n{module.rstrip()}\n\n{comments}"


def pipeline_of(path: Path) -> str:
    """The pipeline that the reproducer at `path` runs.

    Raises:
        BoltError: the file is missing or not a reproducer.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            header = _HEADER.match(stream.readline())
    except OSError as error:
        raise BoltError(f"cannot read: {error.strerror}", where=str(path)) from None
    if header is None:
        raise BoltError("not a reproducer: its first line holds no --pass-pipeline", where=str(path))
    return header[1]
