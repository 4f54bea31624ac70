"""What a model file's problems are, remembered: tuning it again need not lower it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from xdsl.parser import Parser

import boltir
from boltir.compiler import compiler_context
from boltir.errors import BoltError
from boltir.profiler.database import Database
from boltir.profiler.problem import Problem, kernels_of


def model_digest(model: Path, *options: str) -> str:
    """Stands for the contents of a model file, how it is lowered, and boltir's own code.

    Raises:
        BoltError: it cannot be read.
    """
    digest = hashlib.sha256(os.fsencode("\0".join((boltir.__version__, *options))))
    try:
        with model.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    except OSError as error:
        raise BoltError(error.strerror or "cannot be read", where=str(model)) from None
    for path in sorted(Path(boltir.__file__).parent.rglob("*.py")):
        facts = path.stat()
        digest.update(os.fsencode(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\0"))
    return digest.hexdigest()


def file_digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """By its name, what stands for the contents of each file in `folder`: nothing for one that cannot be read."""
    return {name: _file_digest(folder / name) for name in names}


def remember_problems(
    database: Database, digest: str, files: Mapping[str, str], problems: Mapping[Problem, int]
) -> None:
    """Note what the problems of a model are, how often each occurs, and the digests of the files that it names."""
    rows = [(problem.text, count) for problem, count in problems.items()]
    database.remember_network(digest, json.dumps((dict(files), rows)))


def remembered_problems(database: Database, digest: str, folder: Path) -> dict[Problem, int] | None:
    """The problems of a model, and how often each occurs.

    None if that was not noted, or the files in `folder` that the model names held something else then.
    """
    noted = database.network(digest)
    if noted is None:
        return None
    files: dict[str, str]
    rows: Sequence[tuple[str, int]]
    files, rows = json.loads(noted)
    if file_digests(folder, files) != files:
        return None
    return {_parsed(text): count for text, count in rows}


def _file_digest(path: Path) -> str:
    try:
        if not path.is_file():  # reading a pipe would not end
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _parsed(text: str) -> Problem:
    (op,) = kernels_of(Parser(compiler_context(), text).parse_module())
    return Problem.of(op)
