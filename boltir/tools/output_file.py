"""Checks of a file to be written that are made before the work whose result it is to hold."""

from __future__ import annotations

import os
from pathlib import Path

from boltir.errors import BoltError
from boltir.files import is_device


def check_writable(path: Path, option: str) -> None:
    """Check that `write_atomically` may write `path`.

    Raises:
        BoltError: it is a folder, or there is no folder for it, or one that may not be written.
    """
    if path.is_dir():
        raise BoltError(f"{path} is a folder", where=option, hint="give a file in it")
    if not path.parent.is_dir():
        raise BoltError(f"there is no folder {path.parent}", where=option)
    if not os.access(path if is_device(path) else path.parent, os.W_OK):
        raise BoltError(f"{path} may not be written", where=option, hint="choose another folder")


def check_not_database(path: Path, database: Path) -> None:
    """Check that writing `path` leaves the tuning database alone, which need not be there yet.

    Raises:
        BoltError: they are the same file.
    """
    if _is_same_file(path, database):
        raise BoltError("is the tuning database", where=str(path), hint="choose another file")


def _is_same_file(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:
        return os.path.realpath(first) == os.path.realpath(second)
