// RUN: bolt-opt %s -p canonicalize --split-input-file | filecheck %s

// A tensor that is listed twice is loaded once; one that the epilogue does not use is not loaded.

// CHECK-LABEL: @operands
// CHECK:         %0 = fused.gemm(%x, %w : {{.*}}) epilogue(%b, %r : tensor<4xf16>, tensor<8x4xf16>) [row, full] -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%acc: f32, %b0: f32, %r0: f32):
// CHECK-NEXT:      %1 = arith.addf %acc, %b0 : f32
// CHECK-NEXT:      %2 = arith.mulf %1, %b0 : f32
// CHECK-NEXT:      %3 = arith.addf %2, %r0 : f32
// CHECK-NEXT:      fused.yield %3 : f32
func.func @operands(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>, %b: tensor<4xf16>, %r: tensor<8x4xf16>, %u: tensor<8x1xf16>) -> tensor<8x4xf16> {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) epilogue(%b, %u, %b, %r : tensor<4xf16>, tensor<8x1xf16>, tensor<4xf16>, tensor<8x4xf16>) [row, column, row, full] -> tensor<8x4xf16> {
  ^bb0(%acc: f32, %b0: f32, %u0: f32, %b1: f32, %r0: f32):
    %1 = arith.addf %acc, %b0 : f32
    %2 = arith.mulf %1, %b1 : f32
    %3 = arith.addf %2, %r0 : f32
    fused.yield %3 : f32
  }
  func.return %0 : tensor<8x4xf16>
}

// -----

// What an epilogue computes for nothing is gone, and with it the operand.

// CHECK-LABEL: @dead_code
// CHECK:         fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%acc: f32):
// CHECK-NEXT:      fused.yield %acc : f32
func.func @dead_code(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>, %b: tensor<4xf16>) -> tensor<8x4xf16> {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) epilogue(%b : tensor<4xf16>) [row] -> tensor<8x4xf16> {
  ^bb0(%acc: f32, %b0: f32):
    %1 = arith.addf %acc, %b0 : f32
    fused.yield %acc : f32
  }
  func.return %0 : tensor<8x4xf16>
}

// -----

// The shape that an unused operand gave is stated; location, origin and result name stay.

// CHECK-LABEL: @shape_stays
// CHECK:         %y = fused.pointwise epilogue(%x : tensor<5xf16>) [row] {fused.origin = ["graph.add"], shape_to = array<i64: 4, 5>} -> tensor<4x5xf16> {
// CHECK-NEXT:    ^bb0(%a: f32):
func.func @shape_stays(%x: tensor<5xf16>, %z: tensor<4x1xf16>) -> tensor<4x5xf16> {
  %y = fused.pointwise epilogue(%x, %z : tensor<5xf16>, tensor<4x1xf16>) [row, column] {fused.origin = ["graph.add"]} -> tensor<4x5xf16> {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.addf %a, %a : f32
    fused.yield %0 : f32
  }
  func.return %y : tensor<4x5xf16>
}

// -----

// A kernel that stores what it loads is no kernel, unless it converts or repeats elements.

// CHECK-LABEL: @identity
// CHECK-NEXT:    %0 = fused.pointwise epilogue(%x : tensor<4xf16>) [full] -> tensor<4xf32> {
// CHECK:         %1 = fused.pointwise epilogue(%x : tensor<4xf16>) [row] {shape_to = array<i64: 2, 4>} -> tensor<2x4xf16> {
// CHECK:         func.return %x, %0, %1
func.func @identity(%x: tensor<4xf16>) -> (tensor<4xf16>, tensor<4xf32>, tensor<2x4xf16>) {
  %same = fused.pointwise epilogue(%x : tensor<4xf16>) [full] -> tensor<4xf16> {
  ^bb0(%a: f32):
    fused.yield %a : f32
  }
  %0 = fused.pointwise epilogue(%same : tensor<4xf16>) [full] -> tensor<4xf32> {
  ^bb0(%a: f32):
    fused.yield %a : f32
  }
  %1 = fused.pointwise epilogue(%same : tensor<4xf16>) [row] {shape_to = array<i64: 2, 4>} -> tensor<2x4xf16> {
  ^bb0(%a: f32):
    fused.yield %a : f32
  }
  func.return %same, %0, %1 : tensor<4xf16>, tensor<4xf32>, tensor<2x4xf16>
}

// -----

// Two views are one, and a view of the same shape is none.

// CHECK-LABEL: @reshapes
// CHECK-NEXT:    %0 = fused.reshape %x : tensor<2x6xf16> -> tensor<3x4xf16>
// CHECK-NEXT:    func.return %0, %x
func.func @reshapes(%x: tensor<2x6xf16>) -> (tensor<3x4xf16>, tensor<2x6xf16>) {
  %0 = fused.reshape %x : tensor<2x6xf16> -> tensor<12xf16>
  %1 = fused.reshape %0 : tensor<12xf16> -> tensor<3x4xf16>
  %2 = fused.reshape %1 : tensor<3x4xf16> -> tensor<2x6xf16>
  func.return %1, %2 : tensor<3x4xf16>, tensor<2x6xf16>
}
