// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_80} | filecheck %s

// Matrix transposes go through shared memory, or through registers for a few rows; rows that stay rows are read with strides.

func.func @transposes(%x: tensor<32x128x28x26xf16>, %y: tensor<2x8x9x10xf32>, %z: tensor<2x40x12x64xf16>, %i: tensor<1x3x9x10xf32>) -> (tensor<32x28x26x128xf16>, tensor<2x9x10x8xf16>, tensor<2x12x40x64xf16>, tensor<1x9x10x3xf16>) {
  %0 = fused.transpose(%x : tensor<32x128x28x26xf16>) {permutation = array<i64: 0, 2, 3, 1>} -> tensor<32x28x26x128xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.transpose(%y : tensor<2x8x9x10xf32>) {permutation = array<i64: 0, 2, 3, 1>} -> tensor<2x9x10x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %2 = fused.transpose(%z : tensor<2x40x12x64xf16>) {permutation = array<i64: 0, 2, 1, 3>} -> tensor<2x12x40x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %3 = fused.transpose(%i : tensor<1x3x9x10xf32>) {permutation = array<i64: 0, 2, 3, 1>} -> tensor<1x9x10x3xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0, %1, %2, %3 : tensor<32x28x26x128xf16>, tensor<2x9x10x8xf16>, tensor<2x12x40x64xf16>, tensor<1x9x10x3xf16>
}
// CHECK:       #cutlass.transpose<vector = 4, rank = 0, general = [], channels = 0, outputs = 1> [f16] -> [f16]
// CHECK:       #cutlass.transpose<vector = 1, rank = 0, general = [], channels = 8, outputs = 1> [f32] -> [f16]
// CHECK:       #cutlass.pointwise<inputs = 1, vector = 8, rank = 4, strided = [0], innermost = [1]> [f16] -> [f16]
// CHECK:       #cutlass.pointwise<inputs = 1, vector = 1, rank = 2, strided = [0], innermost = [-1]> [f32] -> [f16]
// CHECK-LABEL: func.func @transposes(
// CHECK:         <outer = 1, batch = 32, rows = 128, padded_rows = 128, columns = 728, x_outer_stride = 0, x_batch_stride = 93184, x_row_stride = 728, y_outer_stride = 0, y_batch_stride = 728, y_column_stride = 1>

// -----

// The pixels of a picture are one dimension, however few are in a row. Tiles are smaller where they would be few, and
// hold more accesses where an odd number of pixels allows single elements only.

func.func @tiles(%x: tensor<256x14x14x512xf16>, %y: tensor<1x14x14x512xf16>, %z: tensor<256x7x7x512xf16>) -> (tensor<256x512x14x14xf16>, tensor<1x512x14x14xf16>, tensor<256x512x7x7xf16>) {
  %0 = fused.transpose(%x : tensor<256x14x14x512xf16>) {permutation = array<i64: 0, 3, 1, 2>} -> tensor<256x512x14x14xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.transpose(%y : tensor<1x14x14x512xf16>) {permutation = array<i64: 0, 3, 1, 2>} -> tensor<1x512x14x14xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %2 = fused.transpose(%z : tensor<256x7x7x512xf16>) {permutation = array<i64: 0, 3, 1, 2>} -> tensor<256x512x7x7xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0, %1, %2 : tensor<256x512x14x14xf16>, tensor<1x512x14x14xf16>, tensor<256x512x7x7xf16>
}
// CHECK:       #cutlass.transpose<vector = 4, rank = 0, general = [], channels = 0, outputs = 1> [f16] -> [f16]
// CHECK:       #cutlass.transpose<vector = 1, rank = 0, general = [], channels = 0, outputs = 1> [f16] -> [f16]
// CHECK:       #cutlass.transpose<vector = 1, rank = 0, general = [], channels = 0, outputs = 2> [f16] -> [f16]
// CHECK-LABEL: func.func @tiles(

// -----

// A picture becomes rows of channels for tensor cores in one kernel: transposed, converted, with a fourth channel of zeros.

func.func @picture(%x: tensor<2x3x9x10xf32>) -> tensor<2x9x10x4xf16> {
  %0 = fused.transpose(%x : tensor<2x3x9x10xf32>) {permutation = array<i64: 0, 2, 3, 1>, padding = 1 : i64} -> tensor<2x9x10x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<2x9x10x4xf16>
}
// CHECK:       #cutlass.transpose<vector = 1, rank = 0, general = [], channels = 4, outputs = 1> [f32] -> [f16]
// CHECK-LABEL: func.func @picture(
// CHECK:         <outer = 1, batch = 2, rows = 3, padded_rows = 4, columns = 90, x_outer_stride = 0, x_batch_stride = 270, x_row_stride = 90, y_outer_stride = 0, y_batch_stride = 90, y_column_stride = 1>

// -----

func.func @gather(%x: tensor<30x32xf16>, %i: tensor<4x3xi64>) -> tensor<4x3x32xf16> {
  %0 = fused.gather(%x, %i : tensor<30x32xf16>, tensor<4x3xi64>) -> tensor<4x3x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<4x3x32xf16>
}
// CHECK:       #cutlass.gather<vector = 8, rank = 0, general = []> [f16, i64] -> [f16]
// CHECK:         <outer = 1, axis = 30, inner = 32, indices = 12, columns = 32>

// -----

// Vectors must fit every input.

func.func @concat(%x: tensor<2x3x8xf16>, %y: tensor<2x3x4xf16>) -> tensor<2x3x12xf16> {
  %0 = fused.concat(%x, %y : tensor<2x3x8xf16>, tensor<2x3x4xf16>) {axis = -1 : i64} -> tensor<2x3x12xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<2x3x12xf16>
}
// CHECK:       #cutlass.concat<vector = 4, rank = 0, general = [], count = 2> [f16, f16] -> [f16]
// CHECK:         <outer = 6, columns = 12, length_0 = 8, length_1 = 4>

// -----

// What is not padded joins the dimension before it, which for a constant border may be a padded one.

func.func @pad(%x: tensor<2x5x6x8xf16>) -> (tensor<2x7x6x8xf16>, tensor<2x7x6x8xf16>) {
  %0 = fused.pad(%x : tensor<2x5x6x8xf16>) {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 1, 0, 0>, value = 1.000000e+00 : f32} -> tensor<2x7x6x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.pad(%x : tensor<2x5x6x8xf16>) {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 1, 0, 0>, mode = #graph.pad_mode edge} -> tensor<2x7x6x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0, %1 : tensor<2x7x6x8xf16>, tensor<2x7x6x8xf16>
}
// CHECK:       #cutlass.pad<vector = 8, rank = 0, general = [], mode = constant, dimensions = 2, access = 8>
// CHECK:       #cutlass.pad<vector = 8, rank = 0, general = [], mode = edge, dimensions = 3, access = 8>
// CHECK-LABEL: func.func @pad(
// CHECK:         <x_0 = 2, x_1 = 240, low_0 = 0, low_1 = 48, y_0 = 2, y_1 = 336, columns = 336, value = 1065353216>
// CHECK:         <x_0 = 2, x_1 = 5, x_2 = 48, low_0 = 0, low_1 = 1, low_2 = 0, y_0 = 2, y_1 = 7, y_2 = 48, columns = 48, value = 0>

// -----

// Images in any layout: what lies before and after the resized dimensions is one dimension each.

func.func @resize(%x: tensor<2x3x4x6xf32>) -> tensor<2x3x8x9xf32> {
  %0 = fused.resize(%x : tensor<2x3x4x6xf32>) {sizes = array<i64: 2, 3, 8, 9>, mode = #graph.resize_mode linear} -> tensor<2x3x8x9xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<2x3x8x9xf32>
}
// CHECK:       #cutlass.resize<vector = 1, rank = 0, general = [], mode = linear, coordinates = half_pixel, rounding = round_prefer_floor, outputs = 1>
// CHECK:         <n = 6, h = 4, w = 6, c = 1, p = 8, q = 9, columns = 1>
