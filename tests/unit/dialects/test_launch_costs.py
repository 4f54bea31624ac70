"""What a launch costs: the floating-point operations and the bytes that a profile divides by its time."""

from collections.abc import Mapping

import numpy as np
import pytest
from xdsl.parser import Parser

from boltir.compiler import Network, compiler_context, lower
from boltir.dialects.cutlass import TemplateAttr, launches
from boltir.dialects.graph import BatchMatmulOp, Conv2dOp, GemmOp
from boltir.dialects.properties import ints
from tests.support.network_builder import NetworkBuilder

CONV = "kernel_shape = [3, 5], strides = [2, 2], dilations = [1, 1], outputs = 1"
SIMT = "vector = 1, rank = 0, general = []"


def template(text: str) -> TemplateAttr:
    parsed = Parser(compiler_context(), f"#cutlass.{text}").parse_attribute()
    assert isinstance(parsed, TemplateAttr)
    return parsed


@pytest.mark.parametrize(
    ("text", "integers", "flops"),
    [
        (
            f"simt_gemm<{SIMT}, transpose_a = false, transpose_b = true, algorithm = dot, tile = [], "
            "output_vector = 1, rows = 1, lanes = 32>",
            {"batch": 2, "m": 3, "n": 5, "k": 7},
            2 * 2 * 3 * 5 * 7,
        ),
        (f"depthwise_conv2d<{SIMT}, {CONV}>", {"n": 2, "p": 3, "q": 4, "c": 6}, 2 * (3 * 5) * 2 * 3 * 4 * 6),
        (
            f"direct_conv2d<{SIMT}, transposed = false, tile = [64, 64], output_vector = 1>",
            {"n": 2, "h": 9, "w": 9, "p": 3, "q": 4, "groups": 2, "c": 6, "k": 5, "kernel_h": 3, "kernel_w": 1},
            2 * (2 * 3 * 4) * 2 * 6 * 5 * 3,
        ),
        (
            f"direct_conv2d<{SIMT}, transposed = true, tile = [64, 64], output_vector = 1>",
            {"n": 2, "h": 9, "w": 8, "p": 3, "q": 4, "groups": 2, "c": 6, "k": 5, "kernel_h": 3, "kernel_w": 1},
            2 * (2 * 9 * 8) * 2 * 6 * 5 * 3,
        ),
        ("pointwise<inputs = 0, vector = 1, rank = 1, strided = [], innermost = []>", {"size_0": 4}, 0),
    ],
)
def test_a_multiplication_and_its_addition_are_two(text: str, integers: Mapping[str, int], flops: int) -> None:
    assert template(text).flops(integers) == flops


@pytest.mark.parametrize("target", ["sm_80", "sm_90a"])
def test_products_and_convolutions_keep_their_operations_down_to_the_launches(target: str) -> None:
    """A convolution of 3x3, 16 to 32 channels; a batch of products; a layer: nothing is padded."""
    network = NetworkBuilder(np.random.default_rng(0))
    image = network.image(2, 16, 8, 8)
    features = network.add(Conv2dOp, image, network.normal(32, 16, 3, 3), padding=ints([1, 1, 1, 1]))
    rows = network.argument(np.zeros((3, 64, 32), np.float32))
    scores = network.add(BatchMatmulOp, rows, network.normal(3, 32, 64))
    flat = network.argument(np.zeros((64, 128), np.float32))
    layer = network.add(GemmOp, flat, network.normal(128, 256))
    module = network.finish(features, scores, layer).module

    lowered = lower(Network(module, network.context.weights), target=target).module
    flops = sum(op.flops(kernel) for op, kernel in launches(lowered))
    assert flops == 2 * (2 * 8 * 8) * 32 * 16 * 9 + 2 * 3 * 64 * 64 * 32 + 2 * 64 * 128 * 256


LAUNCHES = """
builtin.module {
  cutlass.kernel @gather "sm_80" #cutlass.gather<vector = 1, rank = 0, general = []> [f16, i64] -> [f32] {
  ^bb0(%0: f32):
    fused.yield %0 : f32
  }
  cutlass.kernel @slice "sm_80" #cutlass.pointwise<inputs = 1, vector = 1, rank = 2, strided = [0, 1], innermost = [1, 0]>
      [f16] epilogue [f32] [general] -> [f32] {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    fused.yield %2 : f32
  }
  cutlass.kernel @in_place "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 4, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row>
      [f16, f16] -> [f16] attributes {stores = [#cutlass.store<pitched>]} {
  ^bb0(%0: f32):
    fused.yield %0 : f32
  }
  func.func @main(%a: memref<16x8xf16>, %w: memref<8x8xf16>, %joined: memref<16x32xf16>, %x: memref<100x4xf16>, %ids: memref<3xi64>, %all: memref<200xi64>, %y: memref<3x4xf32>, %z: memref<200x4xf32>, %c: memref<3xf32>) {
    cutlass.launch @gather <outer = 1, axis = 100, inner = 4, indices = 3, columns = 4>(%x, %ids : memref<100x4xf16>, memref<3xi64>) outs(%y : memref<3x4xf32>)
    cutlass.launch @gather <outer = 1, axis = 100, inner = 4, indices = 200, columns = 4>(%x, %all : memref<100x4xf16>, memref<200xi64>) outs(%z : memref<200x4xf32>)
    cutlass.launch @slice <size_0 = 3, size_1 = 4, x0_offset = 8, x0_stride_0 = 4, x0_stride_1 = 1, x1_offset = 0, x1_stride_0 = 1, x1_stride_1 = 0>(%x : memref<100x4xf16>) epilogue(%c : memref<3xf32>) outs(%y : memref<3x4xf32>)
    cutlass.launch @in_place <m = 16, n = 8, k = 8, batch = 1, lda = 8, ldb = 8, ldd = 8, batch_stride_a = 0, batch_stride_b = 0, batch_stride_d = 0, r0_begin = 8, r0_pitch = 32, r0_batch_stride = 0>(%a, %w : memref<16x8xf16>, memref<8x8xf16>) outs(%joined : memref<16x32xf16>)
    func.return
  }
}
"""  # noqa: E501


def test_bytes_are_those_of_the_elements_that_are_touched() -> None:
    module = Parser(compiler_context(), LAUNCHES).parse_module()
    module.verify()
    few, many, part, in_place = (op.bytes_touched(kernel) for op, kernel in launches(module))
    assert few == 3 * 4 * 2 + 3 * 8 + 3 * 4 * 4, "three rows of the table"
    assert many == 100 * 4 * 2 + 200 * 8 + 200 * 4 * 4, "the table, once"
    assert part == 3 * 4 * 2 + 3 * 4 + 3 * 4 * 4, "a slice, and a value per row"
    assert in_place == (16 * 8 + 8 * 8 + 16 * 8) * 2, "a product, but not the columns beside it"
