"""Tensor cores multiply f32 numbers rounded to tf32, and add the products up in f32."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from xdsl.dialects.builtin import ModuleOp

from boltir.interpreters import run
from boltir.interpreters.arrays import Array, round_to_tf32
from boltir.weights import WeightStore

GAP = 2.0**-10
"""From 1 to the next tf32."""

GEMM = """#cutlass.gemm<math = tf32, threadblock = [64, 64, 16], warp = [32, 32, 16], instruction = [16, 8, 8],
  stages = 4, swizzle = 1, alignment_a = 1, alignment_b = 1, alignment_c = 1,
  layout_a = row, layout_b = column>"""
GEMM_SM90 = """#cutlass.gemm_sm90<math = tf32, tile = [64, 64, 32], cluster = [1, 1, 1], schedule = pingpong,
  alignment_a = 4, alignment_b = 4, alignment_c = 4, layout_a = row, layout_b = column>"""
CONV2D = """#cutlass.conv2d<math = tf32, threadblock = [64, 64, 16], warp = [32, 32, 16], instruction = [16, 8, 8],
  stages = 4, swizzle = 1, alignment_a = 4, alignment_b = 4, alignment_c = 4,
  iterator_algorithm = optimized>"""
PRODUCT = """m = 4, n = 4, k = 4, batch = 1, lda = 4, ldb = 4, ldd = 4,
  batch_stride_a = 0, batch_stride_b = 0, batch_stride_d = 0"""
PIXELS = """n = 1, h = 1, w = 4, c = 4, k = 4, r = 1, s = 1, p = 1, q = 4, pad_top = 0, pad_left = 0,
  stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1"""


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (1 + 0.49 * GAP, 1),
        (1 + 0.5 * GAP, 1),
        (1 + 0.51 * GAP, 1 + GAP),
        (1 + 1.5 * GAP, 1 + 2 * GAP),
        (-1 - 1.5 * GAP, -1 - 2 * GAP),
        (2 - 0.25 * GAP, 2),
        (3.4028234663852886e38, np.inf),
        (-np.inf, -np.inf),
        (0.0, 0.0),
    ],
)
def test_halves_are_rounded_to_even(value: float, rounded: float) -> None:
    assert float(round_to_tf32(np.array([value], np.float32))[0]) == rounded


def test_nan_stays_nan() -> None:
    payloads = np.array([0x7F800001, 0xFFFFFFFF], np.uint32).view(np.float32)
    assert np.isnan(round_to_tf32(payloads)).all()


@given(arrays(np.float32, 8, elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_the_nearest_tf32_is_its_own(x: Array) -> None:
    rounded = round_to_tf32(x)
    assert (np.abs(rounded - x) <= np.maximum(np.abs(x) * GAP / 2, 2.0**-137)).all()
    np.testing.assert_array_equal(round_to_tf32(rounded), rounded)


@pytest.mark.parametrize(
    ("target", "template", "integers", "x", "weight"),
    [
        ("sm_80", GEMM, PRODUCT, "4x4xf32", "4x4xf32"),
        ("sm_90a", GEMM_SM90, PRODUCT + ", swizzle = 1, raster = 0", "4x4xf32", "4x4xf32"),
        ("sm_80", CONV2D, PIXELS, "1x1x4x4xf32", "4x1x1x4xf32"),
    ],
    ids=["gemm", "gemm_sm90", "conv2d"],
)
def test_both_operands_are_rounded_and_sums_are_not(
    target: str, template: str, integers: str, x: str, weight: str, parse: Callable[[str], ModuleOp]
) -> None:
    module = parse(f"""
    cutlass.kernel @k "{target}" {template} [f32, f32] -> [f32] {{
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }}
    func.func @main(%x: memref<{x}>, %w: memref<{weight}>, %y: memref<{x}>) attributes {{cutlass.outputs = 1 : i64}} {{
      cutlass.launch @k <{integers}> (%x, %w : memref<{x}>, memref<{weight}>) outs(%y : memref<{x}>)
      func.return
    }}
    """)
    fine, coarse = 1 + 0.25 * GAP, np.float32(1)
    a = np.array([[fine, 0, 0, 0], [1, 0.125 * GAP, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]], np.float32)
    b = np.array([[1, 1, 0, 0], [fine, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], np.float32)
    shapes = [tuple(map(int, text.split("x")[:-1])) for text in (x, weight)]
    (result,) = run(module, [a.reshape(shapes[0]), b.reshape(shapes[1])], WeightStore())
    expected = np.array([[1, coarse, 0, 0], [1 + 0.125 * GAP, 1, 0, 0], [2, 1, 0, 0], [0, 0, 0, 0]], np.float32)
    np.testing.assert_array_equal(result.reshape(4, 4), expected)
