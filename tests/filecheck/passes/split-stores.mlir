// RUN: bolt-opt %s -p split-stores --split-input-file --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARK

// Two ranges of columns of one result, of one type, are slices of one tensor.

// CHECK-LABEL: @columns
// CHECK-NEXT:    %a = fused.gemm(%x, %w : {{.*}}) -> tensor<16x24xf16> {
// CHECK-NEXT:    ^bb0(%acc: f32):
// CHECK-NEXT:      fused.yield %acc : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %a_1 = fused.slice(%a : tensor<16x24xf16>) {offsets = array<i64: 0, 0>, sizes = array<i64: 16, 8>, strides = array<i64: 1, 1>} -> tensor<16x8xf16> {
// CHECK:         %b = fused.slice(%a : tensor<16x24xf16>) {offsets = array<i64: 0, 8>, sizes = array<i64: 16, 16>, strides = array<i64: 1, 1>} -> tensor<16x16xf16> {
// REMARK: "message": "kernels of their own store columns<0, 8>, columns<8, 16>"
func.func @columns(%x: tensor<16x16xf16>, %w: tensor<16x24xf16>) -> (tensor<16x8xf16>, tensor<16x16xf16>) {
  %a, %b = fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x24xf16>) {stores = [#fused.columns<0, 8>, #fused.columns<8, 16>]} -> tensor<16x8xf16>, tensor<16x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc, %acc : f32, f32
  }
  func.return %a, %b : tensor<16x8xf16>, tensor<16x16xf16>
}

// -----

// CHECK-LABEL: @permuted
// CHECK:         %y = fused.gemm
// CHECK:         %y_1 = fused.reshape %y : tensor<16x24xf16> -> tensor<2x8x4x6xf16>
// CHECK-NEXT:    %y_2 = fused.transpose(%y_1 : tensor<2x8x4x6xf16>) {permutation = array<i64: 0, 2, 1, 3>} -> tensor<2x4x8x6xf16> {
func.func @permuted(%x: tensor<16x16xf16>, %w: tensor<16x24xf16>) -> tensor<2x4x8x6xf16> {
  %y = fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x24xf16>) {stores = [#fused.permuted<[2, 8, 4, 6], [0, 2, 1, 3]>]} -> tensor<2x4x8x6xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<2x4x8x6xf16>
}

// -----

// CHECK-LABEL: @padded
// CHECK:         %y = fused.gemm
// CHECK:         %y_1 = fused.pad(%y : tensor<16x24xf16>) {low = array<i64: 0, 0>, high = array<i64: 0, 8>} -> tensor<16x32xf16> {
func.func @padded(%x: tensor<16x16xf16>, %w: tensor<16x24xf16>) -> tensor<16x32xf16> {
  %y = fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x24xf16>) {stores = [#fused.padded<32>]} -> tensor<16x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<16x32xf16>
}

// -----

// A reduction reads what another output stores anyway, if that is of the same value and type.

// CHECK-LABEL: @reduced
// CHECK:         %all, %all_1 = fused.gemm(%x, %w : {{.*}}) -> tensor<2x8x24xf16>, tensor<2x8x24xf32> {
// CHECK-NEXT:    ^bb0(%acc: f32):
// CHECK-NEXT:      fused.yield %acc, %acc : f32, f32
// CHECK:         %all_2 = fused.reshape %all : tensor<2x8x24xf16> -> tensor<16x1x24xf16>
// CHECK-NEXT:    %all_3 = fused.reduce(%all_2 : tensor<16x1x24xf16>) {kind = #fused<reduction_kind sum>, axes = array<i64: 2>, keepdims = false} -> tensor<16x1xf16> {
// CHECK:         %sums = fused.reshape %all_3 : tensor<16x1xf16> -> tensor<2x8x1xf16>
// CHECK:         %all_5 = fused.reduce(%all_4 : tensor<2x8x24xf32>) {kind = #fused<reduction_kind max>, axes = array<i64: 1>, keepdims = false} -> tensor<2x24xf32> {
func.func @reduced(%x: tensor<2x8x16xf16>, %w: tensor<16x24xf16>) -> (tensor<2x8x24xf16>, tensor<2x8x1xf16>, tensor<2x24xf32>) {
  %all, %sums, %largest = fused.gemm(%x, %w : tensor<2x8x16xf16>, tensor<16x24xf16>) {stores = [#fused.elements, #fused.reduced<sum, columns, 24>, #fused.reduced<max, rows, 8>]} -> tensor<2x8x24xf16>, tensor<2x8x1xf16>, tensor<2x24xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc, %acc, %acc : f32, f32, f32
  }
  func.return %all, %sums, %largest : tensor<2x8x24xf16>, tensor<2x8x1xf16>, tensor<2x24xf32>
}
