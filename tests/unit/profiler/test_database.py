"""The tuning database: what it keeps, what it never gives, and what becomes of it when processes meet or die."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from boltir.errors import BoltError
from boltir.profiler.database import SCHEMA_VERSION, Database, Record
from boltir.profiler.exchange import export_text, import_text
from boltir.profiler.key import Machine, TuningKey
from boltir.profiler.measurement import Measurement, Status
from tests.support.fake_tuning import MACHINE, problem, template

ROOT = Path(__file__).parents[3]
KEY = TuningKey.for_problem(problem(), MACHINE)


def ok(seconds: float) -> Measurement:
    return Measurement(Status.OK, seconds, 0.01, 5)


WRONG = Measurement(Status.WRONG, error="off by 0.5")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tuning.db"


@pytest.fixture
def database(path: Path) -> Database:
    return Database(path)


def test_the_best_is_the_fastest_whose_result_is_right(database: Database) -> None:
    assert database.best(KEY) is None
    for candidate, measurement in {
        "slow": ok(3e-6),
        "fast": ok(2e-6),
        "wrong": WRONG,
        "hangs": Measurement(Status.TIMEOUT, error="no answer"),
    }.items():
        database.record(KEY, candidate, measurement)

    assert database.best(KEY) == ("fast", ok(2e-6))
    assert database.measurements(KEY)["wrong"] == WRONG


def test_what_these_versions_built_and_was_right_on_any_gpu_is_right(database: Database) -> None:
    database.record(KEY, "right", ok(1e-6))
    database.record(KEY, "wrong", WRONG)

    versions = MACHINE.versions
    assert database.is_right(KEY.problem, MACHINE.target, versions, "right")
    assert not database.is_right(KEY.problem, MACHINE.target, versions, "wrong")
    assert not database.is_right(KEY.problem, MACHINE.target, "boltir 0.0.1", "right")
    assert not database.is_right(KEY.problem, "sm_80", versions, "right")
    assert not database.is_right(problem(2).text, MACHINE.target, versions, "right")


def test_whoever_did_wrong_is_remembered_on_its_architecture(database: Database) -> None:
    database.record(KEY, "right", ok(1e-6))
    database.record(KEY, "wrong", WRONG)
    database.record(TuningKey.for_problem(problem(2), MACHINE), "hangs", Measurement(Status.TIMEOUT, error="no answer"))
    database.record(KEY, "does not compile", Measurement(Status.BUILD_FAILED, error="nvcc was killed"))

    assert database.wrongdoers(MACHINE.target) == {"wrong": "wrong: off by 0.5", "hangs": "timeout: no answer"}
    assert database.wrongdoers("sm_80") == {}


def test_nothing_is_served_under_another_key(database: Database) -> None:
    database.record(KEY, "candidate", ok(1e-6))
    others = [
        TuningKey.for_problem(problem(2), MACHINE),
        replace(KEY, machine=replace(MACHINE, device="another GPU")),
        replace(KEY, machine=replace(MACHINE, target="sm_80")),
        replace(KEY, machine=replace(MACHINE, versions="boltir 2")),
    ]

    assert [database.measurements(key) for key in others] == [{}, {}, {}, {}]


def test_not_even_under_a_key_of_the_same_digest(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TuningKey, "digest", "the same")
    database.record(KEY, "candidate", ok(1e-6))

    assert database.measurements(TuningKey.for_problem(problem(2), MACHINE)) == {}


def test_a_later_measurement_replaces_an_earlier_one(database: Database) -> None:
    database.record(KEY, "candidate", ok(3e-6))
    database.record(KEY, "candidate", ok(2e-6))

    assert database.measurements(KEY) == {"candidate": ok(2e-6)}


def test_a_wrong_result_is_never_forgotten(database: Database) -> None:
    database.record(KEY, "candidate", WRONG)
    database.record(KEY, "candidate", ok(1e-9))

    assert database.measurements(KEY) == {"candidate": WRONG}
    assert database.best(KEY) is None


def test_what_was_recorded_is_there_after_opening_again(path: Path) -> None:
    with Database(path) as database:
        database.record(KEY, "candidate", ok(1e-6))

    assert Database(path).best(KEY) == ("candidate", ok(1e-6))


def test_pruning_forgets_other_versions_and_failures(database: Database) -> None:
    old = replace(KEY, machine=replace(MACHINE, versions="boltir 0"))
    database.record(old, "candidate", ok(1e-6))
    database.record(KEY, "candidate", ok(1e-6))
    database.record(KEY, "crashed", Measurement(Status.CRASHED, error="SIGSEGV"))

    assert database.prune(MACHINE.versions) == 2
    assert [(record.key, record.candidate) for record in database.records()] == [(KEY, "candidate")]


# --- files


def test_a_file_that_is_no_database_is_one_error(path: Path) -> None:
    path.write_text("not a database at all, but long enough to be looked at" * 100)
    with pytest.raises(BoltError, match=r"tuning\.db: cannot use the tuning database: file is not a database"):
        Database(path)


def test_a_foreign_database_is_one_error_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as foreign:
        foreign.execute("CREATE TABLE birds (name TEXT)")
    foreign.close()
    before = path.read_bytes()
    with pytest.raises(BoltError, match="is not a tuning database of boltir"):
        Database(path)
    assert path.read_bytes() == before


def test_a_database_of_another_version_is_one_error(path: Path) -> None:
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(BoltError, match=r"of version 2, not 1 \(export it"):
        Database(path)


def test_a_damaged_database_is_one_error(path: Path) -> None:
    with Database(path) as database:
        database.merge(Record(KEY, f"candidate {number}" * 20, ok(1e-6), 0) for number in range(200))
    data = bytearray(path.read_bytes())
    data[4096:-4096] = os.urandom(len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(BoltError, match="cannot use the tuning database"):
        Database(path).measurements(KEY)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE measurements SET seconds = 'fast'",
        "UPDATE measurements SET seconds = 9e999",
        "UPDATE measurements SET samples = 0.5",
        "UPDATE measurements SET candidate = x'00ff'",
        "UPDATE measurements SET error = CAST(x'ff' AS TEXT)",
        "UPDATE problems SET summary = x'00'",
    ],
)
def test_a_cell_of_a_wrong_kind_is_damage(path: Path, change: str) -> None:
    with Database(path) as database:
        database.record(KEY, "candidate", ok(1e-6))
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()
    with Database(path) as database, pytest.raises(BoltError, match="cannot use the tuning database") as error:
        database.records()
    assert error.value.hint == "where it is damaged, import an export of it into a new one"


def test_a_device_of_a_wrong_kind_is_damage(path: Path) -> None:
    with Database(path) as database:
        database.record(KEY, "candidate", ok(1e-6))
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE problems SET device = x'00'")
        connection.close()
        with pytest.raises(BoltError, match="expected str, found b"):
            database.devices(MACHINE.target)


def test_a_candidate_that_took_no_time_is_unknown(database: Database) -> None:
    database.record(KEY, "in no time", ok(0.0))
    database.record(KEY, "wrong", WRONG)

    assert database.measurements(KEY) == {"wrong": WRONG}


def test_a_database_that_another_process_writes_to_is_not_called_damaged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boltir.profiler.database.PATIENCE", 0.0)
    with Database(path) as database, sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BoltError, match="database is locked") as error:
            database.record(KEY, "candidate", ok(1e-6))
    other.close()
    assert error.value.hint == "another process is writing to it: try again"


def test_a_full_disk_is_not_called_damage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Database(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA max_page_count = 1")  # which SQLite takes for as many as there are

    def connect(*_: object, **__: object) -> sqlite3.Connection:
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect)
    with Database(path) as database, pytest.raises(BoltError, match="disk is full") as error:
        database.record(KEY, "candidate" * 1000, ok(1e-6))
    assert error.value.hint == "the disk is full: make room and try again"


def test_a_folder_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(BoltError, match="unable to open database file") as error:
        Database(tmp_path / "missing" / "tuning.db")
    assert error.value.hint == "give a file that can be written, in a folder that is there"


# --- text


def test_a_database_survives_text(database: Database, tmp_path: Path) -> None:
    database.record(KEY, "fast", ok(1e-6))
    database.record(KEY, "wrong", WRONG)
    text = export_text(database.records())
    copy = Database(tmp_path / "copy.db")

    assert copy.merge(import_text(text, "file")) == 2
    assert export_text(copy.records()) == text
    assert copy.merge(import_text(text, "file")) == 0, "merging twice changes nothing"


def test_merging_keeps_the_later_and_the_wrong(database: Database) -> None:
    early, late = (Record(KEY, "candidate", ok(seconds), at) for seconds, at in ((2e-6, 100), (3e-6, 200)))
    database.merge([late])
    assert database.merge([early]) == 0
    assert database.merge([Record(KEY, "candidate", WRONG, 50)]) == 1
    assert database.merge([replace(late, measured_at=300)]) == 0
    assert database.measurements(KEY) == {"candidate": WRONG}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "file: is no export"),
        ("no JSON", "file:1: expected a JSON object"),
        ('{"format": "boltir-tuning", "version": 2}', "file: is no export of a tuning database of this version"),
        ('{"format": "boltir-tuning", "version": 1}\n[]', "file:2: expected a JSON object"),
        (f'{{"format": "boltir-tuning", "version": 1}}\n{"[" * 100_000}', "file:2: expected a JSON object"),
        ('{"format": "boltir-tuning", "version": 1}\n{"summary": "gemm"}', "file:2: is no record"),
    ],
)
def test_a_text_that_is_no_export_is_one_error(database: Database, text: str, message: str) -> None:
    with pytest.raises(BoltError, match=message):
        database.merge(import_text(text, "file"))
    assert database.records() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "great"),
        ("seconds", -1),
        ("seconds", "1"),
        ("seconds", 0),
        ("seconds", 10**400),
        ("samples", True),
        ("samples", 1 << 63),
        ("candidate", f"{template()} {{}}"),
        ("candidate", f'{template()} {{"m":8}}'),
        ("candidate", "[" * 100_000 + " {}"),
        ("problem", "\ud800"),
        ("error", "\ud800"),
        *((name, "a\x1b[2Jb") for name in ("target", "device", "versions", "summary", "candidate", "error")),
        ("summary", "two\nlines"),
        ("extra", 1),
    ],
)
def test_a_record_with_a_wrong_value_is_one_error(database: Database, name: str, value: object) -> None:
    import json

    database.record(KEY, "candidate", ok(1e-6))
    header, line = export_text(database.records()).splitlines()
    right, changed = (json.dumps({**json.loads(line), **new}) for new in ({"candidate": "another"}, {name: value}))
    before = database.records()
    with pytest.raises(BoltError, match="file:3: is no record"):
        database.merge(import_text(f"{header}\n{right}\n{changed}", "file"))
    assert database.records() == before


# --- several processes

WRITERS_KEY = TuningKey("gemm", "a problem", Machine("sm_90a", "Fake GPU", "boltir 1"))
WRITER = textwrap.dedent("""
    import sys
    from pathlib import Path
    from boltir.profiler.database import Database
    from boltir.profiler.key import Machine, TuningKey
    from boltir.profiler.measurement import Measurement, Status

    path, name, count = sys.argv[1:]
    key = TuningKey("gemm", "a problem", Machine("sm_90a", "Fake GPU", "boltir 1"))
    with Database(Path(path)) as database:
        for number in range(int(count)):
            database.record(key, f"{name} {number}", Measurement(Status.OK, 1e-6 * (number + 1), 0.0, 1))
            print(name, number, flush=True)
""")


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    """A process that records, and says so each time when it is done."""
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_eight_writers_lose_nothing(path: Path) -> None:
    """All of them start with no file."""
    writers = [writer(path, f"writer {number}", 10) for number in range(8)]
    assert [process.wait(120) for process in writers] == [0] * 8
    for process in writers:
        process.communicate()

    assert len(Database(path).measurements(WRITERS_KEY)) == 8 * 10


def test_who_is_killed_loses_nothing_that_was_recorded(path: Path) -> None:
    writers = [writer(path, f"writer {number}", 100_000) for number in range(2)]
    said: list[str] = []
    for process in writers:
        assert process.stdout is not None
        said += [process.stdout.readline() for _ in range(8)]
        process.send_signal(signal.SIGKILL)
    for process in writers:
        rest, _ = process.communicate()
        said += rest.splitlines(keepends=True)

    recorded = Database(path).measurements(WRITERS_KEY)
    assert len(said) >= 16
    assert {line.strip() for line in said if line.endswith("\n")} <= set(recorded)
