// RUN: bolt-opt %s -p split-dual-gemm --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARK

// One product of all columns; each matrix' columns are every other group of 8.

// CHECK-LABEL: @swiglu
// CHECK-NEXT:    %0 = fused.gemm(%x, %w : tensor<4x16xf16>, tensor<16x48xf16>) {fused.origin = ["graph.gemm"]} -> tensor<4x48xf16> {
// CHECK-NEXT:    ^bb0(%1: f32):
// CHECK-NEXT:      fused.yield %1 : f32
// CHECK:         %1 = fused.reshape %0 : tensor<4x48xf16> -> tensor<4x3x2x8xf16>
// CHECK-NEXT:    %2 = fused.slice(%1 : tensor<4x3x2x8xf16>) {fused.origin = ["graph.gemm"], offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 4, 3, 1, 8>, strides = array<i64: 1, 1, 1, 1>} -> tensor<4x3x1x8xf16> {
// CHECK:         %3 = fused.reshape %2 : tensor<4x3x1x8xf16> -> tensor<4x24xf16>
// CHECK-NEXT:    %4 = fused.slice(%1 : tensor<4x3x2x8xf16>) {fused.origin = ["graph.gemm"], offsets = array<i64: 0, 0, 1, 0>, {{.*}}
// CHECK:         %5 = fused.reshape %4 : tensor<4x3x1x8xf16> -> tensor<4x24xf16>
// CHECK-NEXT:    %y = fused.pointwise epilogue(%3, %5, %r : tensor<4x24xf16>, tensor<4x24xf16>, tensor<24xf16>) [full, full, row] {fused.origin = ["graph.mul"], stores = [#fused.padded<32>]} -> tensor<4x32xf16> {
// CHECK-NEXT:    ^bb0(%gate: f32, %up: f32, %e: f32):
// REMARK: "message": "one kernel multiplies, another pairs the products"
func.func @swiglu(%x: tensor<4x16xf16>, %w: tensor<16x48xf16>, %r: tensor<24xf16>) -> tensor<4x32xf16> {
  %y = fused.dual_gemm(%x, %w : tensor<4x16xf16>, tensor<16x48xf16>) epilogue(%r : tensor<24xf16>) [row] {stores = [#fused.padded<32>], fused.origin = ["graph.gemm", "graph.mul"]} -> tensor<4x32xf16> {
  ^bb0(%gate: f32, %up: f32, %e: f32):
    %0 = arith.mulf %gate, %up : f32
    %1 = arith.addf %0, %e : f32
    fused.yield %1 : f32
  }
  func.return %y : tensor<4x32xf16>
}
