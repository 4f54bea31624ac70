"""What the epilogues of a kernel of dependent products take."""

from collections.abc import Sequence

from xdsl.ir import Attribute

from boltir.cost_model.work import instruction_seconds
from boltir.dialects.cutlass.memory import element_bits
from boltir.target import Target

INTERMEDIATE = 0.1e-6
"""Seconds for the epilogue of 64 x 64 accumulators that stay in registers."""


def epilogue_seconds(rows: int, columns: tuple[int, ...], output: Attribute, store: float, between: float) -> float:
    """Seconds of all epilogues of a tile of rows; `store` and `between` are of 64 x 64 elements, stored as 16 bits."""
    *inner, last = columns
    stored = store * element_bits(output) / 16
    return rows / 64 * (between * sum(inner) + stored * last) / 64


def arithmetic_seconds(rows: int, columns: Sequence[int], instructions: Sequence[float], target: Target) -> float:
    """Seconds that a multiprocessor executes so many instructions for each element of a tile's products."""
    executed = sum(rows * n * count for n, count in zip(columns, instructions, strict=True))
    return target.multiprocessors * instruction_seconds(executed, target)
