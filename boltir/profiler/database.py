"""Measurements that are remembered for ever: one SQLite file, which several processes may use at once.

A rollback journal and not a write-ahead log: the database stays one file, also on a file system that a cluster
shares. Every measurement is a transaction of its own, so whoever is killed loses none that is recorded.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from boltir.errors import BoltError, one_line
from boltir.profiler.key import Machine, TuningKey
from boltir.profiler.measurement import MISDEEDS, Measurement, Status

APPLICATION = 0x626F6C74  # "bolt", which SQLite writes into the file's header
SCHEMA_VERSION = 1
PATIENCE = 60.0  # seconds to wait for another process that writes

_OPEN_HINT = "give a file that can be written, in a folder that is there"
_BUSY_HINT = "another process is writing to it: try again"
_DAMAGE_HINT = "where it is damaged, import an export of it into a new one"
_HINTS = {
    sqlite3.SQLITE_CANTOPEN: _OPEN_HINT,
    sqlite3.SQLITE_READONLY: _OPEN_HINT,
    sqlite3.SQLITE_BUSY: _BUSY_HINT,
    sqlite3.SQLITE_LOCKED: _BUSY_HINT,
    sqlite3.SQLITE_FULL: "the disk is full: make room and try again",
    sqlite3.SQLITE_CORRUPT: _DAMAGE_HINT,
    sqlite3.SQLITE_NOTADB: _DAMAGE_HINT,
    sqlite3.SQLITE_ERROR: _DAMAGE_HINT,  # a table or a column is not there
}

_SCHEMA = (
    """CREATE TABLE problems (
        digest TEXT PRIMARY KEY,
        summary TEXT NOT NULL,
        problem TEXT NOT NULL,
        target TEXT NOT NULL,
        device TEXT NOT NULL,
        versions TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE measurements (
        digest TEXT NOT NULL REFERENCES problems (digest) ON DELETE CASCADE,
        candidate TEXT NOT NULL,
        status TEXT NOT NULL,
        seconds REAL NOT NULL,
        spread REAL NOT NULL,
        samples INTEGER NOT NULL,
        error TEXT NOT NULL,
        measured_at REAL NOT NULL,
        PRIMARY KEY (digest, candidate)
    ) WITHOUT ROWID""",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)

_NETWORKS = "CREATE TABLE IF NOT EXISTS networks (digest TEXT PRIMARY KEY, problems TEXT NOT NULL) WITHOUT ROWID"
_PROBLEM = "summary, problem, target, device, versions"
_MEASUREMENT = "status, seconds, spread, samples, error, measured_at"
_ROW = (*[str] * 7, float, float, int, str, float)  # the kinds of cells of _PROBLEM, candidate, _MEASUREMENT
_UPSERT = f"""
    INSERT INTO measurements (digest, candidate, {_MEASUREMENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (digest, candidate)
    DO UPDATE SET ({_MEASUREMENT}) = ({", ".join(f"excluded.{name}" for name in _MEASUREMENT.split(", "))})
    WHERE measurements.status != '{Status.WRONG}'
    AND (excluded.status = '{Status.WRONG}' OR excluded.measured_at > measurements.measured_at)
"""


@dataclass(frozen=True)
class Record:
    """One row: the measurement of one candidate.

    Attributes:
        candidate: its text; see boltir.profiler.candidate_text.
        measured_at: seconds since 1970.
    """

    key: TuningKey
    candidate: str
    measurement: Measurement
    measured_at: float


class Database:
    """The measurements in one file. Use it from the thread that opened it."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """Open the file at `path`, or make it if `create`.

        Raises:
            BoltError: it is no tuning database, one of another version of boltir, damaged, missing, or cannot be made.
        """
        if not create and not path.exists():
            raise BoltError("there is no tuning database", where=str(path), hint="`bolt-tune MODEL` makes one")
        self.path = path
        with self._errors():
            self._connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        try:
            with self._errors():
                self._connection.execute("PRAGMA foreign_keys = ON")
            self._check()
        except BoltError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def measurements(self, key: TuningKey) -> dict[str, Measurement]:
        """What is known of `key`'s candidates, by their texts."""
        return {record.candidate: record.measurement for record in self._select(*_matching(key))}

    def best(self, key: TuningKey) -> tuple[str, Measurement] | None:
        """The fastest candidate that computed the right result, and how it did; None if there is none."""
        right = [row for row in self.measurements(key).items() if row[1].is_ok]
        return min(right, key=lambda row: (row[1].seconds, row[0]), default=None)

    def record(self, key: TuningKey, candidate: str, measurement: Measurement) -> None:
        """Remember a measurement, as `merge` does."""
        self.merge([Record(key, candidate, measurement, time.time())])

    def records(self) -> list[Record]:
        """Everything, in an order that depends on nothing else."""
        return list(self._select("1", ()))

    def merge(self, records: Iterable[Record]) -> int:
        """Remember records, perhaps from elsewhere; returns how many were news.

        Of two measurements of one candidate the later one stays, but one whose result was wrong always does.
        """
        with self._transaction():
            return sum(self._insert(record) for record in records)

    def prune(self, versions: str) -> int:
        """Forget what other versions measured, and what failed, to be tried again; returns how many records."""
        with self._transaction():
            condition = "status != ? OR digest IN (SELECT digest FROM problems WHERE versions != ?)"
            deleted = self._execute(f"DELETE FROM measurements WHERE {condition}", (Status.OK, versions)).rowcount
            self._execute("DELETE FROM problems WHERE digest NOT IN (SELECT digest FROM measurements)")
        return deleted

    def devices(self, target: str) -> list[str]:
        """The GPUs of that architecture that something was measured on."""
        query = "SELECT DISTINCT device FROM problems WHERE target = ? ORDER BY device"
        return [device for (device,) in self._rows(query, (target,), (str,))]

    def is_right(self, problem: str, target: str, versions: str, candidate: str) -> bool:
        """Whether a candidate that these versions built computed the right result of a problem (its text).

        Any GPU of that architecture counts.
        """
        query = "SELECT 1 FROM problems JOIN measurements USING (digest) WHERE problem = ? AND target = ?"
        values = (problem, target, versions, candidate, Status.OK)
        return bool(self._rows(f"{query} AND versions = ? AND candidate = ? AND status = ?", values, (int,)))

    def wrongdoers(self, target: str) -> dict[str, str]:
        """The candidates, by their texts, that did wrong on any problem and GPU of that architecture, and what."""
        query = "SELECT candidate, status, error FROM problems JOIN measurements USING (digest) WHERE target = ?"
        wrong = f"status IN ({', '.join('?' * len(MISDEEDS))}) ORDER BY measured_at"
        rows = self._rows(f"{query} AND {wrong}", (target, *MISDEEDS), (str, str, str))
        return {candidate: f"{status}: {error}" for candidate, status, error in rows}

    def network(self, digest: str) -> str | None:
        """What was noted of the model that `digest` stands for."""
        self._execute(_NETWORKS)
        rows = self._rows("SELECT problems FROM networks WHERE digest = ?", (digest,), (str,))
        return rows[0][0] if rows else None

    def remember_network(self, digest: str, problems: str) -> None:
        """Note something of the model that `digest` stands for."""
        self._execute(_NETWORKS)
        self._execute("INSERT OR REPLACE INTO networks VALUES (?, ?)", (digest, problems))

    def _select(self, condition: str, values: tuple[str, ...]) -> Iterator[Record]:
        # A kernel that took no time was never measured: earlier versions imported such rows.
        rows = self._rows(
            f"SELECT {_PROBLEM}, candidate, {_MEASUREMENT} FROM problems JOIN measurements USING (digest)"
            f" WHERE {condition} AND NOT (status = '{Status.OK}' AND seconds <= 0)"
            " ORDER BY target, device, versions, summary, problem, candidate",
            values,
            _ROW,
        )
        for *problem, candidate, status, seconds, spread, samples, error, measured_at in rows:
            summary, text, *machine = problem
            with self._errors():
                measurement = Measurement(Status(status), seconds, spread, samples, error)
            yield Record(TuningKey(summary, text, Machine(*machine)), candidate, measurement, measured_at)

    def _insert(self, record: Record) -> int:
        key, machine, measurement = record.key, record.key.machine, record.measurement
        problem = (key.digest, key.summary, key.problem, machine.target, machine.device, machine.versions)
        self._execute("INSERT OR IGNORE INTO problems VALUES (?, ?, ?, ?, ?, ?)", problem)
        values = (measurement.status, measurement.seconds, measurement.spread, measurement.samples)
        row = (key.digest, record.candidate, *values, measurement.error, record.measured_at)
        return self._execute(_UPSERT, row).rowcount

    def _check(self) -> None:
        """Whether the file is ours; an empty one gets its tables."""
        # In one statement: another process may be making the tables.
        tables = "SELECT count(*) FROM sqlite_master"
        state = f"SELECT application_id, user_version, ({tables}) FROM pragma_application_id, pragma_user_version"
        application, version, count = self._execute(state).fetchone()
        if (application, version, count) == (0, 0, 0):
            self._create()
        elif application != APPLICATION:
            raise BoltError("is not a tuning database of boltir", where=str(self.path))
        elif version != SCHEMA_VERSION:
            hint = "export it with the boltir that wrote it, and import that text"
            message = f"is a tuning database of version {version}, not {SCHEMA_VERSION}"
            raise BoltError(message, where=str(self.path), hint=hint)

    def _create(self) -> None:
        with self._transaction():
            if self._pragma("user_version") == 0:  # no other process was faster
                for statement in _SCHEMA:
                    self._execute(statement)

    def _pragma(self, name: str) -> int:
        return self._execute(f"PRAGMA {name}").fetchone()[0]

    def _execute(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        with self._errors():
            return self._connection.execute(statement, values)

    def _rows(self, query: str, values: tuple[object, ...], kinds: Sequence[type]) -> list[tuple[Any, ...]]:
        """All rows that a query finds, whose cells are of these kinds.

        Raises:
            BoltError: one is not, which SQLite itself allows.
        """
        with self._errors():
            rows = self._connection.execute(query, values).fetchall()
            for cell, kind in (pair for row in rows for pair in zip(row, kinds, strict=True)):
                if not isinstance(cell, kind) or (isinstance(cell, float) and not math.isfinite(cell)):
                    raise TypeError(f"expected {kind.__name__}, found {one_line(repr(cell), 40)}")
        return rows

    @contextmanager
    def _transaction(self) -> Generator[None]:
        """All of the block's statements or, after an exception, none. No other process writes meanwhile."""
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            self._connection.rollback()
            raise

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, TypeError, ValueError) as error:
            code: int | None = getattr(error, "sqlite_errorcode", None)  # the lowest byte tells the kind
            hint = _DAMAGE_HINT if code is None else _HINTS.get(code & 0xFF)
            raise BoltError(f"cannot use the tuning database: {error}", where=str(self.path), hint=hint) from None


def _matching(key: TuningKey) -> tuple[str, tuple[str, ...]]:
    """A condition for the rows of `key`: the digest finds them fast, the rest makes sure."""
    columns = {
        "digest": key.digest,
        "problem": key.problem,
        "target": key.machine.target,
        "device": key.machine.device,
        "versions": key.machine.versions,
    }
    return " AND ".join(f"{name} = ?" for name in columns), tuple(columns.values())
