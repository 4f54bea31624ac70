// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_80} | filecheck %s

// Global average pooling reduces across rows of channels; a reduction of the last dimension along rows.

func.func @reduce(%x: tensor<1x7x7x96xf16>, %y: tensor<64x200xf16>, %z: tensor<2x5000xf32>) -> (tensor<1x1x1x96xf16>, tensor<64xf16>, tensor<2x1xf32>) {
  %0 = fused.reduce(%x : tensor<1x7x7x96xf16>) {kind = #fused.reduction_kind mean, axes = array<i64: 1, 2>} -> tensor<1x1x1x96xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.reduce(%y : tensor<64x200xf16>) {kind = #fused.reduction_kind max, axes = array<i64: -1>, keepdims = false} -> tensor<64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %2 = fused.reduce(%z : tensor<2x5000xf32>) {kind = #fused.reduction_kind sum, axes = array<i64: 1>} -> tensor<2x1xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0, %1, %2 : tensor<1x1x1x96xf16>, tensor<64xf16>, tensor<2x1xf32>
}
// CHECK:       @reduce_0 "sm_80" #cutlass.reduce<vector = 2, rank = 0, general = [], kind = mean, algorithm = column, lanes = 8>
// CHECK:       @reduce_1 "sm_80" #cutlass.reduce<vector = 8, rank = 0, general = [], kind = max, algorithm = row, lanes = 32>
// CHECK:       @reduce_2 "sm_80" #cutlass.reduce<vector = 4, rank = 0, general = [], kind = sum, algorithm = row, lanes = 256>
// CHECK-LABEL: func.func @reduce(
// CHECK:         cutlass.launch @reduce_0 <outer = 1, reduce = 49, inner = 96, columns = 96>
// CHECK:         cutlass.launch @reduce_1 <outer = 64, reduce = 200, inner = 1, columns = 1>
// CHECK:         cutlass.launch @reduce_2 <outer = 2, reduce = 5000, inner = 1, columns = 1>

// -----

// A row of a softmax stays in the registers of a few lanes, a warp or a block; the longest are read twice.

func.func @softmax(%x: tensor<8x12x40x40xf16>, %y: tensor<4x3000xf16>, %z: tensor<4x50000xf16>, %w: tensor<2x9x6xf32>) -> (tensor<8x12x40x40xf16>, tensor<4x3000xf16>, tensor<4x50000xf16>, tensor<2x9x6xf32>) {
  %0 = fused.softmax(%x : tensor<8x12x40x40xf16>) -> tensor<8x12x40x40xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.softmax(%y : tensor<4x3000xf16>) -> tensor<4x3000xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %2 = fused.softmax(%z : tensor<4x50000xf16>) -> tensor<4x50000xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %3 = fused.softmax(%w : tensor<2x9x6xf32>) {axis = 1 : i64} -> tensor<2x9x6xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0, %1, %2, %3 : tensor<8x12x40x40xf16>, tensor<4x3000xf16>, tensor<4x50000xf16>, tensor<2x9x6xf32>
}
// CHECK:       @softmax_0 "sm_80" #cutlass.softmax<vector = 8, rank = 0, general = [], algorithm = row, lanes = 8, elements = 8>
// CHECK:       @softmax_1 "sm_80" #cutlass.softmax<vector = 8, rank = 0, general = [], algorithm = row, lanes = 512, elements = 8>
// CHECK:       @softmax_2 "sm_80" #cutlass.softmax<vector = 8, rank = 0, general = [], algorithm = row, lanes = 512, elements = 0>
// CHECK:       @softmax_3 "sm_80" #cutlass.softmax<vector = 2, rank = 0, general = [], algorithm = column, lanes = 0, elements = 0>
// CHECK-LABEL: func.func @softmax(
// CHECK:         cutlass.launch @softmax_0 <outer = 3840, axis = 40, inner = 1, columns = 40>
// CHECK:         cutlass.launch @softmax_3 <outer = 2, axis = 9, inner = 6, columns = 6>

// -----

// The normalised dimensions are one; epsilon travels as the bits of an f32.

func.func @layer_norm(%x: tensor<2x4x6x8xf16>, %scale: tensor<4x6x8xf16>) -> tensor<2x4x6x8xf16> {
  %0 = fused.layer_norm(%x : tensor<2x4x6x8xf16>) epilogue(%scale : tensor<4x6x8xf16>) [general] {axis = 1 : i64} -> tensor<2x4x6x8xf16> {
  ^bb0(%acc: f32, %e: f32):
    %1 = arith.mulf %acc, %e : f32
    fused.yield %1 : f32
  }
  func.return %0 : tensor<2x4x6x8xf16>
}
// CHECK:       #cutlass.layer_norm<vector = 8, rank = 2, general = [0], lanes = 32, elements = 8>
// CHECK-LABEL: func.func @layer_norm(
// CHECK:         <outer = 2, axis = 192, columns = 192, epsilon = 925353388, size_0 = 2, size_1 = 192, e0_stride_0 = 0, e0_stride_1 = 1>

// -----

func.func @pool(%x: tensor<1x12x12x64xf16>) -> tensor<1x6x6x64xf16> {
  %0 = fused.pool2d(%x : tensor<1x12x12x64xf16>) {kind = #fused.reduction_kind max, kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 0, 0>} -> tensor<1x6x6x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<1x6x6x64xf16>
}
// CHECK:       #cutlass.pool2d<vector = 2, rank = 0, general = [], kernel_shape = [3, 3], strides = [2, 2], dilations = [1, 1], outputs = 1, kind = max, include_padding = false>
// CHECK-LABEL: func.func @pool(
// CHECK:         <n = 1, h = 12, w = 12, c = 64, pad_top = 1, pad_left = 1, pad_bottom = 0, pad_right = 0, p = 6, q = 6>
