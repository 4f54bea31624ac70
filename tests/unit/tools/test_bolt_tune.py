"""`bolt-tune`, on a device that answers what it is told to and a builder that writes files."""

import re
from pathlib import Path

import pytest

from boltir.errors import BoltError
from boltir.profiler.database import Database
from boltir.profiler.measurement import Measurement, Status
from boltir.tools.bolt_compile import main as bolt_compile
from boltir.tools.bolt_tune import devices_of, main, seconds_of
from tests.support.fake_tuning import FakeBackend, MakeFakeBuilder
from tests.support.vision import vgg


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "vgg.onnx"
    path.write_bytes(vgg().SerializeToString())
    return path


def test_a_model_is_tuned_and_a_second_time_nothing_is_measured(
    model: Path, backends: list[FakeBackend], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(model), "--top", "2"]) == 0
    table = capsys.readouterr().out
    assert "conv2d" in table
    assert re.search(r"chosen: [\d.]+ µs in all", table)
    assert "measured on Fake GPU" in table
    measured = backends[0].asked
    assert measured

    assert main([str(model), "--top", "2", "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert backends[1].asked == []
    records = Database(tmp_path / "tuning.db").records()
    assert len(set(measured)) <= len(records) == len({(record.key, record.candidate) for record in records})


def test_the_report_has_every_candidate_and_the_page_a_plot(
    model: Path, backends: list[FakeBackend], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "report.html"
    assert main([str(model), "--top", "1", "--report", str(page)]) == 0
    text = capsys.readouterr().out
    assert "expected µs" in text
    assert "no candidates: " in text
    assert "<svg" in page.read_text()


def test_several_devices_measure(model: Path, backends: list[FakeBackend]) -> None:
    assert main([str(model), "--top", "1", "--devices", "0,1", "--quiet"]) == 0
    assert len(backends) == 2


def test_a_wrong_result_is_reported_loudly(
    model: Path, backends: list[FakeBackend], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = Measurement(Status.WRONG, error="off by 0.5")
    backend = FakeBackend(dict.fromkeys(("gemm_0", "gemm_sm90_0", "conv2d_0", "conv2d_sm90_0"), wrong))

    def opened(device: int) -> FakeBackend:
        return backend

    monkeypatch.setattr("boltir.profiler.backend.starting.WorkerBackend", opened)
    assert main([str(model), "--top", "1"]) == 0
    captured = capsys.readouterr()
    assert "WRONG RESULT" in captured.out
    assert "WRONG RESULT" in captured.err, "at once, too"
    assert "every candidate failed: off by 0.5" in captured.out


def test_a_database_travels_as_text(
    model: Path, backends: list[FakeBackend], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(model), "--top", "1", "--quiet"])
    text, copy = tmp_path / "tuning.jsonl", tmp_path / "copy.db"
    assert main(["export", str(text)]) == 0
    assert main(["--db", str(copy), "import", str(text)]) == 0
    count = len(Database(copy).records())
    assert capsys.readouterr().out == f"{count} measurements are new\n"

    assert main(["--db", str(copy), "show"]) == 0
    shown = capsys.readouterr().out
    assert "Fake GPU (sm_90a); boltir 0.1.0, CUTLASS 4.2.0, CUDA 13.0" in shown
    assert "conv2d " in shown
    assert main(["--db", str(copy), "prune"]) == 0
    assert capsys.readouterr().out.startswith("0 measurements of other versions")


def test_without_a_gpu_there_is_one_error(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(model), "--db", str(tmp_path / "tuning.db"), "--devices", "97"]) == 1
    error = capsys.readouterr().err
    assert (
        error.startswith("error: GPU 97: cannot measure on it") or "needs pycuda" in error or "no NVIDIA GPU" in error
    )
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["model.onnx", "--budget", "soon"], "--budget: expected a time such as 90s, 5m or 1h, got 'soon'"),
        (["model.onnx", "--budget", "0s"], "--budget: expected a time"),
        (["model.onnx", "--devices", "0,0"], "--devices: expected different numbers such as 0,1, got '0,0'"),
        (["model.onnx", "--devices", "0,00"], "--devices: expected different numbers such as 0,1, got '0,00'"),
        (["model.onnx", "--devices", "0,x"], "--devices: expected different numbers such as 0,1, got '0,x'"),
        (["model.onnx", "--top", "0"], "--top: expected a positive number, got 0"),
        (["model.onnx", "--report", "other.onnx"], "--report: expected FILE.html, got 'other.onnx'"),
        (["model.onnx", "--report", "missing/net.html"], "--report: there is no folder missing"),
        (["model.onnx", "--target", "sm_1"], "unknown target 'sm_1' (one of sm_75, sm_80"),
        (["model.onnx", "another.onnx"], "expected no FILE after model.onnx"),
        (["export"], "expected a FILE after export"),
        (["import", "missing.jsonl"], "missing.jsonl: No such file or directory"),
        (["missing.onnx"], "missing.onnx"),
        (["show"], "tuning.db: there is no tuning database (`bolt-tune MODEL` makes one)"),
        (["export", "out.jsonl"], "tuning.db: there is no tuning database"),
        (["prune"], "tuning.db: there is no tuning database"),
    ],
)
def test_a_mistake_is_one_error(
    arguments: list[str], error: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--db", str(tmp_path / "tuning.db")]) == 1
    printed = capsys.readouterr().err
    assert error in printed
    assert (printed.startswith("error: "), printed.count("\n")) == (True, 1)


@pytest.mark.parametrize("action", [["export"], ["model.onnx", "--report"]])
@pytest.mark.parametrize("exists", [True, False])
def test_the_database_is_never_written_over(
    action: list[str], exists: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database, link = tmp_path / "tuning.html", tmp_path / "link.html"
    link.symlink_to(database)
    if exists:
        Database(database).close()
    content = database.read_bytes() if exists else None
    for name in (database, link):
        assert main([*action, str(name), "--db", str(database)]) == 1
        assert capsys.readouterr().err == f"error: {name}: is the tuning database (choose another file)\n"
    assert (database.read_bytes() if database.exists() else None) == content


def test_what_cannot_be_imported_makes_no_database(tmp_path: Path) -> None:
    export, database = tmp_path / "tuning.jsonl", tmp_path / "new.db"
    assert main(["--db", str(database), "import", str(export)]) == 1
    export.write_text('{"format": "boltir-tuning", "version": 1}\n{}\n')
    assert main(["--db", str(database), "import", str(export)]) == 1
    assert not database.exists()


def test_a_page_that_cannot_be_written_is_an_error_before_anything_is_measured(
    model: Path,
    backends: list[FakeBackend],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = tmp_path / "net.html"
    page.mkdir()
    assert main([str(model), f"--report={page}"]) == 1
    assert capsys.readouterr().err == f"error: --report: {page} is a folder (give a file in it)\n"

    def is_writable(path: Path, mode: int) -> bool:
        return path != tmp_path

    page.rmdir()
    monkeypatch.setattr("os.access", is_writable)
    assert main([str(model), f"--report={page}"]) == 1
    assert capsys.readouterr().err == f"error: --report: {page} may not be written (choose another folder)\n"
    assert not backends


def test_the_summary_is_printed_even_if_the_page_cannot_be_written(
    model: Path,
    backends: list[FakeBackend],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fill_disk(path: Path, text: str) -> None:
        raise BoltError("cannot write: No space left on device", where=str(path))

    monkeypatch.setattr("boltir.tools.network_tuning.write_atomically", fill_disk)
    assert main([str(model), "--top", "1", f"--report={tmp_path / 'net.html'}"]) == 1
    printed = capsys.readouterr()
    assert "measured on Fake GPU" in printed.out
    assert printed.err.endswith("net.html: cannot write: No space left on device\n")


def test_an_empty_database_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tuning.db"
    Database(path).close()
    assert main(["show", "--db", str(path)]) == 0
    assert capsys.readouterr().out == "no measurements\n"


def test_a_scheduler_that_does_not_answer_is_an_error(
    model: Path, backends: list[FakeBackend], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("boltir.profiler.executors._PATIENCE", 0.2)
    assert main([str(model), "--scheduler", "tcp://127.0.0.1:9"]) == 1
    assert "error: tcp://127.0.0.1:9: no Dask scheduler answers" in capsys.readouterr().err


def test_a_target_that_does_not_run_there_is_an_error(
    model: Path, backends: list[FakeBackend], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(model), "--target", "sm_80"]) == 1
    assert "Fake GPU: kernels for sm_80 do not run on it" in capsys.readouterr().err


def test_times_and_devices_are_read() -> None:
    assert [seconds_of(text) for text in ("90", "90s", "1.5m", "1h")] == [90, 90, 90, 3600]
    assert devices_of("2,0") == (2, 0)
    with pytest.raises(BoltError):
        devices_of("")


# --- bolt-compile uses what was measured


def compiled(model: Path, folder: Path, *options: str) -> str:
    """The IR that `bolt-compile` makes."""
    arguments = [str(model), "-o", str(folder), "--emit", "cutlass", "--target", "sm_90a", "--quiet", *options]
    assert bolt_compile(arguments) == 0
    return (folder / "model.mlir").read_text()


def test_bolt_compile_takes_what_was_measured(
    model: Path, backends: list[FakeBackend], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make_builder(target: str) -> MakeFakeBuilder:
        return MakeFakeBuilder(tmp_path / "cache")

    monkeypatch.setattr("boltir.profiler.building.LocalBuilder", make_builder)
    main([str(model), "--top", "4", "--quiet"])
    by_cost_model = compiled(model, tmp_path / "heuristic")
    with Database(tmp_path / "tuning.db") as database:
        apart = [record for record in database.records() if not record.key.summary.startswith("chain")]
        records = [record for record in apart if record.candidate.split(" {")[0] not in by_cost_model]
        for record in records:
            database.record(record.key, record.candidate, Measurement(Status.OK, 1e-9, 0.0, 5))
    tuned = compiled(model, tmp_path / "database", "--templates", "database")

    fastest = {record.key: record.candidate.split(" {")[0] for record in reversed(records)}
    assert fastest
    assert all(template in tuned for template in fastest.values())
    # Ten candidates are measured by default, of which four are known.
    assert compiled(model, tmp_path / "measured", "--templates", "measured") != by_cost_model
    assert backends[-1].asked


def test_a_database_that_says_nothing_is_a_mistake(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = str(tmp_path / "empty.db")
    assert bolt_compile([str(model), "-o", str(tmp_path / "out"), "--tuning-db", database]) == 1
    assert "--tuning-db: the cost model needs no database (--templates database uses" in capsys.readouterr().err
    options = ["--templates", "database", "--tuning-db", database]
    assert bolt_compile([str(model), "-o", str(tmp_path / "out"), *options]) == 1
    missing = f"error: {database}: there is no tuning database (`bolt-tune MODEL` makes one)\n"
    assert capsys.readouterr().err == missing
    assert not Path(database).exists()
    Database(Path(database)).close()
    assert bolt_compile([str(model), "-o", str(tmp_path / "out"), *options]) == 1
    assert "empty.db: no kernels for sm_80 were measured (bolt-tune measures them)" in capsys.readouterr().err
