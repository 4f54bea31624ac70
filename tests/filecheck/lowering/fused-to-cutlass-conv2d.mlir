// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_75} | filecheck %s --check-prefixes CHECK,SM75
// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_80} | filecheck %s --check-prefixes CHECK,SM80
// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_90a} | filecheck %s --check-prefixes CHECK,SM90

// The epilogue moves into the kernel. Padding after the image follows from the output's extents, and is not passed.

func.func @bias_and_residual(%x: tensor<1x24x96x16xf16>, %w: tensor<32x3x3x16xf16>, %b: tensor<32xf16>, %r: tensor<1x12x48x32xf16>) -> tensor<1x12x48x32xf16> {
  %y = fused.conv2d(%x, %w : tensor<1x24x96x16xf16>, tensor<32x3x3x16xf16>)
      epilogue(%b, %r : tensor<32xf16>, tensor<1x12x48x32xf16>) [row, full]
      {strides = array<i64: 2, 2>, padding = array<i64: 0, 1, 1, 0>} -> tensor<1x12x48x32xf16> {
  ^bb0(%acc: f32, %bias: f32, %residual: f32):
    %0 = arith.addf %acc, %bias : f32
    %1 = arith.addf %0, %residual : f32
    fused.yield %1 : f32
  }
  func.return %y : tensor<1x12x48x32xf16>
}
// SM75:        cutlass.kernel @conv2d_0 "sm_75" #cutlass.conv2d<{{.*}}, instruction = [16, 8, 8], stages = 2,
// SM80:        cutlass.kernel @conv2d_0 "sm_80" #cutlass.conv2d<{{.*}}, instruction = [16, 8, 16], stages =
// SM90:        cutlass.kernel @conv2d_0 "sm_90a" #cutlass.conv2d<{{.*}}, instruction = [16, 8, 16], stages =
// CHECK-SAME:  alignment_a = 8, alignment_b = 8, alignment_c = 8, iterator_algorithm = optimized> [f16, f16] epilogue [f16, f16] [row, full] -> [f16]
// CHECK:       arith.addf
// CHECK:       arith.addf
// CHECK-LABEL: @bias_and_residual
// CHECK:         cutlass.launch @conv2d_0
// CHECK-SAME:    <n = 1, h = 24, w = 96, c = 16, k = 32, r = 3, s = 3, p = 12, q = 48, pad_top = 0, pad_left = 1, stride_h = 2, stride_w = 2, dilation_h = 1, dilation_w = 1>

// -----

// A window of one pixel is a matrix product; the filter [K, 1, 1, C] is B, column-major.

func.func @pointwise(%x: tensor<1x24x96x16xf16>, %w: tensor<64x1x1x16xf16>) -> tensor<1x24x96x64xf16> {
  %y = fused.conv2d(%x, %w : tensor<1x24x96x16xf16>, tensor<64x1x1x16xf16>) -> tensor<1x24x96x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x24x96x64xf16>
}
// SM75:        #cutlass.gemm<
// SM80:        #cutlass.gemm<
// SM90:        #cutlass.gemm_sm90<
// CHECK-SAME:  layout_a = row, layout_b = column>
// CHECK-LABEL: @pointwise
// CHECK:         <m = 2304, n = 64, k = 16, batch = 1, lda = 16, ldb = 16, ldd = 64,

// -----

// With a stride it is not.

func.func @strided_pointwise(%x: tensor<1x24x96x16xf16>, %w: tensor<64x1x1x16xf16>) -> tensor<1x12x48x64xf16> {
  %y = fused.conv2d(%x, %w : tensor<1x24x96x16xf16>, tensor<64x1x1x16xf16>) {strides = array<i64: 2, 2>} -> tensor<1x12x48x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x12x48x64xf16>
}
// CHECK: #cutlass.conv2d<

// -----

// The number of channels decides how the operands are addressed.

func.func @eight_channels(%x: tensor<1x16x16x8xf16>, %w: tensor<16x3x3x8xf16>) -> tensor<1x14x14x16xf16> {
  %y = fused.conv2d(%x, %w : tensor<1x16x16x8xf16>, tensor<16x3x3x8xf16>) -> tensor<1x14x14x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x14x14x16xf16>
}
// CHECK: alignment_a = 8, alignment_b = 8, alignment_c = 8, iterator_algorithm = fixed_channels>

// -----

func.func @three_channels(%x: tensor<1x16x16x3xf16>, %w: tensor<12x3x3x3xf16>) -> tensor<1x14x14x12xf32> {
  %y = fused.conv2d(%x, %w : tensor<1x16x16x3xf16>, tensor<12x3x3x3xf16>) -> tensor<1x14x14x12xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x14x14x12xf32>
}
// CHECK: stages = 2, swizzle = 1, alignment_a = 1, alignment_b = 1, alignment_c = 4, iterator_algorithm = few_channels>

// -----

func.func @nine_channels(%x: tensor<1x16x16x9xf16>, %w: tensor<5x3x3x9xf16>) -> tensor<1x14x14x5xf16> {
  %y = fused.conv2d(%x, %w : tensor<1x16x16x9xf16>, tensor<5x3x3x9xf16>) -> tensor<1x14x14x5xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x14x14x5xf16>
}
// CHECK: stages = 2, swizzle = 1, alignment_a = 1, alignment_b = 1, alignment_c = 1, iterator_algorithm = analytic>
