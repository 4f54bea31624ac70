"""Persistent kernels run on random data before networks use them; one that is wrong is refused for good."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import f16

from boltir.compiler import Network, lower, lower_checked
from boltir.dialects import graph
from boltir.dialects.cutlass import KernelOp
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.properties import bool_attr
from boltir.errors import BoltError, UnsupportedError
from boltir.profiler import measure_chosen
from boltir.profiler.candidate_text import candidate_text
from boltir.profiler.database import Database
from boltir.profiler.first_check import FirstCheck
from boltir.profiler.key import Machine, TuningKey, versions_of
from boltir.profiler.local import TuningOptions
from boltir.profiler.measure import Built, ReferenceFailedError, Workload
from boltir.profiler.measurement import Measurement, Status
from boltir.profiler.prepare import FindCandidates, Preparation
from boltir.profiler.tuner import Tuner, TuningResult
from boltir.remarks import Remarks
from boltir.runtime.build import Builder
from boltir.target import Target
from tests.support.chains import chain_module, choose, templates_for
from tests.support.fake_tuning import FakeBackend, MakeFakeBuilder
from tests.support.network_builder import NetworkBuilder

SM90 = Target.named("sm_90a")
MACHINE = Machine(SM90.name, "Fake GPU", versions_of(Builder(SM90, show_progress=False)))
WRONG = Measurement(Status.WRONG, error="off by 0.5")
HANGS = Measurement(Status.TIMEOUT, error="no answer after 15 s")


@dataclass
class Gpu(FakeBackend):
    """A GPU that calls kernels after their family, and some of the first ones wrong whatever they are called.

    Problems of which `too_large` says so do not fit into its memory.
    """

    wrong_at_first: int = 0
    too_large: str = "none"

    def measure(self, workload: Workload, candidates: Sequence[Built], fastest: float | None) -> Iterator[Measurement]:
        if self.too_large in workload.name:
            raise ReferenceFailedError("the reference fails: out of memory", where=workload.name)
        for measurement in super().measure(workload, candidates, fastest):
            yield WRONG if len(self.asked) <= self.wrong_at_first else measurement


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gpu:
    """The GPU at hand."""
    gpu, make_builder = Gpu(), MakeFakeBuilder(tmp_path / "cache")

    @contextmanager
    def open_tuner(
        database: Database, executor: Executor, options: TuningOptions, candidates: FindCandidates
    ) -> Generator[Tuner]:
        assert options.target == SM90.name
        yield Tuner(database, MACHINE, Preparation(MACHINE, 1, candidates), make_builder, executor, [gpu])

    @contextmanager
    def building_on(scheduler: None) -> Generator[Executor]:
        with ThreadPoolExecutor(1) as executor:
            yield executor

    monkeypatch.setattr(measure_chosen, "open_tuner", open_tuner)
    monkeypatch.setattr(measure_chosen, "building_on", building_on)
    return gpu


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "tuning.db"


def texts(remarks: Remarks) -> list[tuple[str, str]]:
    return [(remark.kind, remark.message) for remark in remarks]


def test_a_kernel_that_is_right_is_checked_once(backend: Gpu, path: Path) -> None:
    module, remarks = chain_module(), Remarks()
    candidate = templates_for(module, SM90)[0]
    choose(module, candidate)

    assert FirstCheck.opened(path, SM90).passes([module], remarks)
    assert FirstCheck.opened(path, SM90).passes([module], remarks)
    assert backend.asked == ["chain_gemm_sm90_0"]
    assert texts(remarks) == [("note", f"{candidate.template} is right on random data")]


def test_another_shape_is_checked_anew(backend: Gpu, path: Path) -> None:
    check = FirstCheck.opened(path, SM90)
    for rows in (128, 256):
        module = chain_module(rows)
        choose(module, templates_for(module, SM90)[0])
        assert check.passes([module], Remarks())
    assert len(backend.asked) == 2


@pytest.mark.parametrize("fault", [WRONG, HANGS], ids=["wrong", "hangs"])
def test_a_kernel_that_does_wrong_is_refused_for_good(backend: Gpu, path: Path, fault: Measurement) -> None:
    backend.answers = {"chain_gemm_sm90_0": fault}
    module, remarks = chain_module(), Remarks()
    candidate = templates_for(module, SM90)[0]
    choose(module, candidate)
    what = f"{fault.status}: {fault.error}"

    assert not FirstCheck.opened(path, SM90).passes([module], remarks)
    assert texts(remarks)[0][0] == "missed"
    assert texts(remarks)[0][1].endswith(f"is refused from now on; on random data it was {what}")
    assert FirstCheck.opened(path, SM90).refused == {candidate.template: what}
    assert FirstCheck.opened(path, Target.named("sm_80")).refused == {}


def test_what_does_not_compile_is_refused_this_time(backend: Gpu, path: Path) -> None:
    backend.answers = {"chain_gemm_sm90_0": Measurement(Status.BUILD_FAILED, error="nvcc was killed")}
    module = chain_module()
    candidate = templates_for(module, SM90)[0]
    choose(module, candidate)
    check = FirstCheck.opened(path, SM90)

    assert not check.passes([module], Remarks())
    assert check.refused == {candidate.template: "build_failed: nvcc was killed"}
    assert FirstCheck.opened(path, SM90).refused == {}


def test_without_a_gpu_nothing_is_checked_and_a_remark_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_gpu(*_: object) -> None:
        raise BoltError("there is no GPU")

    monkeypatch.setattr(measure_chosen, "open_tuner", no_gpu)
    module, remarks = chain_module(), Remarks()
    choose(module, templates_for(module, SM90)[0])

    assert FirstCheck.opened(path, SM90).passes([module], remarks)
    ((kind, message),) = texts(remarks)
    assert kind == "missed"
    assert message.endswith("was not run on random data: there is no GPU")


def test_a_wrong_kernel_is_refused_beside_one_that_could_not_be_run(backend: Gpu, path: Path) -> None:
    backend.answers, backend.too_large = {"chain_gemm_sm90_0": WRONG}, "4096"
    modules, remarks = [chain_module(rows) for rows in (4096, 128)], Remarks()
    for module in modules:
        choose(module, templates_for(module, SM90)[0])
    check = FirstCheck.opened(path, SM90)

    assert not check.passes(modules, remarks)
    assert len(check.refused) == 1
    not_run, wrong = (message for _, message in texts(remarks))
    assert "was not run on random data" in not_run
    assert "out of memory" in not_run
    assert "is refused from now on" in wrong


def test_ctrl_c_ends_the_check(backend: Gpu, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> TuningResult:
        return TuningResult((), "interrupted")

    monkeypatch.setattr(Tuner, "tune", interrupted)
    module = chain_module()
    choose(module, templates_for(module, SM90)[0])
    with pytest.raises(KeyboardInterrupt):
        FirstCheck.opened(path, SM90).passes([module], Remarks())


def test_what_other_versions_built_is_checked_anew(backend: Gpu, path: Path) -> None:
    module = chain_module()
    candidate = templates_for(module, SM90)[0]
    op = choose(module, candidate)
    check = FirstCheck.opened(path, SM90)
    assert check.passes([module], Remarks())
    with Database(path) as database:
        (record,) = database.records()
        database.prune("none of these")
        old = replace(MACHINE, versions="boltir 0.0.1, CUTLASS 3.0.0, CUDA 12.0.0")
        text = candidate_text(candidate.template, candidate.arguments)
        database.record(TuningKey.of(op, old), text, record.measurement)

    assert check.passes([module], Remarks())
    assert len(backend.asked) == 2


def test_a_network_without_chains_needs_neither_a_gpu_nor_a_database(path: Path) -> None:
    module = chain_module()  # no template is attached: its products will run apart
    assert FirstCheck.opened(path, SM90).passes([module], Remarks())
    assert not path.exists()


# --- compiling


def layers() -> Network:
    """Two layers with ReLU at the graph level."""
    builder = NetworkBuilder(np.random.default_rng(0))
    value = builder.argument(np.zeros((16384, 256), np.float16), f16)
    for inputs, outputs in ((256, 64), (64, 16)):
        w = builder.weight(np.zeros((outputs, inputs), np.float16), f16)
        value = builder.add(graph.ReluOp, builder.add(graph.GemmOp, value, w, transpose_b=bool_attr(True)))
    made = builder.finish(value)
    return Network(made.module, made.context.weights)


def kernels(network: Network) -> list[TemplateAttr]:
    return [op.template_attr for op in network.module.walk() if isinstance(op, KernelOp)]


def test_a_network_is_compiled_with_the_next_template_that_is_right(backend: Gpu, path: Path) -> None:
    (first,) = kernels(lower(layers(), target=SM90.name))
    backend.wrong_at_first = 1
    network = layers()
    (second,) = kernels(lower_checked(network, target=SM90.name, database=path))
    (third,) = kernels(lower_checked(network, target=SM90.name, database=path))

    assert first != second == third
    assert len(backend.asked) == 2
    formed = [remark for remark in network.remarks if remark.pass_name == "form-persistent-kernels"]
    assert len(formed) == 2, "one of each compilation, and none of what was given up"


def test_an_attached_template_that_is_wrong_is_an_error(backend: Gpu, path: Path) -> None:
    fused = lower(layers(), "fused", target=SM90.name)
    backend.wrong_at_first = 1000
    with pytest.raises(UnsupportedError, match=r"the template for fused\.chain failed on random data: wrong"):
        lower_checked(fused, target=SM90.name, database=path)
    assert len(backend.asked) == 1


def test_a_network_of_wrong_chains_is_compiled_apart(backend: Gpu, path: Path) -> None:
    backend.wrong_at_first = 1000
    found = kernels(lower_checked(layers(), target=SM90.name, database=path))

    assert {template.family for template in found} == {"gemm_sm90"}
