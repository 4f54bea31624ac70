"""Every tile of the 2.x templates with an epilogue that needs each kind of operand and store at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from chosen_parameters import Parameters, with_parameters
from epilogue_cases import ALL, EpilogueCase, conv, gemm, largest, relu, silu, sums
from xdsl.dialects.builtin import bf16, f16, f32, i8
from xdsl.ir import Attribute, SSAValue

from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.cutlass.tensor_op import TensorOpAttr
from boltir.dialects.fused import Along, ColumnsAttr, DualGemmOp, FusedOp, PaddedAttr, PermutedAttr
from boltir.dialects.fused.store import StoreAttr
from boltir.dialects.tensors import Shape
from boltir.lowering.fused_to_cutlass.mainloops import Tile
from boltir.lowering.fused_to_cutlass.tables import ASYNC_TILES, REGISTER_STAGED_TILES

Outputs = Sequence[tuple[Attribute, StoreAttr]]


@dataclass(frozen=True, eq=False)
class TiledCase(EpilogueCase):
    """A case on a tile that boltir might not choose for it."""

    tile: Tile = ASYNC_TILES[0]
    target: str = "sm_80"

    def kernel(self, arguments: Sequence[SSAValue]) -> FusedOp:
        return with_parameters(super().kernel(arguments), self.target, self._parameters)

    def _parameters(self, preferred: TemplateAttr) -> Parameters:
        assert isinstance(preferred, TensorOpAttr)
        stages = self.tile.stages if preferred.stages.data > 2 else 2
        return {"threadblock": self.tile.threadblock, "warp": self.tile.warp, "stages": stages}


def everything(b: Any, x: Any, full: Any, row: Any, column: Any, scalar: Any, general: Any) -> tuple[Any, ...]:
    value = b.add(b.multiply(b.add(b.multiply(x, column), row), scalar), b.multiply(full, general))
    byte = b.maximum(b.minimum(b.multiply(value, b.constant(100.0)), b.constant(127.0)), b.constant(-128.0))
    return relu(b, value), *(value,) * 6, b.stored(byte, i8)


def gated(b: Any, gate: Any, up: Any, row: Any, column: Any, full: Any) -> tuple[Any, ...]:
    value = b.add(b.multiply(silu(b, b.add(gate, row)), b.multiply(up, column)), full)
    return (value,) * 4


def moved(rows: Shape, n: int, access: int, width: int | None = None) -> Outputs:
    """The stores that move elements. Columns begin and end at multiples of `access`; heads are `width` or as wide."""
    width = width or access
    view, permutation = (*rows, n // width, width), (0, len(rows), *range(1, len(rows)), len(rows) + 1)
    return (
        (f32, ALL),
        (f16, ColumnsAttr.of(2 * access, n - 3 * access)),
        (f16, PermutedAttr.of(view, permutation)),
        (bf16, PaddedAttr.of(n + 72 + access)),
    )


def reduced(rows: Shape, n: int) -> Outputs:
    return (f32, sums(Along.COLUMNS, n)), (f32, largest(Along.ROWS, prod(rows))), (bf16, sums(Along.ROWS, prod(rows)))


def tiled(case: EpilogueCase, tile: Tile, target: str) -> TiledCase:
    name = f"{case.name} {case.inputs[1][0][0]}: {'x'.join(map(str, tile.threadblock))}"
    parts = (case.anchor, case.inputs, case.epilogue, case.operands, case.outputs, case.properties)
    return TiledCase(name, *parts, tile=tile, target=target)


def product(tile: Tile, target: str = "sm_80", access: int = 8) -> TiledCase:
    rows, n = (3, 67), 18 * access
    given = [((*rows, n), f16), ((n,), f32), ((*rows, 1), bf16), ((1,), f16), ((3, 1, n), f16)]
    stored = [*moved(rows, n, access, 3 * access), *reduced(rows, n), (i8, ALL)]
    return tiled(gemm("product", everything, given, stored, rows=rows, n=n, k=64), tile, target)


def dual(tile: Tile, target: str = "sm_80") -> TiledCase:
    rows, n = (3, 67), 144
    given = [((n,), f16), ((*rows, 1), f32), ((*rows, n), f16)]
    stored = moved(rows, n, 8, 24)
    case = gemm("two products", gated, given, stored, rows=rows, n=n, k=64, anchor=DualGemmOp)
    return tiled(case, tile, target)


def convolution(tile: Tile, target: str = "sm_80") -> TiledCase:
    rows, n = (2, 14, 14), 72
    given = [((*rows, n), f16), ((n,), f32), ((*rows, 1), bf16), ((1,), f16), ((2, 1, 1, n), f16)]
    return tiled(
        conv("everything", everything, given, [*moved(rows, n, 8, 24), *reduced(rows, n), (i8, ALL)]), tile, target
    )


def shapes(tiles: Sequence[Tile]) -> tuple[Tile, ...]:
    """The first tile of each shape."""
    return tuple({tile.threadblock[:2]: tile for tile in reversed(tiles)}.values())


def cases() -> Iterator[TiledCase]:
    for tile in shapes(ASYNC_TILES):
        yield product(tile, access=8 if tile.threadblock[1] >= 64 else 4)
    for access in (1, 2, 4):
        yield product(ASYNC_TILES[0], access=access)
    for tile in shapes(REGISTER_STAGED_TILES):
        yield product(tile, "sm_75")
    for tile in (tile for tile in shapes(ASYNC_TILES) if tile.threadblock[1] >= 64):
        yield dual(tile)
        yield convolution(tile)


TILED_CASES = tuple(cases())
