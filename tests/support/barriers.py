"""Barriers of shared memory, simulated: warps and threads that load take steps in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

WARPS = 4
"""Of a warpgroup."""
Ready = Callable[[], bool]
Actor = Iterator[Ready]
"""A warp, a thread that loads, or a load: yields what it waits for."""


@dataclass
class Barrier:
    """Knows only the parity of how often `count` have arrived."""

    count: int
    phase: int = 0
    arrived: int = 0
    holds: object = -1
    """What is in the slot that it guards."""

    def arrive(self) -> None:
        self.arrived += 1
        if self.arrived == self.count:
            self.phase, self.arrived = self.phase + 1, 0

    def passed(self, parity: int) -> Ready:
        return lambda: self.phase % 2 != parity


class Products:
    """The wgmma that the warps of a warpgroup have issued; one needs all of them."""

    def __init__(self) -> None:
        self.issued = [0] * WARPS

    def issue(self, warp: int) -> None:
        self.issued[warp] += 1

    def done(self, warp: int, pending: int) -> Ready:
        """Whether all that `warp` has issued are done but so many."""
        count = self.issued[warp] - pending
        return lambda: min(self.issued) >= count


def finish(actors: list[Actor], random: Random) -> bool:
    """Whether all come to an end, where some are hurried and some are held up."""
    waiting: dict[int, Ready | None] = {i: next(actor, None) for i, actor in enumerate(actors)}
    haste = [random.random() for _ in actors]
    while any(waiting.values()):
        able = [i for i, ready in waiting.items() if ready is not None and ready()]
        if not able:
            return False
        chosen = max(able, key=lambda i: haste[i]) if random.random() < 0.95 else random.choice(able)
        waiting[chosen] = next(actors[chosen], None)
        if random.random() < 0.01:
            haste[random.randrange(len(actors))] = random.random()
    return True
