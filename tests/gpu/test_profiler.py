"""Tuning on a GPU: candidates are checked and timed, and those that misbehave cost only themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from xdsl.dialects.builtin import Float16Type, TensorType, f16, f32
from xdsl.ir import Block, Region, SSAValue
from xdsl.utils.test_value import create_ssa_value

from boltir.dialects.fused import Conv2dOp, FusedOp, GemmOp
from boltir.dialects.fused.epilogue import YieldOp
from boltir.profiler.backend.identity import identify
from boltir.profiler.backend.process import WorkerBackend
from boltir.profiler.building import LocalBuilder
from boltir.profiler.database import Database
from boltir.profiler.devices import common_device, native_target
from boltir.profiler.job import Job, Trial
from boltir.profiler.key import Machine, versions_of
from boltir.profiler.measurement import Measurement, Status
from boltir.profiler.prepare import Preparation
from boltir.profiler.problem import Problem
from boltir.profiler.report import report_of
from boltir.profiler.tuner import Tuner, TuningResult
from boltir.runtime.build import default_jobs
from boltir.runtime.kernel_source import KernelSource
from boltir.tools.tuning_table import print_ranking

TOP = 3

MISBEHAVIOUR = {
    "leaves_poison": "if (threadIdx.x == 0) static_cast<__half*>(out)[0] = __float2half(3.0f);",
    "writes_outside": "static_cast<__half*>(out)[-1] = __float2half(0.0f);",
    "reads_nowhere": "static_cast<volatile int*>(out)[1ll << 40] = 1;",
    "hangs": "while (static_cast<volatile int*>(out)[0] != 12345) {}",
}
SHORTCUT = "skips_some_of_k"
EXPECTED = {
    SHORTCUT: Status.WRONG,
    "leaves_poison": Status.WRONG,
    "writes_outside": Status.WRONG,
    "reads_nowhere": Status.CRASHED,
    "hangs": Status.TIMEOUT,
}


def misbehaving(name: str) -> KernelSource:
    """A kernel that does nothing but that."""
    return KernelSource(
        name,
        f"""#include <cstdint>
#include <cuda_fp16.h>
namespace boltir_{name}_detail {{ namespace {{ __global__ void kernel(void* out) {{ {MISBEHAVIOUR[name]} }} }} }}
extern "C" int boltir_{name}(void* const* pointers, const int64_t*, void* stream) {{
  boltir_{name}_detail::kernel<<<1, 32, 0, static_cast<cudaStream_t>(stream)>>>(pointers[2]);
  return cudaGetLastError();
}}
""",
    )


def tensor(*shape: int, element: Float16Type = f16) -> SSAValue:
    return create_ssa_value(TensorType(element, shape))


def with_bias(kind: type[FusedOp], a: SSAValue, b: SSAValue, columns: int) -> Problem:
    """The kernel that adds a bias."""
    from xdsl.dialects.arith import AddfOp

    block = Block(arg_types=[f32, f32])
    total = AddfOp(block.args[0], block.args[1])
    block.add_ops([total, YieldOp(operands=[[total.result]])])
    given = [tensor(columns)]
    return Problem.of(
        kind.build_kernel([a, b], result_element_types=[f16], epilogue_operands=given, epilogue=Region(block))
    )


SMALL = Problem.of(GemmOp.build_kernel([tensor(256, 128), tensor(128, 256)], result_element_types=[f16]))
PROBLEMS = {
    SMALL: 1,
    with_bias(GemmOp, tensor(1280, 768), tensor(768, 3072), 3072): 12,
    with_bias(GemmOp, tensor(77, 333), tensor(333, 1000), 1000): 1,
    with_bias(Conv2dOp, tensor(32, 30, 30, 128), tensor(128, 3, 3, 128), 128): 4,
}


def _shortcut(model: Trial) -> Trial:
    """A candidate that leaves out 8 of 128 products of each sum."""
    assert model.executable is not None
    (step,) = model.executable.steps
    position = model.template.launch_parameters.index("k")
    integers = (*step.integers[:position], step.integers[position] - 8, *step.integers[position + 1 :])
    changed = replace(model.executable, steps=(replace(step, integers=integers),))
    return replace(model, text=SHORTCUT, executable=changed)


@dataclass(frozen=True)
class Sabotage:
    """Adds misbehaving kernels to the candidates of the small product."""

    prepare: Preparation

    def __call__(self, problem: Problem, count: int, known: Mapping[str, Measurement]) -> Job:
        job = self.prepare(problem, count, known)
        if problem == SMALL and not known:
            job.trials += (_shortcut(job.trials[0]), *(self._trial(name, job.trials[0]) for name in MISBEHAVIOUR))
        return job

    def _trial(self, name: str, model: Trial) -> Trial:
        assert model.executable is not None
        return replace(model, text=name, executable=replace(model.executable, kernels=(misbehaving(name),)))


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, Path, TuningResult]]:
    path = tmp_path_factory.mktemp("tuning") / "tuning.db"
    backend = WorkerBackend(candidate_limit=5)
    with Database(path) as database, ThreadPoolExecutor(default_jobs()) as executor:
        target = native_target(common_device([backend])).name
        make_builder = LocalBuilder(target)
        machine = Machine(target, backend.facts().name, versions_of(make_builder()))
        prepare = Sabotage(Preparation(machine, TOP))
        result = Tuner(database, machine, prepare, make_builder, executor, [backend]).tune(PROBLEMS)
        yield machine, path, result
    backend.close()


def test_the_management_library_and_cuda_name_the_same_gpu() -> None:
    known = identify(0)
    backend = WorkerBackend()
    backend.start()
    answer = backend.ask_facts()
    backend.close()
    assert known in (None, answer)


def test_every_candidate_is_right(tuned: tuple[Machine, Path, TuningResult]) -> None:
    from rich.console import Console

    machine, _, result = tuned
    print_ranking(Console(width=150, highlight=False), report_of(machine, result.jobs))
    assert result.ended == "done"
    assert len(result.jobs) == len(PROBLEMS)
    for job in result.jobs:
        assert not job.error
        ours = [job.measurements[trial.text] for trial in job.trials if trial.text not in EXPECTED]
        assert [measurement.status for measurement in ours] == [Status.OK] * TOP, job.problem.summary


def test_times_are_above_the_roof_and_agree(tuned: tuple[Machine, Path, TuningResult]) -> None:
    for job in tuned[2].jobs:
        for trial in job.right:
            measurement = job.measurements[trial.text]
            assert measurement.seconds > 0.9 * trial.estimate.roof_seconds
            assert measurement.spread < 0.1


def test_misbehaviour_costs_only_the_candidate(tuned: tuple[Machine, Path, TuningResult]) -> None:
    (job,) = (job for job in tuned[2].jobs if job.problem == SMALL)
    for name in EXPECTED:
        print(name, job.measurements[name])
    assert {name: job.measurements[name].status for name in EXPECTED} == EXPECTED


def test_a_second_run_measures_nothing(tuned: tuple[Machine, Path, TuningResult]) -> None:
    machine, path, first = tuned
    with Database(path) as database, ThreadPoolExecutor(1) as executor:
        prepare, make_builder = Preparation(machine, TOP), LocalBuilder(machine.target)
        second = Tuner(database, machine, prepare, make_builder, executor, []).tune(PROBLEMS)

    assert [job.measurements for job in second.jobs] == [job.measurements for job in first.jobs]
