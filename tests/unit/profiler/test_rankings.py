"""How what is measured reaches the passes, and which device it is about."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from xdsl.dialects.builtin import TensorType, f16
from xdsl.utils.test_value import create_ssa_value

from boltir.dialects.cutlass.gemm import GemmAttr
from boltir.dialects.fused import GemmOp
from boltir.errors import BoltError
from boltir.lowering.fused_to_cutlass.ranking_text import measurements_text
from boltir.profiler.candidate_text import candidate_text
from boltir.profiler.candidates import candidates_for
from boltir.profiler.database import Database
from boltir.profiler.devices import common_device, native_target, runs_on, tuned_device
from boltir.profiler.key import Machine, TuningKey
from boltir.profiler.measure import DeviceFacts
from boltir.profiler.measurement import Measurement, Status
from boltir.profiler.prepare import Preparation
from boltir.profiler.problem import Problem
from boltir.profiler.rankings import AskedProblems, DatabaseRankings, MeasuredRankings, ranking_of, refused_by
from boltir.profiler.tuner import Tuner
from boltir.ranking import RankedTemplate
from boltir.target import TARGETS, Target
from tests.support.fake_gpu import FakeDriver, installed
from tests.support.fake_tuning import MACHINE, FakeBackend, MakeFakeBuilder, problem, template

SM90, SM80 = Target.named("sm_90a"), Target.named("sm_80")


def ok(seconds: float) -> Measurement:
    return Measurement(Status.OK, seconds, 0.01, 5)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "tuning.db")


def test_a_ranking_has_the_fastest_first_and_failures_last() -> None:
    known = {candidate_text(template(), {"m": m}): measurement for m, measurement in enumerate((ok(2e-6), ok(1e-6)))}
    known[candidate_text(template(), {"m": 2})] = Measurement(Status.WRONG, error="off by 0.5")
    ranking = ranking_of(known)

    assert ranking is not None
    rows = [(row.arguments["m"], row.seconds, row.status, row.note) for row in ranking.rows]
    assert rows == [(1, 1e-6, "ok", ""), (0, 2e-6, "ok", ""), (2, None, "wrong", "off by 0.5")]


def test_what_another_version_knew_is_no_ranking() -> None:
    assert ranking_of({"#cutlass.future<tile = 3> {}": ok(1e-6)}) is None


def test_a_database_ranks_what_it_knows_on_its_target(database: Database) -> None:
    known, unknown = problem(1).op, problem(2).op
    database.record(TuningKey.of(known, MACHINE), candidate_text(template(), {}), ok(1e-6))
    rankings = DatabaseRankings(database, MACHINE)

    first, second = rankings.rank([known, unknown], SM90)
    assert first is not None
    assert (first.rows[0].template, second) == (template(), None)
    assert rankings.rank([known], SM80) == [None]


def test_measuring_ranks_what_was_not_known(database: Database, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        make_builder, prepare = MakeFakeBuilder(tmp_path / "cache"), Preparation(MACHINE, top=3)
        tuner = Tuner(database, MACHINE, prepare, make_builder, executor, [FakeBackend()])
        a, b = (create_ssa_value(TensorType(f16, shape)) for shape in ((64, 64), (64, 64)))
        op = GemmOp.build_kernel([a, b], result_element_types=[f16])
        (ranking,) = MeasuredRankings(tuner).rank([op], SM90)

    assert ranking is not None
    assert [row.status for row in ranking.rows] == ["ok"] * 3
    assert {row.template for row in ranking.rows} == {trial.template for trial in prepare(Problem.of(op), 1, {}).trials}


def test_what_passes_ask_for_is_what_to_tune() -> None:
    asked = AskedProblems()
    assert asked.rank([problem(1).op, problem(1).op, problem(2).op], SM90) == [None] * 3
    asked.rank([problem(1).op, problem(3).op], SM90)

    assert asked.problems == {problem(1): 2, problem(2): 1, problem(3): 1}


def test_a_template_that_did_wrong_is_refused_whatever_the_problem_and_the_gpu(database: Database) -> None:
    wrong, hangs = Measurement(Status.WRONG, error="off by 0.5"), Measurement(Status.TIMEOUT, error="no answer")
    other = GemmAttr.of(**{**template().values(), "stages": 3})
    elsewhere = TuningKey.for_problem(problem(2), Machine("sm_90a", "Another GPU", "other versions"))
    database.record(TuningKey.for_problem(problem(), MACHINE), candidate_text(template(), {"m": 8}), ok(1e-6))
    database.record(elsewhere, candidate_text(template(), {"m": 16}), wrong)
    database.record(elsewhere, candidate_text(other, {"m": 16}), hangs)
    database.record(elsewhere, "#cutlass.future<tile = 3> {}", wrong)

    assert refused_by(database, SM90) == {template(): "wrong: off by 0.5", other: "timeout: no answer"}
    assert refused_by(database, SM80) == {}


@pytest.mark.parametrize(
    ("capability", "target"), [(75, "sm_75"), (80, "sm_80"), (87, "sm_86"), (89, "sm_89"), (90, "sm_90a")]
)
def test_the_newest_target_that_runs_is_taken(capability: int, target: str) -> None:
    assert native_target(DeviceFacts("GPU", capability)).name == target


def test_a_specific_target_runs_nowhere_else() -> None:
    assert [name for name in TARGETS if runs_on(TARGETS[name], DeviceFacts("GPU", 90))] == ["sm_90a"]
    with pytest.raises(BoltError, match=r"GPU: no target runs on compute capability 12\.0"):
        native_target(DeviceFacts("GPU", 120))


def test_devices_of_two_kinds_are_not_mixed() -> None:
    class Other(FakeBackend):
        def facts(self) -> DeviceFacts:
            return DeviceFacts("Another GPU", 90)

    assert common_device([FakeBackend(), FakeBackend()]).name == "Fake GPU"
    with pytest.raises(BoltError, match="the GPUs are of several kinds: Fake GPU, Another GPU"):
        common_device([FakeBackend(), Other()])


def test_without_a_gpu_the_database_says_which_one_it_was(database: Database) -> None:
    with pytest.raises(BoltError, match=r"no kernels for sm_90a were measured \(bolt-tune measures them\)"):
        tuned_device(database, SM90)
    database.record(TuningKey.for_problem(problem(), MACHINE), "candidate", ok(1e-6))
    assert tuned_device(database, SM90) == "Fake GPU"
    other = Machine("sm_90a", "Another GPU", MACHINE.versions)
    database.record(TuningKey.for_problem(problem(), other), "candidate", ok(1e-6))
    with pytest.raises(BoltError, match="was measured on Another GPU, Fake GPU, and there is no telling"):
        tuned_device(database, SM90)


def test_of_several_devices_the_one_at_hand_is_meant(database: Database) -> None:
    for device in ("Fake GPU", "Another GPU"):
        key = TuningKey.for_problem(problem(), Machine("sm_90a", device, MACHINE.versions))
        database.record(key, "candidate", ok(1e-6))
    with installed(FakeDriver()):
        assert tuned_device(database, SM90) == "Fake GPU"


def test_what_computes_something_else_is_no_part_of_the_table_of_times() -> None:
    op = problem().op
    assert isinstance(op, GemmOp)
    first = candidates_for(op, SM80).legal[0]
    launches: list[tuple[dict[str, int], float]] = [
        (dict(first.arguments), 1e-6),
        (dict(first.arguments), 0.0),
        ({**first.arguments, "m": 0}, 1e-6),
        ({}, 1e-6),
    ]
    rows = [RankedTemplate(first.template, arguments, seconds) for arguments, seconds in launches]

    assert measurements_text(op, rows, SM80).startswith("measured 1 templates: ")
