// Convolutions for Hopper. Without comments and blank lines this file is exactly what bolt-opt prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
builtin.module {

  // Two warpgroups work on tiles of 128 pixels and 64 filters in turn; K goes by 64 channels at one tap of the filter.
  cutlass.kernel @conv2d_sm90_0 "sm_90a" #cutlass.conv2d_sm90<math = f16, tile = [128, 64, 64], cluster = [1, 1, 1], schedule = pingpong, alignment_a = 8, alignment_b = 8, alignment_c = 8> [f16, f16] epilogue [f16, f16] [row, full] -> [f16] {
  ^bb0(%acc: f32, %bias: f32, %residual: f32):
    %biased = arith.addf %acc, %bias : f32
    %sum = arith.addf %biased, %residual : f32
    fused.yield %sum : f32
  }

  // A cluster of two threadblocks reads the same filters once.
  cutlass.kernel @conv2d_sm90_1 "sm_90a" #cutlass.conv2d_sm90<math = bf16, tile = [256, 128, 64], cluster = [2, 1, 1], schedule = cooperative, alignment_a = 8, alignment_b = 8, alignment_c = 8> [bf16, bf16] -> [f32] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.func @main(%x: memref<1x15x16x64xf16>, %w: memref<32x3x3x64xf16>, %b: memref<32xf16>, %r: memref<1x8x16x32xf16>, %y: memref<1x8x16x32xf16>) attributes {cutlass.outputs = 1 : i64} {
    cutlass.launch @conv2d_sm90_0 <n = 1, h = 15, w = 16, c = 64, k = 32, r = 3, s = 3, p = 8, q = 16, pad_top = 1, pad_left = 1, stride_h = 2, stride_w = 1, dilation_h = 1, dilation_w = 1, swizzle = 1, raster = 0>(%x, %w : memref<1x15x16x64xf16>, memref<32x3x3x64xf16>) epilogue(%b, %r : memref<32xf16>, memref<1x8x16x32xf16>) outs(%y : memref<1x8x16x32xf16>)
    func.return
  }
}
