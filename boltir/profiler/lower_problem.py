"""From a problem's network, with templates chosen, to what runs it."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from xdsl.dialects.builtin import ModuleOp

from boltir.context import CompilerContext
from boltir.errors import UnsupportedError
from boltir.lowering.cutlass_to_cuda.program import Launch, Program, Space, Tensor, program_of
from boltir.lowering.fused_to_cutlass.convert import ConvertFusedToCutlassPass
from boltir.lowering.render import render_kernel
from boltir.passes.plan_memory import PlanMemoryPass
from boltir.profiler.executable import Area, Executable, Operand, Step
from boltir.profiler.problem import Problem
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target

_AREAS = {Space.INPUT: Area.INPUT, Space.OUTPUT: Area.OUTPUT, Space.ARENA: Area.ARENA}


def lower_problem(problem: Problem, target: Target, choose: Callable[[ModuleOp], None]) -> Executable:
    """`problem` with the templates that `choose` notes in a copy of its network.

    Raises:
        BoltError: what is chosen cannot be launched, or has no CUDA form.
    """
    module, context = problem.module(), CompilerContext()
    choose(module)
    ConvertFusedToCutlassPass(target=target.name).apply(context, module)
    PlanMemoryPass().apply(context, module)
    program = program_of(module)
    if program.weights:
        raise UnsupportedError("what is measured alone must have no weights")
    return _executable(program)


def _executable(program: Program) -> Executable:
    positions = {kernel.sym_name.data: index for index, kernel in enumerate(program.kernels)}
    return Executable(
        kernels=tuple(KernelSource(kernel.sym_name.data, render_kernel(kernel)) for kernel in program.kernels),
        steps=tuple(_step(launch, positions[launch.kernel]) for launch in program.launches),
        inputs=tuple(map(_operand, program.inputs)),
        outputs=tuple(map(_operand, program.outputs)),
        arena_bytes=program.arena_bytes,
        flops=sum(launch.flops for launch in program.launches),
    )


def _step(launch: Launch, kernel: int) -> Step:
    places = tuple((_AREAS[place.space], place.offset) for place in launch.places)
    return Step(kernel, places, tuple(launch.integers.values()))


def _operand(tensor: Tensor) -> Operand:
    return Operand(str(tensor.element_type), prod(tensor.shape), tensor.bytes)
