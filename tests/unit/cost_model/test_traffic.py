"""How many bytes a product or convolution moves."""

from dataclasses import replace

import pytest
from xdsl.dialects.builtin import f16, f32

from boltir.cost_model.traffic import Raster, Traffic, device_memory_bytes, epilogue_bytes_per_element, traffic_of
from boltir.dialects.cutlass import Store, StoreKind
from boltir.dialects.cutlass.conv2d import CONV2D_PARAMETERS
from boltir.dialects.cutlass.conv2d_sm90 import Conv2dSm90Attr
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS, Math
from boltir.dialects.cutlass.sm90 import Schedule
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.fused import Broadcast
from boltir.lowering.fused_to_cutlass.mainloops import HopperTile
from boltir.target import Target

H100 = Target.named("sm_90a")
PLAIN = KernelSignature((f16, f16), (), (), (f16,))
ALIGNED = {"alignment_a": 8, "alignment_b": 8, "alignment_c": 8}


def gemm(tile: HopperTile) -> GemmSm90Attr:
    return GemmSm90Attr.of(**tile.parameters(Math.F16, H100), **ALIGNED, layout_a="row", layout_b="column")


SMALL = HopperTile((64, 64, 64), Schedule.PINGPONG)


def product(m: int, n: int, k: int, batch: int = 1, *, shares_b: bool = False) -> dict[str, int]:
    strides = (m * k, 0 if shares_b else n * k, m * n)
    return dict(zip(GEMM_PARAMETERS, (m, n, k, batch, k, k, n, *strides), strict=True))


def test_every_matrix_counts_once() -> None:
    traffic = traffic_of(gemm(SMALL), product(10, 20, 30), PLAIN)
    assert traffic == Traffic(a=600, b=1200, epilogue=0, outputs=400)
    assert traffic.total == 2200


def test_a_matrix_that_all_of_a_batch_shares_counts_once() -> None:
    assert traffic_of(gemm(SMALL), product(8, 8, 8, 5, shares_b=True), PLAIN).b == 128
    assert traffic_of(gemm(SMALL), product(8, 8, 8, 5), PLAIN).b == 5 * 128


@pytest.mark.parametrize(
    ("kind", "elements"),
    [(Broadcast.FULL, 3 * 10 * 20), (Broadcast.ROW, 20), (Broadcast.COLUMN, 30), (Broadcast.SCALAR, 1)],
)
def test_operands_of_the_epilogue_count_by_their_broadcast(kind: Broadcast, elements: int) -> None:
    signature = replace(PLAIN, epilogue_operands=(f32,), broadcasts=(kind,))
    assert traffic_of(gemm(SMALL), product(10, 20, 30, 3), signature).epilogue == 4 * elements


def test_what_is_not_stored_does_not_count() -> None:
    two = replace(PLAIN, outputs=(f16, f32), stores=(Store(StoreKind.COLUMNS), Store(StoreKind.REDUCED)))
    integers = product(10, 20, 30) | {"r0_begin": 4, "r0_columns": 8}
    assert traffic_of(gemm(SMALL), integers, two).outputs == 10 * 8 * 2
    assert epilogue_bytes_per_element(two) == 2


def test_two_accumulators_make_one_result() -> None:
    gated = replace(PLAIN, accumulators=2)
    assert traffic_of(gemm(SMALL), product(10, 40, 30), gated).outputs == 10 * 20 * 2
    assert epilogue_bytes_per_element(gated) == 1


def test_a_strided_window_of_one_pixel_reads_the_pixels_it_sees() -> None:
    template = Conv2dSm90Attr.of(**SMALL.parameters(Math.F16, H100), **ALIGNED)
    values = (1, 8, 8, 64, 32, 1, 1, 4, 4, 0, 0, 2, 2, 1, 1)
    traffic = traffic_of(template, dict(zip(CONV2D_PARAMETERS, values, strict=True)), PLAIN)
    assert (traffic.a, traffic.b, traffic.outputs) == (2 * 4 * 4 * 64, 2 * 32 * 64, 2 * 4 * 4 * 32)


def test_what_fits_the_cache_is_read_once_and_more_in_an_order_that_visits_tiles_together() -> None:
    small, large = Traffic(1 << 20, 1 << 20, 0, 1 << 20), Traffic(1 << 28, 1 << 28, 0, 1 << 28)
    assert device_memory_bytes(small, (64, 64), 132, 1, H100) == small.total
    plain, together = (device_memory_bytes(large, (64, 64), 32, swizzle, H100) for swizzle in (1, 8))
    assert plain == large.total + 63 * large.b
    assert together == large.total + 7 * large.b


def test_along_m_reads_a_again_and_along_n_b() -> None:
    large = Traffic(1 << 28, 1 << 27, 0, 1 << 28)
    read = {raster: device_memory_bytes(large, (64, 64), 32, 1, H100, 1, raster) - large.total for raster in Raster}
    assert read == {Raster.ALONG_M: 63 * large.a, Raster.ALONG_N: 63 * large.b, Raster.HEURISTIC: 63 * large.b}
