// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_90a} --remarks - 2>&1 | filecheck %s

// Where TMA can read the windows, Hopper's own template serves; its epilogue holds what the one of 2.x cannot.

func.func @two_residuals(%x: tensor<1x24x96x64xf16>, %w: tensor<32x3x3x64xf16>, %b: tensor<32xf16>, %r: tensor<1x12x48x32xf16>) -> tensor<1x12x48x32xf16> {
  %y = fused.conv2d(%x, %w : tensor<1x24x96x64xf16>, tensor<32x3x3x64xf16>)
      epilogue(%b, %r, %r : tensor<32xf16>, tensor<1x12x48x32xf16>, tensor<1x12x48x32xf16>) [row, full, full]
      {strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 1, 0>} -> tensor<1x12x48x32xf16> {
  ^bb0(%acc: f32, %bias: f32, %first: f32, %second: f32):
    %0 = arith.addf %acc, %bias : f32
    %1 = arith.addf %0, %first : f32
    %2 = arith.mulf %1, %second : f32
    fused.yield %2 : f32
  }
  func.return %y : tensor<1x12x48x32xf16>
}
// CHECK:       cutlass.kernel @conv2d_sm90_0 "sm_90a" #cutlass.conv2d_sm90<math = f16, tile = [{{.*}}, 64],
// CHECK-SAME:  alignment_a = 8, alignment_b = 8, alignment_c = 8> [f16, f16] epilogue [f16, f16, f16] [row, full, full] -> [f16]
// CHECK-LABEL: @two_residuals
// CHECK:         cutlass.launch @conv2d_sm90_0
// CHECK-SAME:    <n = 1, h = 24, w = 96, c = 64, k = 32, r = 3, s = 3, p = 12, q = 48, pad_top = 0, pad_left = 1, stride_h = 2, stride_w = 2, dilation_h = 1, dilation_w = 1>

// -----

// So does it where the window is one pixel but moves by two.

func.func @strided_pointwise(%x: tensor<1x24x96x64xbf16>, %w: tensor<64x1x1x64xbf16>) -> tensor<1x12x48x64xbf16> {
  %y = fused.conv2d(%x, %w : tensor<1x24x96x64xbf16>, tensor<64x1x1x64xbf16>) {strides = array<i64: 2, 2>} -> tensor<1x12x48x64xbf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x12x48x64xbf16>
}
// CHECK: #cutlass.conv2d_sm90<math = bf16,

// -----

// The template of 2.x takes what is left, and a remark says why.

func.func @few_channels(%x: tensor<1x16x16x8xf16>, %w: tensor<16x3x3x8xf16>) -> tensor<1x14x14x16xf16> {
  %y = fused.conv2d(%x, %w : tensor<1x16x16x8xf16>, tensor<16x3x3x8xf16>) -> tensor<1x14x14x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x14x14x16xf16>
}
// CHECK: c = 8 fills less than half of the 64 channels that a step on Hopper multiplies
// CHECK: #cutlass.conv2d<

// -----

func.func @odd_channels(%x: tensor<1x16x16x36xf16>, %w: tensor<16x3x3x36xf16>) -> tensor<1x14x14x16xf16> {
  %y = fused.conv2d(%x, %w : tensor<1x16x16x36xf16>, tensor<16x3x3x36xf16>) -> tensor<1x14x14x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x14x14x16xf16>
}
// CHECK: TMA moves 16-byte rows: alignment of A must be 8 elements, got 4
// CHECK: #cutlass.conv2d<

// -----

func.func @wide_dilation(%x: tensor<1x300x16x64xf16>, %w: tensor<16x3x3x64xf16>) -> tensor<1x42x14x16xf16> {
  %y = fused.conv2d(%x, %w : tensor<1x300x16x64xf16>, tensor<16x3x3x64xf16>) {dilations = array<i64: 129, 1>} -> tensor<1x42x14x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x42x14x16xf16>
}
// CHECK: TMA offsets taps by at most 254, the last one along r is 258 away
// CHECK: #cutlass.conv2d<
