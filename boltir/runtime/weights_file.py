"""weights.bin: every weight at its place, and the checksum by which the library knows its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from boltir.errors import BoltError
from boltir.lowering.cutlass_to_cuda.program import Program
from boltir.weights import WeightStore

_MODULUS = 2**32 - 1
_WORDS_WITHOUT_OVERFLOW = 2**16


@dataclass
class Fletcher64:
    """Fletcher-64 (Fletcher 1982): two sums modulo 2^32 - 1 over little-endian 32-bit words."""

    total: int = 0
    total_of_totals: int = 0

    def add(self, data: bytes) -> None:
        """Go on with `data`, whose length must be a multiple of 4."""
        words = np.frombuffer(data, "<u4")
        for first in range(0, len(words), _WORDS_WITHOUT_OVERFLOW):
            block = words[first : first + _WORDS_WITHOUT_OVERFLOW].astype(np.uint64)
            # The k-th word from the end is in the last k totals.
            in_totals = int(block @ np.arange(len(block), 0, -1, dtype=np.uint64))
            self.total_of_totals = (self.total_of_totals + len(block) * self.total + in_totals) % _MODULUS
            self.total = (self.total + int(block.sum())) % _MODULUS

    @property
    def value(self) -> int:
        return self.total_of_totals << 32 | self.total


def write_weights(program: Program, weights: WeightStore, path: Path) -> int:
    """Lay every weight at its offset, with zeros in the gaps; returns the file's checksum.

    Raises:
        BoltError: a weight has no bytes, or not as many as the network reads.
    """
    checksum = Fletcher64()
    ends = [slot.offset for slot in program.weights[1:]] + [program.weights_bytes]
    with path.open("wb") as stream:
        for slot, end in zip(program.weights, ends, strict=False):  # without weights there is an end all the same
            data = weights.get(slot.name).tobytes()
            if len(data) != slot.size:
                raise BoltError(f"has {len(data)} bytes, the network reads {slot.size}", where=f"weight @{slot.name}")
            _append(stream, checksum, data + bytes(end - slot.offset - slot.size))
    return checksum.value


def _append(stream: BinaryIO, checksum: Fletcher64, data: bytes) -> None:
    stream.write(data)
    checksum.add(data)
