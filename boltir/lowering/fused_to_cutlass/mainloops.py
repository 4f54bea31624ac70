"""What the families for tensor cores leave to choose: tiles, warps, stages, schedules, clusters."""

from dataclasses import dataclass
from typing import Protocol

from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.cutlass.sm90 import Schedule
from boltir.dialects.cutlass.template import ParameterValue
from boltir.dialects.cutlass.tensor_op import instruction_shape
from boltir.target import Target

Triple = tuple[int, int, int]
Parameters = dict[str, ParameterValue]


class Mainloop(Protocol):
    """One choice. Equal ones have equal hashes."""

    def parameters(self, math: Math, target: Target) -> Parameters:
        """The template parameters it decides."""
        ...


@dataclass(frozen=True)
class Tile:
    """A threadblock tile (M, N, K), the warps that share it along M, N and K, and the stages of its mainloop (2.x).

    `swizzle` is how many columns of tiles are visited together.
    """

    threadblock: Triple
    warps: Triple
    stages: int
    swizzle: int = 1

    @property
    def warp(self) -> Triple:
        (m, n, k), (warps_m, warps_n, warps_k) = self.threadblock, self.warps
        return (m // warps_m, n // warps_n, k // warps_k)

    def parameters(self, math: Math, target: Target) -> Parameters:
        return {
            "math": math.value,
            "threadblock": self.threadblock,
            "warp": self.warp,
            "instruction": instruction_shape(math, target),
            "stages": self.stages,
            "swizzle": self.swizzle,
        }


@dataclass(frozen=True)
class OnlyTile:
    """The only choice that a template has."""

    def parameters(self, math: Math, target: Target) -> Parameters:
        return {"math": math.value}


def tile_table(rows: str) -> tuple[Tile, ...]:
    """Reads `M N K warpsM warpsN warpsK stages` per line."""
    numbers = [tuple(map(int, row.split())) for row in rows.strip().splitlines()]
    return tuple(Tile((m, n, k), (wm, wn, wk), stages) for m, n, k, wm, wn, wk, stages in numbers)


@dataclass(frozen=True)
class HopperTile:
    """A tile for 16-bit operands, with the schedule and cluster it is used with (3.x)."""

    tile: Triple
    schedule: Schedule
    cluster: Triple = (1, 1, 1)

    def at_depth_of(self, math: Math) -> Triple:
        """The tile for other operands: as many bytes deep."""
        m, n, k = self.tile
        return (m, n, 2 * k // math.bytes)

    def parameters(self, math: Math, target: Target) -> Parameters:
        return {
            "math": math.value,
            "tile": self.at_depth_of(math),
            "cluster": self.cluster,
            "schedule": self.schedule.value,
        }
