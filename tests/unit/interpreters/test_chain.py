"""What kernels of dependent products compute, against numpy."""

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from boltir.errors import BoltError
from boltir.interpreters import run
from boltir.weights import WeightStore

Parse = Callable[[str], ModuleOp]

PLAIN = """
^bb0(%acc: f32):
  fused.yield %acc : f32
"""
GEMM = (
    "#cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [64, 32], "
    "threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [64, 32], instruction = [16, 8, 16], stages = 3, "
    "layout_b = column>"
)


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float16)


def widened_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a.astype(np.float32) @ b.astype(np.float32).T


def gemm_launch(rows: int) -> str:
    return f"""
    cutlass.kernel @k "sm_80" {GEMM} [f16, f16, f16] epilogue [f16, f16, f16] [row, scalar, full] -> [f16]
        attributes {{stage_operands = array<i64: 2>}} stages {{
    ^bb0(%acc: f32, %bias: f32, %scale: f32):
      %0 = arith.addf %acc, %bias : f32
      %1 = arith.mulf %0, %scale : f32
      fused.yield %1 : f32
    }} then {{
    ^bb0(%acc: f32, %residual: f32):
      %0 = arith.addf %acc, %residual : f32
      fused.yield %0 : f32
    }}
    func.func @main(
        %x: memref<128x32xf16>, %a: memref<64x32xf16>, %b: memref<32x64xf16>, %v: memref<64xf16>,
        %s: memref<1xf16>, %r: memref<128x32xf16>, %y: memref<128x32xf16>
    ) attributes {{cutlass.outputs = 1 : i64}} {{
      cutlass.launch @k <m = {rows}, n0 = 64, k0 = 32, n1 = 32>
        (%x, %a, %b : memref<128x32xf16>, memref<64x32xf16>, memref<32x64xf16>)
        epilogue(%v, %s, %r : memref<64xf16>, memref<1xf16>, memref<128x32xf16>) outs(%y : memref<128x32xf16>)
      func.return
    }}
    """


def test_products_are_rounded_in_between(parse: Parse) -> None:
    x, a, b, v, s, r = random(128, 32), random(64, 32), random(32, 64), random(64), random(1), random(128, 32)
    (result,) = run(parse(gemm_launch(128)), [x, a, b, v, s, r], WeightStore())
    between = ((widened_product(x, a) + v) * s.astype(np.float32)).astype(np.float16)
    expected = (widened_product(between, b) + r).astype(np.float16)
    np.testing.assert_allclose(result, expected, rtol=2e-3, atol=2e-3)


def test_a_launch_stays_within_its_buffers(parse: Parse) -> None:
    inputs = [random(128, 32), random(64, 32), random(32, 64), random(64), random(1), random(128, 32)]
    with pytest.raises(BoltError, match="input 0: elements 0 to 8191 of a buffer of 4096"):
        run(parse(gemm_launch(256)), inputs, WeightStore())


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_comes_first(parse: Parse, stride: int) -> None:
    template = GEMM.replace("chain_gemm", "chain_conv2d").replace(", layout_b = column", "")
    pixels = 8 // stride
    integers = (
        f"n = 2, h = 8, w = 8, c = 32, k = 64, r = 3, s = 3, p = {pixels}, q = {pixels}, pad_top = 1, pad_left = 1, "
        f"stride_h = {stride}, stride_w = {stride}, dilation_h = 1, dilation_w = 1, n1 = 32"
    )
    module = parse(f"""
    cutlass.kernel @k "sm_80" {template} [f16, f16, f16] -> [f16]
        attributes {{stage_operands = array<i64: 0>}} stages {{{PLAIN}}} then {{{PLAIN}}}
    func.func @main(
        %x: memref<2x8x8x32xf16>, %a: memref<64x3x3x32xf16>, %b: memref<32x1x1x64xf16>,
        %y: memref<2x{pixels}x{pixels}x32xf16>
    ) attributes {{cutlass.outputs = 1 : i64}} {{
      cutlass.launch @k <{integers}>
        (%x, %a, %b : memref<2x8x8x32xf16>, memref<64x3x3x32xf16>, memref<32x1x1x64xf16>)
        outs(%y : memref<2x{pixels}x{pixels}x32xf16>)
      func.return
    }}
    """)
    x, a, b = random(2, 8, 8, 32), random(64, 3, 3, 32), random(32, 1, 1, 64)
    (result,) = run(module, [x, a, b], WeightStore())
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::stride, ::stride]
    unfolded = np.moveaxis(windows, 3, -1).reshape(2 * pixels * pixels, -1)
    between = widened_product(unfolded, a.reshape(64, -1)).astype(np.float16)
    expected = widened_product(between, b.reshape(32, 64)).astype(np.float16).reshape(result.shape)
    np.testing.assert_allclose(result, expected, rtol=2e-2, atol=2e-2)
