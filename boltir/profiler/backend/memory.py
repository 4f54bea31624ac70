"""The buffers of a problem on a device: copies to rotate through, and the places of a launch's operands in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from boltir.profiler.executable import Area, Executable, Operand
from boltir.runtime.device import Device, Memory

ALIGNMENT = 512  # more than any kernel needs
GUARD = 512  # bytes before and after each output
POISON = 0x7B  # as f16, bf16 and f32 a huge number, and neither infinite nor not a number
MOST_COPIES = 256


def copies_for(executable: Executable, cold: int, free: int) -> int:
    """How many copies of the operands make a pass over all of them touch `cold` bytes, with `free` to put them in."""
    one = sum(map(_block, executable.inputs)) + sum(map(_block, executable.outputs))
    return max(1, min(-(-cold // one), MOST_COPIES, free // one))


@dataclass(frozen=True)
class Buffers:
    """One copy of a problem's operands: addresses in device memory."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def address(self, place: tuple[Area, int], arena: int) -> int:
        """Where an operand of a launch lies."""
        area, offset = place
        match area:
            case Area.INPUT:
                return self.inputs[offset]
            case Area.OUTPUT:
                return self.outputs[offset]
            case Area.ARENA:
                return arena + offset


class OperandMemory:
    """Copies of a problem's operands in one block of device memory, each output with guards around it."""

    def __init__(self, device: Device, inputs: Sequence[Operand], outputs: Sequence[Operand], copies: int) -> None:
        self._device = device
        self._outputs = outputs
        operands = [*inputs, *outputs]
        size = sum(map(_block, operands))
        self._memory: Memory = device.allocate(copies * size)
        self.copies = [_layout(self._memory.address + copy * size, inputs, outputs) for copy in range(copies)]

    def poison(self) -> None:
        """Overwrite the outputs of the first copy, and what is around them."""
        for operand, address in self._first_outputs():
            self._device.driver.memset_d8(address - GUARD, POISON, operand.nbytes + 2 * GUARD)

    def is_intact(self) -> bool:
        """Whether nothing has been written around the outputs of the first copy."""
        guard = np.empty(GUARD, np.uint8)
        for operand, address in self._first_outputs():
            for start in (address - GUARD, address + operand.nbytes):
                self._device.download(start, guard)
                if np.any(guard != POISON):
                    return False
        return True

    def free(self) -> None:
        self._memory.free()

    def _first_outputs(self) -> list[tuple[Operand, int]]:
        return list(zip(self._outputs, self.copies[0].outputs, strict=True))


def _layout(start: int, inputs: Sequence[Operand], outputs: Sequence[Operand]) -> Buffers:
    addresses: list[int] = []
    for operand in (*inputs, *outputs):
        addresses.append(start + GUARD)
        start += _block(operand)
    return Buffers(tuple(addresses[: len(inputs)]), tuple(addresses[len(inputs) :]))


def _block(operand: Operand) -> int:
    return -(-(operand.nbytes + 2 * GUARD) // ALIGNMENT) * ALIGNMENT
