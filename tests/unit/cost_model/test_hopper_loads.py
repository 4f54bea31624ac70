"""What clusters, stages and rows beyond the matrix do to the time of a 3.x kernel, as measured on an H100."""

import pytest
from xdsl.dialects.builtin import f16

from boltir.cost_model import estimate
from boltir.cost_model.traffic import Raster
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS
from boltir.dialects.cutlass.template import KernelSignature
from boltir.lowering.fused_to_cutlass.mainloops import Triple
from boltir.target import Target

H100 = Target.named("sm_90a")
PLAIN = KernelSignature((f16, f16), (), (), (f16,))
SINGLE, BESIDE, BELOW = (1, 1, 1), (1, 4, 1), (4, 1, 1)


def microseconds(
    shape: Triple,
    tile: Triple,
    cluster: Triple = SINGLE,
    schedule: str = "warp_specialized",
    pitch: int = 0,
    raster: Raster = Raster.HEURISTIC,
) -> float:
    """Of a product of M x N x K.

    Args:
        pitch: elements between the rows of A and those of B's transpose; K of them where it is not given.
    """
    m, n, k = shape
    row = pitch or k
    integers = dict(zip(GEMM_PARAMETERS, (m, n, k, 1, row, row, n, m * row, n * row, m * n), strict=True))
    order = {} if schedule == "warp_specialized" else {"swizzle": 1, "raster": raster}
    template = GemmSm90Attr.of(
        math="f16", tile=tile, cluster=cluster, schedule=schedule, alignment_a=8, alignment_b=8, alignment_c=8,
        layout_a="row", layout_b="column",
    )  # fmt: skip
    found = estimate(template, {**integers, **order}, PLAIN, H100)
    assert found is not None
    return 1e6 * found.seconds


def test_neighbours_below_each_other_gain_from_clusters_beside() -> None:
    """1280 x 768 x 3072 by 128 x 64: 16.2 us without, 11.0 us in clusters of 1 x 4; none for 4 x 1."""
    shape, tile = (1280, 768, 3072), (128, 64, 64)
    alone, beside, below = (microseconds(shape, tile, cluster) for cluster in (SINGLE, BESIDE, BELOW))
    assert beside < 0.9 * alone
    assert below >= alone


def test_clusters_share_rows_behind_the_last_one() -> None:
    """8 x 4096 x 4096 by 64 x 64: 18.8 us alone, 14.3 us in clusters of 1 x 4, each of which fills 14 rows."""
    alone, beside = (microseconds((8, 4096, 4096), (64, 64, 128), cluster) for cluster in (SINGLE, BESIDE))
    assert beside < 0.85 * alone


def test_the_order_of_tiles_decides_which_clusters_help() -> None:
    """Along the columns, neighbours lie beside each other and clusters below: 6304 x 2304 x 768 by 128 x 128."""
    shape, tile = (6304, 2304, 768), (128, 128, 64)

    def of(cluster: Triple, raster: Raster) -> float:
        return microseconds(shape, tile, cluster, "pingpong", raster=raster)

    assert of((2, 1, 1), Raster.ALONG_N) < of((1, 2, 1), Raster.ALONG_N) <= of(SINGLE, Raster.ALONG_N)
    assert of((1, 2, 1), Raster.ALONG_M) < of((2, 1, 1), Raster.ALONG_M) <= of(SINGLE, Raster.ALONG_M)


def test_clusters_of_four_reach_120_multiprocessors() -> None:
    """512 x 1024 x 4096 by 64 x 64 is 128 tiles: 12.5 us without, 19.6 us in clusters of 1 x 4."""
    shape, tile = (512, 1024, 4096), (64, 64, 64)
    assert microseconds(shape, tile, BESIDE) > 1.3 * microseconds(shape, tile)


@pytest.mark.parametrize(("tile", "least"), [((64, 64, 64), 0.95), ((256, 64, 64), 1.1)])
def test_two_stages_are_too_few(tile: Triple, least: float) -> None:
    """128 deep, 64 x 64 has six stages and takes as long as 64 deep; 256 x 64 has two and takes a third longer."""
    m, n, k = tile
    shape = (16 * m, n, 4096)
    assert microseconds(shape, (m, n, 2 * k)) > least * microseconds(shape, tile)


def test_rows_behind_the_last_one_take_longer_than_those_there_are() -> None:
    """TMA fills them with zeros: 8 x 4096 x 4096 by 64 x 64 takes 17.6 us, 128 x 4096 x 4096 15.3 us."""
    tile = (64, 64, 64)
    assert microseconds((8, 4096, 4096), tile) > microseconds((64, 4096, 4096), tile)


def test_rows_that_begin_within_lines_take_longer() -> None:
    """4096 x 768 x 1000 by 128 x 192: 17.4 us with rows of 2000 bytes, 12.1 us with such of 2048."""
    shape, tile = (4096, 768, 1000), (128, 192, 64)
    unaligned, aligned = (microseconds(shape, tile, schedule="cooperative", pitch=pitch) for pitch in (1000, 1024))
    assert unaligned > 1.15 * aligned
