"""What a model file's problems are, remembered: tuning it again need not lower it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from xdsl.parser import Parser

import boltir
from boltir.compiler import compiler_context
from boltir.errors import BoltError
from boltir.profiler.database import Database
from boltir.profiler.problem import Problem, kernels_of


def model_digest(model: Path, database: Path, *options: str) -> str:
    """Stands for a model file, the files of weights beside it, how it is lowered, and boltir's own code.

    The database may lie beside the model, too, with files of its own; what it learns changes no network.

    Raises:
        BoltError: it cannot be read.
    """
    digest = hashlib.sha256("\0".join((boltir.__version__, *options)).encode())
    try:
        with model.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    except OSError as error:
        raise BoltError(error.strerror or "cannot be read", where=str(model)) from None
    own = {model.name, database.name, f"{database.name}-journal"}
    beside = [path for path in model.parent.iterdir() if path.stem.startswith(model.stem) and path.name not in own]
    code = Path(boltir.__file__).parent.rglob("*.py")
    for path in sorted((*beside, *code)):
        facts = path.stat()
        digest.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def remember_problems(database: Database, digest: str, problems: Mapping[Problem, int]) -> None:
    """Note what the problems of a model are, and how often each occurs."""
    database.remember_network(digest, json.dumps([(problem.text, count) for problem, count in problems.items()]))


def remembered_problems(database: Database, digest: str) -> dict[Problem, int] | None:
    """The problems of a model, and how often each occurs; None if that was not noted."""
    noted = database.network(digest)
    if noted is None:
        return None
    rows: Sequence[tuple[str, int]] = json.loads(noted)
    return {_parsed(text): count for text, count in rows}


def _parsed(text: str) -> Problem:
    (op,) = kernels_of(Parser(compiler_context(), text).parse_module())
    return Problem.of(op)
