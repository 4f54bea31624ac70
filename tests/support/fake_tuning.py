"""Tuning without nvcc or a GPU: a builder that writes files, and a device that answers what it is told to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from xdsl.dialects.builtin import TensorType, f16
from xdsl.utils.test_value import create_ssa_value

from boltir.cost_model import Bound, Estimate
from boltir.dialects.cutlass.gemm import GemmAttr
from boltir.dialects.fused import GemmOp
from boltir.errors import BoltError
from boltir.profiler.executable import Area, Executable, Operand, Step
from boltir.profiler.job import Job, Trial
from boltir.profiler.key import Machine, TuningKey
from boltir.profiler.measure import Built, DeviceFacts, ReferenceFailedError, Workload
from boltir.profiler.measurement import Measurement, Status
from boltir.profiler.problem import Problem
from boltir.runtime.build import Builder, CompileError
from boltir.runtime.compile_cache import CompileCache
from boltir.runtime.kernel_source import KernelSource
from boltir.runtime.nvcc import Cutlass, Nvcc
from boltir.target import Target

MACHINE = Machine("sm_90a", "Fake GPU", "boltir 1, CUTLASS 2, CUDA 3")
DOES_NOT_COMPILE = "no C++ at all"


@dataclass(frozen=True)
class FakeBuilder(Builder):
    """Writes an empty file for each object and library; what holds that text does not compile."""

    def compile_kernels(self, kernels: Sequence[KernelSource]) -> int:
        for kernel in kernels:
            if DOES_NOT_COMPILE in kernel.source:
                raise CompileError("nvcc failed", where=f"kernel {kernel.name}")
        with self.cache.scratch() as folder:
            (folder / "unit.o").write_bytes(b"")
            self.cache.add([kernel.key for kernel in self.named(kernels)], folder / "unit.o")
        return len(kernels)

    def link_kernels(self, kernels: Sequence[KernelSource], output: Path) -> None:
        for kernel in self.named(kernels):
            assert self.cache.find(kernel.key) is not None
        output.write_bytes(b"")


@dataclass(frozen=True)
class MakeFakeBuilder:
    """Can be sent to other processes, as `LocalBuilder` can."""

    cache: Path
    nvcc_version: str = "13.0"

    def __call__(self) -> Builder:
        nvcc = Nvcc(Path("nvcc"), self.nvcc_version, "12", None)
        cutlass = Cutlass("4.2.0", ())
        return FakeBuilder(Target.named("sm_90a"), nvcc, cutlass, CompileCache(self.cache), jobs=1, show_progress=False)


@dataclass
class FakeBackend:
    """Answers for each candidate, which is known by its kernel's name; the rest takes a microsecond.

    Attributes:
        answers: measurements by kernel name.
        delay: seconds that each measurement takes.
        broken: the device fails at every request.
        no_reference: no reference ever computes anything.
        asked: the candidates that were measured, in order.
    """

    answers: Mapping[str, Measurement] = field(default_factory=dict[str, Measurement])
    delay: float = 0.0
    broken: bool = False
    no_reference: bool = False
    asked: list[str] = field(default_factory=list[str])
    _stopped: Event = field(default_factory=Event)

    def launch(self) -> None:
        """Nothing has to come up."""

    def facts(self) -> DeviceFacts:
        return DeviceFacts("Fake GPU", 90)

    def measure(self, workload: Workload, candidates: Sequence[Built], fastest: float | None) -> Iterator[Measurement]:
        if self.broken:
            raise BoltError("the GPU has fallen off the bus")
        if self.no_reference:
            raise ReferenceFailedError("the reference fails", where=workload.name)
        for candidate in candidates:
            if self._stopped.wait(self.delay):
                return
            name = candidate.executable.kernels[0].name
            self.asked.append(name)
            yield self.answers.get(name, Measurement(Status.OK, 1e-6, samples=1))

    def start(self) -> None:
        self._stopped.clear()

    def stop(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self.stop()


def kernel(name: str, *, compiles: bool = True) -> KernelSource:
    text = f'extern "C" int boltir_{name}() {{ return 0; }} // {name}'
    return KernelSource(name, text if compiles else f"{DOES_NOT_COMPILE} {text}")


def executable(name: str, *, compiles: bool = True) -> Executable:
    """One launch of a kernel of that name."""
    operand = Operand("f16", 4, 8)
    step = Step(0, ((Area.INPUT, 0), (Area.INPUT, 1), (Area.OUTPUT, 0)), (4,))
    return Executable((kernel(name, compiles=compiles),), (step,), (operand, operand), (operand,), 0, 100)


def trial(name: str, estimate: float = 1e-6, *, compiles: bool = True) -> Trial:
    """A candidate whose text and kernel are called `name`."""
    expected = Estimate(estimate, Bound.MEMORY, flops=100, memory_bytes=24, rounds=1, roof_seconds=estimate / 2)
    return Trial(name, template(), {}, expected, executable(name, compiles=compiles))


def template() -> GemmAttr:
    return GemmAttr.of(
        math="f16",
        threadblock=(64, 64, 32),
        warp=(32, 32, 32),
        instruction=(16, 8, 16),
        stages=4,
        swizzle=1,
        alignment_a=8,
        alignment_b=8,
        alignment_c=8,
        layout_a="row",
        layout_b="row",
    )


def problem(number: int = 1) -> Problem:
    """The product of `8 * number` rows."""
    a, b = (create_ssa_value(TensorType(f16, shape)) for shape in ((8 * number, 64), (64, 32)))
    return Problem.of(GemmOp.build_kernel([a, b], result_element_types=[f16]))


@dataclass(frozen=True)
class FakePreparation:
    """Gives each problem the candidates that are listed for it."""

    trials: Mapping[Problem, Sequence[Trial]]

    def __call__(self, problem: Problem, count: int, known: Mapping[str, Measurement]) -> Job:
        key, reference = TuningKey.for_problem(problem, MACHINE), executable("reference")
        return Job(problem, key, count, tuple(self.trials[problem]), (), reference, dict(known))
