// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_80} | filecheck %s

// Operands laid out like the result, and scalars, need no strides: one dimension, whatever the shape.

func.func @full(%x: tensor<2x5x8xf16>, %y: tensor<2x5x8xf16>, %s: tensor<f32>) -> tensor<2x5x8xf16> {
  %0 = fused.pointwise epilogue(%x, %y, %s : tensor<2x5x8xf16>, tensor<2x5x8xf16>, tensor<f32>) [full, full, scalar] -> tensor<2x5x8xf16> {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %1 = arith.addf %a, %b : f32
    %2 = arith.mulf %1, %c : f32
    fused.yield %2 : f32
  }
  func.return %0 : tensor<2x5x8xf16>
}
// CHECK:       #cutlass.pointwise<inputs = 0, vector = 8, rank = 1, strided = [], innermost = []>
// CHECK-LABEL: func.func @full(
// CHECK:         cutlass.launch @pointwise_0 <size_0 = 80>

// -----

// Pixels are one dimension for a gate per image and channel; a value per pixel repeats along the channels.

func.func @gate(%x: tensor<2x5x7x16xf16>, %gate: tensor<2x1x1x16xf16>, %mask: tensor<2x5x7x1xf16>) -> tensor<2x5x7x16xf16> {
  %0 = fused.pointwise epilogue(%x, %gate, %mask : tensor<2x5x7x16xf16>, tensor<2x1x1x16xf16>, tensor<2x5x7x1xf16>) [full, general, column] -> tensor<2x5x7x16xf16> {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.mulf %1, %c : f32
    fused.yield %2 : f32
  }
  func.return %0 : tensor<2x5x7x16xf16>
}
// CHECK:       #cutlass.pointwise<inputs = 0, vector = 8, rank = 3, strided = [1, 2], innermost = [1, 0]>
// CHECK-LABEL: func.func @gate(
// CHECK:         <size_0 = 2, size_1 = 35, size_2 = 16, x1_offset = 0, x1_stride_0 = 16, x1_stride_1 = 0, x1_stride_2 = 1, x2_offset = 0, x2_stride_0 = 35, x2_stride_1 = 1, x2_stride_2 = 0>

// -----

// Vectors must divide a row: a bias of 6 channels allows two at a time, one of 7 none.

func.func @rows(%x: tensor<9x6xf16>, %b: tensor<6xf16>, %y: tensor<9x7xf16>, %c: tensor<7xf16>) -> (tensor<9x6xf16>, tensor<9x7xf16>) {
  %0 = fused.pointwise epilogue(%x, %b : tensor<9x6xf16>, tensor<6xf16>) [full, row] -> tensor<9x6xf16> {
  ^bb0(%a: f32, %e: f32):
    %1 = arith.addf %a, %e : f32
    fused.yield %1 : f32
  }
  %2 = fused.pointwise epilogue(%y, %c : tensor<9x7xf16>, tensor<7xf16>) [full, row] -> tensor<9x7xf16> {
  ^bb0(%a: f32, %e: f32):
    %3 = arith.addf %a, %e : f32
    fused.yield %3 : f32
  }
  func.return %0, %2 : tensor<9x6xf16>, tensor<9x7xf16>
}
// CHECK: cutlass.kernel @pointwise_0 "sm_80" #cutlass.pointwise<inputs = 0, vector = 2, rank = 2, strided = [1], innermost = [1]>
// CHECK: cutlass.kernel @pointwise_1 "sm_80" #cutlass.pointwise<inputs = 0, vector = 1, rank = 2, strided = [1], innermost = [1]>

// -----

// A slice is read from its first element on; a negative step is a negative stride.

func.func @slice(%x: tensor<7x9x16xf16>) -> tensor<3x2x8xf16> {
  %0 = fused.slice(%x : tensor<7x9x16xf16>) {offsets = array<i64: 5, 1, 8>, sizes = array<i64: 3, 2, 8>, strides = array<i64: -2, 3, 1>} -> tensor<3x2x8xf16> {
  ^bb0(%a: f32):
    fused.yield %a : f32
  }
  func.return %0 : tensor<3x2x8xf16>
}
// CHECK:       #cutlass.pointwise<inputs = 1, vector = 8, rank = 3, strided = [0], innermost = [1]> [f16] -> [f16]
// CHECK-LABEL: func.func @slice(
// CHECK:         <size_0 = 3, size_1 = 2, size_2 = 8, x0_offset = 744, x0_stride_0 = -288, x0_stride_1 = 48, x0_stride_2 = 1>(%x
