"""Which tiles a 3.x kernel has, and in which order its threadblocks visit them."""

from itertools import product

from boltir.cost_model.tile_order import effective_swizzle, tile_grid, tile_order
from boltir.cost_model.traffic import Raster
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS, Math
from boltir.dialects.cutlass.sm90 import RASTERS, SWIZZLES, Schedule
from boltir.lowering.fused_to_cutlass.mainloops import HopperTile, Triple
from boltir.target import Target

ALIGNED = {"alignment_a": 8, "alignment_b": 8, "alignment_c": 8}


def kernel(cluster: Triple = (1, 1, 1), schedule: Schedule = Schedule.PINGPONG) -> GemmSm90Attr:
    tile = HopperTile((64, 64, 64), schedule, cluster)
    parameters = tile.parameters(Math.F16, Target.named("sm_90a"))
    return GemmSm90Attr.of(**parameters, **ALIGNED, layout_a="row", layout_b="column")


def launch(m: int, n: int, swizzle: int = 1, raster: Raster = Raster.HEURISTIC) -> dict[str, int]:
    k = 64
    integers = dict(zip(GEMM_PARAMETERS, (m, n, k, 1, k, k, n, m * k, n * k, m * n), strict=True))
    return {**integers, "swizzle": swizzle, "raster": raster}


def test_tiles_come_in_whole_clusters_and_groups() -> None:
    wide = kernel((2, 1, 1))
    assert tile_grid(kernel(), launch(65, 200)) == (2, 4)
    assert tile_grid(wide, launch(65, 200, swizzle=8)) == (4, 4)  # groups of 2: there are but 2 rows
    assert tile_grid(wide, launch(64 * 17, 64 * 9, swizzle=8)) == (32, 16)  # groups of 8


def test_groups_are_no_larger_than_what_there_is_to_group() -> None:
    assert [effective_swizzle(8, tiles) for tiles in (1, 2, 3, 5, 6)] == [1, 2, 4, 4, 8]
    assert effective_swizzle(2, 100) == 2


def test_the_heuristic_goes_along_the_shorter_extent() -> None:
    assert (
        tile_order(kernel(), launch(640, 1280))
        == (1, True)
        == tile_order(kernel(), launch(640, 1280, 1, Raster.ALONG_M))
    )
    assert (
        tile_order(kernel(), launch(1280, 640))
        == (1, False)
        == tile_order(kernel(), launch(1280, 640, 1, Raster.ALONG_N))
    )


def test_one_row_of_tiles_has_one_order() -> None:
    for template in (kernel(), kernel((1, 4, 1))):
        orders = {tile_order(template, launch(8, 4096, *order)) for order in product(SWIZZLES, map(Raster, RASTERS))}
        assert orders == {(1, True)}


def test_a_kernel_that_is_not_persistent_goes_down_first() -> None:
    plain = kernel(schedule=Schedule.WARP_SPECIALIZED)
    assert tile_order(plain, launch(1280, 640)) == (1, True)
