"""Where an epilogue can be cut in two, one scalar passing from the first part to the second."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from xdsl.ir import Block, Operation, SSAValue


@dataclass(frozen=True)
class Cut:
    """The parts of an epilogue.

    Attributes:
        boundary: the one value that the first part computes for the second.
        tail: the operations of the second part, the terminator last. Constants belong to neither.
    """

    boundary: SSAValue
    tail: tuple[Operation, ...]


def latest_cut(block: Block, accumulator: SSAValue, refused: Collection[SSAValue]) -> Cut:
    """The cut with the longest first part that uses none of the arguments `refused`.

    Arguments other than the accumulator can be loaded again and constants repeated, so only the
    accumulator and computed values count as passing the cut. Before the first operation that is the
    accumulator alone: a cut always exists.
    """
    free, bound = _partition(block, refused)
    order = [*free, *bound]
    position = {op: i for i, op in enumerate(order)}
    counts = [0] * (len(free) + 2)
    spans: list[tuple[SSAValue, int, int]] = []
    for value, defined in [(accumulator, -1), *((op.results[0], i) for i, op in enumerate(free))]:
        last_use = max((position[use.operation] for use in value.uses), default=defined)
        first, last = defined + 1, min(last_use, len(free))
        if first <= last:
            spans.append((value, first, last))
            counts[first] += 1
            counts[last + 1] -= 1
    best, passing = 0, 0
    for cut, change in enumerate(counts[:-1]):
        passing += change
        if passing <= 1:
            best = cut
    boundary = next((value for value, first, last in spans if first <= best <= last), accumulator)
    return Cut(boundary, tuple(order[best:]))


def _partition(block: Block, refused: Collection[SSAValue]) -> tuple[list[Operation], list[Operation]]:
    """The operations that do not depend on `refused`, and those that do with the terminator; constants left out."""
    free: list[Operation] = []
    bound: list[Operation] = []
    tainted = set(refused)
    for op in block.ops:
        if op is block.last_op or not tainted.isdisjoint(op.operands):
            bound.append(op)
            tainted.update(op.results)
        elif op.operands:
            free.append(op)
    return free, bound
