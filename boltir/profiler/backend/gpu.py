"""Running and timing executables on a GPU: the part of the profiler that needs one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice, repeat
from math import ceil, log2, sqrt

import numpy as np

from boltir.errors import BoltError
from boltir.profiler.backend.launcher import Queue, call, load_kernel, run
from boltir.profiler.backend.memory import OperandMemory, copies_for
from boltir.profiler.backend.samples import measure_adaptively
from boltir.profiler.executable import Executable
from boltir.profiler.measure import Built, DeviceFacts, Workload
from boltir.profiler.measurement import Measurement, Status
from boltir.runtime.cuda_graph import CudaGraph
from boltir.runtime.device import Device, Memory
from boltir.runtime.element_types import BY_NAME

COLD = 128 << 20  # bytes between two uses of an operand: more than twice the L2 cache of any GPU boltir compiles for
SAMPLE_SECONDS = 1e-3  # one sample takes at least so long
MOST_LAUNCHES = 1000  # of one sample

TOLERANCES = {"f16": 2e-3, "bf16": 1.6e-2, "f32": 1e-3}
"""How far results may be apart, relative to the largest: some roundings to that type. Integers may differ by 1.

A reference of several launches rounds in each of them, and may be off by so much for each.
"""


@dataclass
class _Problem:
    """A workload in device memory."""

    workload: Workload
    operands: OperandMemory
    expected: OperandMemory


class GpuEngine:
    """Measures on one GPU, one problem at a time."""

    def __init__(self, ordinal: int) -> None:
        """Open the GPU.

        Raises:
            BoltError: there is no such GPU, or no pycuda.
        """
        self._device = Device.open(ordinal)
        self._problem: _Problem | None = None
        self._arena: Memory | None = None
        self._arena_bytes = 0

    def facts(self) -> DeviceFacts:
        major, minor = self._device.capability
        return DeviceFacts(self._device.name, 10 * major + minor)

    def load(self, workload: Workload) -> None:
        """Make up operands, and compute the right results.

        Raises:
            BoltError: the reference fails, or there is too little memory.
        """
        with self._device.current():
            self._unload()
            executable = workload.reference.executable
            free, _ = self._device.driver.mem_get_info()
            copies = copies_for(executable, COLD, free // 4)
            operands = OperandMemory(self._device, executable.inputs, executable.outputs, copies)
            expected = OperandMemory(self._device, (), executable.outputs, 1)
            self._problem = _Problem(workload, operands, expected)
            self._fill(workload, operands)
            first = operands.copies[0]
            operands.poison()
            self._execute(run(workload.reference, first, self._arena_for(executable)))
            for operand, source, destination in zip(
                executable.outputs, first.outputs, expected.copies[0].outputs, strict=True
            ):
                result = np.empty(operand.nbytes, np.uint8)
                self._device.download(source, result)
                self._device.upload(result, destination)

    def measure(self, candidate: Built, fastest: float | None) -> Measurement:
        """Check a candidate of the loaded problem, and time it if it is right.

        Raises:
            BoltError: it cannot be launched; then this process is of no more use.
        """
        if self._problem is None:
            raise BoltError("no problem is loaded")
        operands = self._problem.operands
        with self._device.current():
            arena = self._arena_for(candidate.executable)
            runs = [run(candidate, buffers, arena) for buffers in operands.copies]
            operands.poison()
            self._execute(runs[0])
            fault = self._fault(self._problem)
            if fault:
                return Measurement(Status.WRONG, error=fault)
            return self._time(runs, fastest)

    def _fill(self, workload: Workload, operands: OperandMemory) -> None:
        fill = load_kernel(workload.fill)
        executable = workload.reference.executable
        calls: list[Queue] = []
        for buffers in operands.copies:
            for seed, (operand, address) in enumerate(zip(executable.inputs, buffers.inputs, strict=True), 1):
                exponent = second_operand_exponent(executable) if seed == 2 else 0
                integers = (operand.count, BY_NAME[operand.element].code, seed, exponent)
                calls.append(call(fill, [address], integers))
        self._execute(*calls)

    def _fault(self, problem: _Problem) -> str:
        """What is wrong with the outputs of the first copy; empty if they are right."""
        if not problem.operands.is_intact():
            return "it writes outside its outputs"
        compare = load_kernel(problem.workload.compare)
        difference = self._device.allocate(16)
        reference = problem.workload.reference.executable
        actual, expected = problem.operands.copies[0].outputs, problem.expected.copies[0].outputs
        for operand, result, right in zip(reference.outputs, actual, expected, strict=True):
            self._device.driver.memset_d8(difference.address, 0, 16)
            element = BY_NAME[operand.element].code
            self._execute(call(compare, [result, right, difference.address], (operand.count, element)))
            found = np.empty(4, np.uint32)
            self._device.download(difference.address, found)
            largest, scale = (float(value) for value in found[:2].view(np.float32))
            fault = _fault_of(operand.element, largest, scale, int(found[2]), len(reference.steps))
            if fault:
                return fault
        return ""

    def _time(self, runs: list[Queue], fastest: float | None) -> Measurement:
        """Samples of replays of a CUDA graph that goes round the copies of the operands."""
        once = min(self._device.time(_sequence(runs), 2)) * 1e-6 / len(runs)
        rounds = ceil(min(SAMPLE_SECONDS / once, MOST_LAUNCHES) / len(runs))
        launches = list(islice(chain.from_iterable(repeat(runs)), max(1, rounds) * len(runs)))
        with CudaGraph(self._device, _sequence(launches)) as graph:

            def sample() -> float:
                return self._device.time(graph.launch, 1)[0] * 1e-6 / len(launches)

            return measure_adaptively(sample, fastest)

    def _execute(self, *queues: Queue) -> None:
        """Run work to its end, so that its errors are met here."""
        stream = self._device.driver.Stream()
        for queue in queues:
            queue(stream.handle)
        self._device.synchronize()

    def _arena_for(self, executable: Executable) -> int:
        """Memory for what passes between launches."""
        if self._arena is None or self._arena_bytes < executable.arena_bytes:
            self._arena_bytes = max(256, executable.arena_bytes)
            self._arena = self._device.allocate(self._arena_bytes)
        return self._arena.address

    def _unload(self) -> None:
        if self._problem is not None:
            self._problem.operands.free()
            self._problem.expected.free()
            self._problem = None


def second_operand_exponent(executable: Executable) -> int:
    """The power of two that makes sums over products of the first two operands about as large as the operands.

    Each operand is uniform in [-1, 1), with variance 1/3, so a sum of K products has variance K/9.
    """
    products = executable.flops / 2 / sum(output.count for output in executable.outputs)
    return -round(log2(sqrt(products))) if products > 1 else 0


def _sequence(queues: list[Queue]) -> Queue:
    def queue(stream: int) -> None:
        for work in queues:
            work(stream)

    return queue


def _fault_of(element: str, largest: float, scale: float, mismatch: int, launches: int) -> str:
    if mismatch:
        return f"{mismatch} results are infinite or no number, unlike the reference's"
    if element not in TOLERANCES:
        return f"off by {largest:g}" if largest > 1 else ""
    tolerance = TOLERANCES[element] * launches
    apart = largest / scale if scale > 0 else largest
    return f"off by {apart:.2g} of the largest result, more than {tolerance:g}" if apart > tolerance else ""
