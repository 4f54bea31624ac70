// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_75} | filecheck %s

// A large depthwise convolution gives a thread four neighbouring outputs, a small one spreads over more threads.

func.func @depthwise(%x: tensor<32x56x56x64xf16>, %w: tensor<3x3x64xf16>, %y: tensor<1x6x6x64xf16>) -> (tensor<32x56x56x64xf16>, tensor<1x6x6x64xf16>) {
  %0 = fused.depthwise_conv2d(%x, %w : tensor<32x56x56x64xf16>, tensor<3x3x64xf16>) {padding = array<i64: 1, 1, 1, 1>} -> tensor<32x56x56x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.depthwise_conv2d(%y, %w : tensor<1x6x6x64xf16>, tensor<3x3x64xf16>) {padding = array<i64: 1, 1, 1, 1>} -> tensor<1x6x6x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0, %1 : tensor<32x56x56x64xf16>, tensor<1x6x6x64xf16>
}
// CHECK:       @depthwise_conv2d_0 "sm_75" #cutlass.depthwise_conv2d<vector = 8, rank = 0, general = [], kernel_shape = [3, 3], strides = [1, 1], dilations = [1, 1], outputs = 4>
// CHECK:       @depthwise_conv2d_1 "sm_75" #cutlass.depthwise_conv2d<vector = 2, {{.*}}, outputs = 1>
// CHECK-LABEL: func.func @depthwise(
// CHECK:         cutlass.launch @depthwise_conv2d_0 <n = 32, h = 56, w = 56, c = 64, p = 56, q = 56, pad_top = 1, pad_left = 1>
// CHECK:         cutlass.launch @depthwise_conv2d_1

// -----

// Grouped and f32 convolutions are an implicit GEMM on the ordinary cores; a narrow tile serves few channels.

func.func @grouped(%x: tensor<1x9x9x16xf16>, %w: tensor<12x3x3x8xf16>) -> tensor<1x7x7x12xf16> {
  %0 = fused.conv2d(%x, %w : tensor<1x9x9x16xf16>, tensor<12x3x3x8xf16>) {groups = 2 : i64} -> tensor<1x7x7x12xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<1x7x7x12xf16>
}
// CHECK:       #cutlass.direct_conv2d<vector = 8, rank = 0, general = [], transposed = false, tile = [128, 8], output_vector = 2>
// CHECK-LABEL: func.func @grouped(
// CHECK:         <n = 1, h = 9, w = 9, c = 8, groups = 2, k = 6, kernel_h = 3, kernel_w = 3, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1, pad_top = 0, pad_left = 0, p = 7, q = 7>

// -----

func.func @transposed(%x: tensor<1x5x5x8xf16>, %w: tensor<8x3x3x32xf16>) -> tensor<1x9x9x32xf16> {
  %0 = fused.conv_transpose2d(%x, %w : tensor<1x5x5x8xf16>, tensor<8x3x3x32xf16>) {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>} -> tensor<1x9x9x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<1x9x9x32xf16>
}
// CHECK:       #cutlass.direct_conv2d<vector = 8, rank = 0, general = [], transposed = true, tile = [32, 32], output_vector = 4>

// -----

// Few rows read B once, by rows or by columns as it is stored; the batch of A becomes rows.

func.func @few_rows(%x: tensor<2x1x96xf32>, %w: tensor<96x40xf32>, %v: tensor<40x96xf32>) -> (tensor<2x1x40xf32>, tensor<2x1x40xf32>) {
  %0 = fused.gemm(%x, %w : tensor<2x1x96xf32>, tensor<96x40xf32>) -> tensor<2x1x40xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%x, %v : tensor<2x1x96xf32>, tensor<40x96xf32>) {transpose_b = true} -> tensor<2x1x40xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0, %1 : tensor<2x1x40xf32>, tensor<2x1x40xf32>
}
// CHECK: @simt_gemm_0 "sm_75" #cutlass.simt_gemm<vector = 4, {{.*}}, transpose_b = false, algorithm = column, {{.*}}, rows = 2, lanes = 2>
// CHECK: @simt_gemm_1 "sm_75" #cutlass.simt_gemm<vector = 4, {{.*}}, transpose_b = true, algorithm = dot, {{.*}}, rows = 2, lanes = 64>
// CHECK: cutlass.launch @simt_gemm_0 <batch = 1, m = 2, n = 40, k = 96, a_batch_stride = 0, b_batch_stride = 0>

// -----

// f32 runs in tiles. An operand that repeats along the middle is read with strides.

func.func @tiled(%x: tensor<4x256x64xf32>, %w: tensor<4x64x128xf32>, %e: tensor<4x1x128xf32>) -> tensor<4x256x128xf32> {
  %0 = fused.gemm(%x, %w : tensor<4x256x64xf32>, tensor<4x64x128xf32>) epilogue(%e : tensor<4x1x128xf32>) [general] -> tensor<4x256x128xf32> {
  ^bb0(%acc: f32, %a: f32):
    %1 = arith.addf %acc, %a : f32
    fused.yield %1 : f32
  }
  func.return %0 : tensor<4x256x128xf32>
}
// CHECK:       #cutlass.simt_gemm<vector = 4, rank = 3, general = [0], transpose_a = false, transpose_b = false, algorithm = tiled, tile = [64, 32], output_vector = 4, rows = 0, lanes = 0>
// CHECK-LABEL: func.func @tiled(
// CHECK:         <batch = 4, m = 256, n = 128, k = 64, a_batch_stride = 16384, b_batch_stride = 8192, size_0 = 4, size_1 = 256, size_2 = 128, e0_stride_0 = 128, e0_stride_1 = 0, e0_stride_2 = 1>
