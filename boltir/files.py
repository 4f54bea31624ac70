"""Writing files and folders whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from boltir.errors import BoltError

MODULE_FILE, SIDE_FILE = "model.mlir", "model.safetensors"
KERNELS, HOST, HEADER = "kernels", "host", "boltir_model.h"
LIBRARY, WEIGHTS, MANIFEST = "libmodel.so", "weights.bin", "manifest.json"

_OUTPUT = frozenset((MODULE_FILE, SIDE_FILE, KERNELS, HOST, HEADER, LIBRARY, WEIGHTS, MANIFEST, "model.cpp"))
"""All that a command may write into an output folder, or did in format 1 of the artifact."""


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """A temporary path beside `path` that takes its place when the block ends without an exception.

    Raises:
        BoltError: the folder is missing or not writable.
    """
    temporary = path.with_name(f".{path.name[:64]}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise BoltError(f"cannot write: {error.strerror or error}", where=str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: Path, text: str) -> None:
    """Write `text` to `path` so that no one ever sees half of it.

    Raises:
        BoltError: the folder is missing or not writable.
    """
    if is_device(path):
        path.write_text(text, encoding="utf-8")
        return
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def is_device(path: Path) -> bool:
    """Whether `path` is something like /dev/null or a pipe, which can be written but not replaced."""
    return path.exists() and not path.is_file()


@contextmanager
def replacing_folder(folder: Path) -> Generator[Path]:
    """An empty folder beside `folder` that takes its place when the block ends without an exception.

    Raises:
        BoltError: `folder` is there and is no earlier output of boltir, or cannot be written.
    """
    if folder.exists() and not _is_output(folder):
        hint = "choose a new or empty folder"
        raise BoltError("exists and is not an output of boltir", where=str(folder), hint=hint)
    final = folder.resolve()
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{final.name[:32]}."))
    except OSError as error:
        raise BoltError(f"cannot write: {error.strerror}", where=str(folder)) from None
    try:
        yield staging
        staging.chmod(0o755)
        _put_in_place(staging, final)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _is_output(folder: Path) -> bool:
    """Whether `folder` is empty, or holds what a command wrote and nothing else."""
    if not folder.is_dir():
        return False
    names = {entry.name for entry in folder.iterdir()}
    if not names:
        return True
    written = {MODULE_FILE, MANIFEST} & names and names <= _OUTPUT
    sources = [*(folder / KERNELS).glob("*"), *(folder / HOST).glob("*")]
    return bool(written) and all(entry.suffix in (".cu", ".cpp", ".h") for entry in sources)


def _put_in_place(new: Path, folder: Path) -> None:
    if not folder.exists():
        new.rename(folder)
        return
    old = new.with_name(f"{new.name}.old")
    folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
