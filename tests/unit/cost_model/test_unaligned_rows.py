"""Rows that are no whole lines, and odd columns: estimates beside times measured on an H100."""

import pytest
from xdsl.dialects.builtin import f16

from boltir.cost_model import estimate
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.fused import Broadcast
from boltir.target import Target

H100 = Target.named("sm_90a")
BIAS = KernelSignature((f16, f16), (f16,), (Broadcast.ROW,), (f16,))


def microseconds(
    extents: tuple[int, int, int], pitches: tuple[int, int], tile: tuple[int, int], schedule: str,
    cluster: tuple[int, int] = (1, 1), layout_b: str = "column",
) -> float:  # fmt: skip
    """The estimate for a product with a bias; `pitches` are the lengths of the rows of A and B."""
    m, n, k = extents
    alignment_c = 8 if n % 8 == 0 else 1
    template = GemmSm90Attr.of(
        math="f16", tile=(*tile, 64), cluster=(*cluster, 1), schedule=schedule, alignment_a=8, alignment_b=8,
        alignment_c=alignment_c, layout_a="row", layout_b=layout_b,
    )  # fmt: skip
    launch = dict(zip(GEMM_PARAMETERS, (m, n, k, 1, *pitches, n, m * k, n * k, m * n), strict=True))
    expected = estimate(template, {**launch, "swizzle": 1, "raster": 0}, BIAS, H100)
    assert expected is not None
    return 1e6 * expected.seconds


@pytest.mark.parametrize(
    ("k", "pitches", "cluster", "layout_b", "measured"),
    [
        (1000, (1000, 1000), (1, 1), "column", 17.4),
        (1000, (1024, 1000), (1, 1), "column", 14.0),
        (1000, (1000, 1024), (1, 1), "column", 12.9),
        (1000, (1024, 1024), (1, 1), "column", 12.1),
        (1000, (1000, 768), (1, 1), "row", 12.9),
        (1000, (1000, 768), (1, 2), "row", 12.2),
        (1000, (1000, 1000), (1, 2), "column", 14.5),
        (1000, (1000, 1000), (2, 1), "column", 13.9),
        (336, (336, 336), (1, 1), "column", 7.8),
        (336, (384, 384), (1, 1), "column", 7.5),
        (336, (336, 768), (1, 1), "row", 7.5),
    ],
)
def test_rows_that_begin_within_lines(
    k: int, pitches: tuple[int, int], cluster: tuple[int, int], layout_b: str, measured: float
) -> None:
    """(4096, 768, K) by 128 x 192: lines that lie in two of memory's count, but less where a cluster shares them."""
    expected = microseconds((4096, 768, k), pitches, (128, 192), "cooperative", cluster, layout_b)
    assert expected == pytest.approx(measured, rel=0.15)


KERNELS = {
    "64x64": ((64, 64), "warp_specialized"),
    "64x128": ((64, 128), "pingpong"),
    "128x64": ((128, 64), "pingpong"),
    "128x128": ((128, 128), "warp_specialized"),
    "128x128 pingpong": ((128, 128), "pingpong"),
    "128x256": ((128, 256), "cooperative"),
}


@pytest.mark.parametrize(
    ("extents", "measured"),
    [
        ((4096, 333, 768), (17.2, 12.1, 13.6, 11.1, 11.1, 14.7)),
        ((4096, 77, 768), (6.6, 6.7, 7.7, 9.3, 9.5, 12.5)),
        ((4096, 46, 768), (5.5, 6.9, 7.3, 8.7, 9.2, 12.2)),
        ((500, 129, 96), (3.1, 3.5, 4.3, 5.1, 5.4, 6.5)),
        ((1024, 50257, 768), (412.6, 187.5, None, 214.4, 160.9, 195.1)),
        ((300, 77, 64), (3.0, 3.5, None, 4.9, 5.2, 5.4)),
        ((4096, 1001, 768), (40.6, 19.9, None, 20.4, 16.8, 17.8)),
    ],
)
def test_odd_columns(extents: tuple[int, int, int], measured: tuple[float | None, ...]) -> None:
    """The first choice is close to the best, although the epilogue takes longer."""
    times = {name: time for name, time in zip(KERNELS, measured, strict=True) if time is not None}
    pitches = (extents[2], extents[2])
    expected = {name: microseconds(extents, pitches, *KERNELS[name]) for name in times}
    chosen = min(expected, key=expected.__getitem__)
    assert times[chosen] <= 1.05 * min(times.values())
