"""What one step of a 3.x mainloop loads, and how long that takes.

Two things bound it: the lines of 128 bytes that TMA asks for, and those of them that the L2 cache gives. It gives a
line once to neighbours that ask for it at about one time, so what counts is how many different rows of A and columns of
B the threadblocks on one processing cluster need. Clusters of threadblocks change which those are.
"""

from collections.abc import Mapping

from boltir.cost_model.tile_order import goes_down_first
from boltir.dialects.cutlass.conv2d_sm90 import Conv2dSm90Attr
from boltir.dialects.cutlass.sm90 import Sm90Attr

LINE = 128
"""Bytes of a line of memory. TMA reads rows line by line, and takes longer for a part of one than for all of it."""
NEIGHBOURS = 16
"""Multiprocessors of a processing cluster."""
REQUEST, DISTINCT = 0.92, 2.91
"""How much longer than at the bandwidth of the L2 cache a line takes TMA, and one takes that several neighbours get."""
BEGINNING = 64
"""Bytes that could be loaded in the time between two steps."""
PARTIAL_LINE = 1.57
"""How much longer a row of channels takes that ends within a line."""
SPLIT_LINE = 1.7
"""How much longer a line of a matrix takes whose rows begin within lines of memory: it lies in two of them."""
OUTSIDE, OUTSIDE_FILTER = 5.8, 9.0
"""How much longer TMA takes to fill a row with zeros that lies behind the last one of a matrix, or the last filter.
Threadblocks of a cluster share that as they share rows there are: 8x4096x4096 by 64x64x128 took 18.8 us alone, 15.9 in
clusters of two, 14.3 of four."""
WINDOW, WINDOW_ROW = 0.35, 1.5
"""How much longer than a line of a matrix TMA takes to find one of pixels, and to go on to another row of the image."""
SHARED_WINDOW, SHARED_WINDOW_ROW = 0.49, 5.6
"""What the L2 cache takes of the time for a line of a matrix for one of pixels, and for another row of the image;
neighbours' windows overlap."""
FILTER = 0.84
"""The part of a matrix's line that TMA takes for one of filters."""


def loaded_bytes(template: Sm90Attr, tiles: tuple[int, int], integers: Mapping[str, int]) -> float:
    """What a threadblock loads in a step, as bytes that take as long at the bandwidth of the L2 cache.

    Args:
        tiles: rows and columns of them.
    """
    (m, n, k), element = template.tile.data, template.math.data.bytes
    cluster_m, cluster_n, _ = template.cluster.data
    _, rows, columns = template.result_extents(integers)
    inside_a, inside_b = rows / tiles[0], columns / tiles[1]
    sharing_a, sharing_b = _sharing(template, tiles, integers)
    if isinstance(template, Conv2dSm90Attr):
        line = PARTIAL_LINE if integers["c"] * element % LINE else 1.0
        window = line * m * (1 + (WINDOW + WINDOW_ROW / integers["q"]) / cluster_n)
        requested = window + FILTER * (line * inside_b + OUTSIDE_FILTER * (n - inside_b) / cluster_m)
        pixels = m * (SHARED_WINDOW + SHARED_WINDOW_ROW / integers["q"])
        given = line * (pixels / sharing_a + inside_b / sharing_b)
    else:
        a = inside_a * _line(element * integers["lda"], cluster_n)
        b = inside_b * _line(element * integers["ldb"], cluster_m)
        requested = a + b + OUTSIDE * ((m - inside_a) / cluster_n + (n - inside_b) / cluster_m)
        given = a / sharing_a + b / sharing_b
    return BEGINNING + element * k * max(REQUEST * requested, DISTINCT * given)


def _line(pitch: int, sharing: int) -> float:
    """How much longer than an aligned line one takes of rows `pitch` bytes apart.

    Args:
        sharing: threadblocks of a cluster, each of which loads a part of the tile for all.
    """
    return 1 + (SPLIT_LINE - 1) / sharing if pitch % LINE else 1.0


def _sharing(template: Sm90Attr, tiles: tuple[int, int], integers: Mapping[str, int]) -> tuple[float, float]:
    """How many neighbours need the same rows of A, and the same columns of B.

    Of persistent kernels, `swizzle` tiles beside each other come before the next ones of the extent that is visited
    first.
    """
    cluster_m, cluster_n, _ = template.cluster.data
    rows, columns = tiles[0] // cluster_m, tiles[1] // cluster_n
    clusters, beside = min(NEIGHBOURS / (cluster_m * cluster_n), rows * columns), integers.get("swizzle", 1)
    if goes_down_first(template, tiles, integers):
        down = min(max(1.0, clusters / min(beside, columns)), rows)
        across = clusters / down
    else:
        across = min(max(1.0, clusters / min(beside, rows)), columns)
        down = clusters / across
    return across * cluster_n, down * cluster_m
