"""A `cutlass` module as data: the kernels to build, and the launches with the place of every operand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass import (
    ARENA_ALIGNMENT,
    AllocOp,
    ArenaOp,
    KernelOp,
    LaunchOp,
    ReinterpretOp,
    ViewOp,
    WeightOp,
    buffer_bytes,
    launches,
    memref_type,
    output_count,
)
from boltir.dialects.fused.origin import origin_of
from boltir.dialects.properties import is_strings
from boltir.errors import BoltError


class Space(IntEnum):
    """Where a buffer is: what its offset counts from. The numbers are those of the host program's `Place`."""

    INPUT = 0
    OUTPUT = 1
    ARENA = 2
    WEIGHTS = 3


@dataclass(frozen=True)
class Place:
    """A buffer: for inputs and outputs which one, else the byte offset into arena or weights."""

    space: Space
    offset: int


@dataclass(frozen=True)
class Launch:
    """One kernel launch: the places of its operands and its integers, both in the order of the kernel's interface.

    Attributes:
        kernel: its symbol.
        family: its template's.
        origin: the graph operations it computes.
        bytes: of device memory that it reads and writes.
        flops: floating-point operations; 0 where only memory counts.
    """

    kernel: str
    family: str
    places: tuple[Place, ...]
    integers: Mapping[str, int]
    origin: tuple[str, ...]
    bytes: int
    flops: int


@dataclass(frozen=True)
class Tensor:
    """An input or output of the network, under its name in the model."""

    name: str
    shape: tuple[int, ...]
    element_type: Attribute
    bytes: int


@dataclass(frozen=True)
class WeightSlot:
    """Where a weight lies in the weights' block."""

    name: str
    offset: int
    size: int


@dataclass
class Program:
    """Everything the host program needs to know; sizes in bytes."""

    target: str
    kernels: tuple[KernelOp, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    arena_bytes: int = 0
    weights_bytes: int = 0
    weights: list[WeightSlot] = field(default_factory=list[WeightSlot])
    launches: list[Launch] = field(default_factory=list[Launch])


def program_of(module: ModuleOp) -> Program:
    """The program that `@main` of a planned `cutlass` module is.

    Raises:
        BoltError: the module is not of the cutlass level, its memory is not planned, or a launch does not
            fit its kernel.
    """
    main = next((op for op in module.ops if isinstance(op, FuncOp) and op.sym_name.data == "main"), None)
    target = module.attributes.get("cutlass.target")
    if main is None or not isinstance(target, StringAttr):
        raise BoltError("the module is not of the cutlass level", hint="lower it with bolt-compile or bolt-opt first")
    try:
        bound = list(launches(module))
    except VerifyException as error:
        raise BoltError(str(error)) from None
    return _ProgramBuilder(module, main, target.data).build(bound)


@dataclass
class _ProgramBuilder:
    module: ModuleOp
    main: FuncOp
    target: str
    places: dict[SSAValue, Place] = field(default_factory=dict[SSAValue, Place])

    def build(self, bound: list[tuple[LaunchOp, KernelOp]]) -> Program:
        arguments = self.main.body.block.args
        count = len(arguments) - output_count(self.main)
        for index, argument in enumerate(arguments):
            is_input = index < count
            self.places[argument] = Place(Space.INPUT, index) if is_input else Place(Space.OUTPUT, index - count)
        inputs = self._tensors("graph.input_names", arguments[:count])
        outputs = self._tensors("graph.output_names", arguments[count:])
        kernels = dict(bound)
        program = Program(self.target, tuple(dict.fromkeys(kernels.values())), inputs, outputs)
        slots: dict[str, WeightSlot] = {}
        for op in self.main.body.block.ops:
            match op:
                case ArenaOp():
                    program.arena_bytes = buffer_bytes(op.result)
                case ViewOp():
                    self.places[op.result] = Place(Space.ARENA, op.offset.value.data)
                case ReinterpretOp():
                    self.places[op.result] = self.places[op.input]
                case WeightOp():
                    self.places[op.result] = self._weight_place(op, program, slots)
                case LaunchOp():
                    program.launches.append(self._launch(op, kernels[op]))
                case AllocOp():
                    raise BoltError("the module has buffers without a place", hint="run plan-memory first")
                case _:
                    continue
        return program

    def _tensors(self, attribute: str, arguments: Sequence[SSAValue]) -> tuple[Tensor, ...]:
        """The arguments under the names that `attribute` lists; a number where it lists none."""
        given = self.module.attributes.get(attribute)
        names = [name.data for name in given] if is_strings(given) else []
        names += [str(index) for index in range(len(names), len(arguments))]
        tensors: list[Tensor] = []
        for name, argument in zip(names, arguments, strict=False):
            kind = memref_type(argument)
            tensors.append(Tensor(name, kind.get_shape(), kind.element_type, buffer_bytes(argument)))
        return tuple(tensors)

    def _weight_place(self, op: WeightOp, program: Program, slots: dict[str, WeightSlot]) -> Place:
        name = op.weight_name
        if name not in slots:
            size = buffer_bytes(op.result)
            slots[name] = WeightSlot(name, program.weights_bytes, size)
            program.weights.append(slots[name])
            program.weights_bytes += -(-size // ARENA_ALIGNMENT) * ARENA_ALIGNMENT
        return Place(Space.WEIGHTS, slots[name].offset)

    def _launch(self, op: LaunchOp, kernel: KernelOp) -> Launch:
        template, given = kernel.template_attr, op.integers
        return Launch(
            kernel=op.kernel_name,
            family=template.family,
            places=tuple(self.places[value] for value in op.operands),
            integers={name: given[name] for name in kernel.launch_parameters},
            origin=origin_of(op),
            bytes=op.bytes_touched(kernel),
            flops=op.flops(kernel),
        )
