"""Every tile of the 3.x templates with an epilogue that needs each kind of operand and store at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chosen_parameters import Parameters, with_parameters
from epilogue_cases import EpilogueCase, conv, gemm
from visitor_cases import everything, gated, moved, reduced
from xdsl.dialects.builtin import bf16, f16, f32, i8
from xdsl.ir import SSAValue

from boltir.dialects.cutlass.sm90 import Schedule, Sm90Attr
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.fused import DualGemmOp, ElementsAttr, FusedOp
from boltir.lowering.fused_to_cutlass.mainloops import HopperTile
from boltir.lowering.fused_to_cutlass.tables import CONV2D_TILES, HOPPER_TILES


@dataclass(frozen=True, eq=False)
class HopperCase(EpilogueCase):
    """A case on a tile that boltir might not choose for it."""

    tile: HopperTile = HOPPER_TILES[0]
    target: str = "sm_90a"

    def kernel(self, arguments: Sequence[SSAValue]) -> FusedOp:
        return with_parameters(super().kernel(arguments), self.target, self._parameters)

    def _parameters(self, preferred: TemplateAttr) -> Parameters:
        assert isinstance(preferred, Sm90Attr), preferred
        return {"tile": self.tile.tile, "cluster": self.tile.cluster, "schedule": self.tile.schedule.value}


def tiled(case: EpilogueCase, tile: HopperTile) -> HopperCase:
    shape, cluster = ("x".join(map(str, extents)) for extents in (tile.tile, tile.cluster))
    name = f"{case.name}: {shape} {tile.schedule.value} {cluster}"
    parts = (case.anchor, case.inputs, case.epilogue, case.operands, case.outputs, case.properties)
    return HopperCase(name, *parts, tile=tile)


def product(tile: HopperTile, rows: int = 1003, access: int = 8) -> HopperCase:
    """Of several tiles for each threadblock; an odd `access` leaves nothing that TMA could move."""
    shape, n = (3, rows), 65 * access
    operands = [((*shape, n), f16), ((n,), f32), ((*shape, 1), bf16), ((1,), f16), ((3, 1, n), f16)]
    outputs = [*moved(shape, n, access), *reduced(shape, n), (i8, ElementsAttr())]
    return tiled(gemm(f"product by {access}", everything, operands, outputs, rows=shape, n=n, k=136), tile)


def dual(tile: HopperTile) -> HopperCase:
    shape, n = (3, 1003), 520
    operands = [((n,), f16), ((*shape, 1), f32), ((*shape, n), f16)]
    case = gemm("two products", gated, operands, moved(shape, n, 8), rows=shape, n=n, k=136, anchor=DualGemmOp)
    return tiled(case, tile)


def convolution(tile: HopperTile) -> HopperCase:
    shape, n = (2, 14, 14), 72
    operands = [((*shape, n), f16), ((n,), f32), ((*shape, 1), bf16), ((1,), f16), ((2, 1, 1, n), f16)]
    outputs = [*moved(shape, n, 8), *reduced(shape, n), (i8, ElementsAttr())]
    return tiled(conv("everything", everything, operands, outputs), tile)


def cases() -> Iterator[HopperCase]:
    for tile in HOPPER_TILES:
        yield product(tile)
        yield dual(tile)
    for schedule in (Schedule.PINGPONG, Schedule.COOPERATIVE, Schedule.SPLIT_K):
        tile = next(tile for tile in HOPPER_TILES if tile.schedule is schedule)
        yield product(tile, access=1)
        yield product(tile, access=4)
    yield from map(convolution, CONV2D_TILES)


HOPPER_CASES = tuple(cases())
