"""The tiles of a 3.x kernel, and the order in which they are visited.

Source: gemm/kernel/tile_scheduler_params.h, PersistentTileSchedulerSm90Params.
"""

from collections.abc import Mapping

from boltir.cost_model.traffic import Raster
from boltir.dialects.cutlass.sm90 import Sm90Attr
from boltir.dialects.shapes import round_up


def tile_grid(template: Sm90Attr, integers: Mapping[str, int]) -> tuple[int, int]:
    """Rows and columns of tiles of one matrix, those included that lie outside of it.

    They come in whole clusters, and of them in whole groups of `swizzle`.
    """
    cluster_m, cluster_n, _ = template.cluster.data
    rows, columns = _tiles(template, integers)
    group = _group(template, integers)
    return round_up(rows, cluster_m * group), round_up(columns, cluster_n * group)


def tile_order(template: Sm90Attr, integers: Mapping[str, int]) -> tuple[int, bool]:
    """How many tiles beside each other are visited before the next ones, and whether those are the next ones down.

    Launches of a kernel with the same order do the same. Of one row or column of clusters there is but one order.
    """
    tiles, (cluster_m, cluster_n, _) = tile_grid(template, integers), template.cluster.data
    if tiles[0] == cluster_m or tiles[1] == cluster_n:
        return 1, True
    return _group(template, integers), goes_down_first(template, tiles, integers)


def goes_down_first(template: Sm90Attr, tiles: tuple[int, int], integers: Mapping[str, int]) -> bool:
    """Whether threadblocks beside each other compute tiles of the same columns (get_rasterization_order)."""
    raster = Raster(integers.get("raster", Raster.HEURISTIC))
    if not template.schedule.data.is_persistent or raster is Raster.ALONG_M:
        return True
    return raster is Raster.HEURISTIC and tiles[1] > tiles[0]


def effective_swizzle(most: int, tiles: int) -> int:
    """Tiles that are visited together, where the shorter extent has so many (get_log_swizzle_size)."""
    return next((size for size, fewest in ((8, 6), (4, 3), (2, 2)) if most >= size and tiles >= fewest), 1)


def _group(template: Sm90Attr, integers: Mapping[str, int]) -> int:
    cluster_m, cluster_n, _ = template.cluster.data
    rows, columns = _tiles(template, integers)
    return effective_swizzle(integers.get("swizzle", 1), min(round_up(rows, cluster_m), round_up(columns, cluster_n)))


def _tiles(template: Sm90Attr, integers: Mapping[str, int]) -> tuple[int, int]:
    """Rows and columns of tiles that have a part of the matrix."""
    _, m, n = template.result_extents(integers)
    tile_m, tile_n, _ = template.tile.data
    return -(-m // tile_m), -(-n // tile_n)
