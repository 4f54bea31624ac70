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

// -----

// Zeros after the last dimension of a transposed tensor are written by the kernel that transposes it.

// CHECK-LABEL: @append_zeros
// CHECK:         %y = fused.transpose(%x : tensor<2x3x8x9xf32>) epilogue(%b : tensor<4xf16>) [row] {fused.origin = ["graph.transpose", "graph.pad"], permutation = array<i64: 0, 2, 3, 1>, padding = 1 : i64} -> tensor<2x8x9x4xf16> {
// CHECK-NEXT:    ^bb0(%acc: f32, %b0: f32):
// CHECK-NEXT:      %0 = arith.addf %acc, %b0 : f32
// CHECK-NOT:     fused.pad
func.func @append_zeros(%x: tensor<2x3x8x9xf32>, %b: tensor<4xf16>) -> tensor<2x8x9x4xf16> {
  %t = fused.transpose(%x : tensor<2x3x8x9xf32>) {fused.origin = ["graph.transpose"], permutation = array<i64: 0, 2, 3, 1>} -> tensor<2x8x9x3xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %y = fused.pad(%t : tensor<2x8x9x3xf32>) epilogue(%b : tensor<4xf16>) [row] {fused.origin = ["graph.pad"], low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 0, 0, 1>} -> tensor<2x8x9x4xf16> {
  ^bb0(%acc: f32, %b0: f32):
    %0 = arith.addf %acc, %b0 : f32
    fused.yield %0 : f32
  }
  func.return %y : tensor<2x8x9x4xf16>
}

// -----

// Not so where the padding is elsewhere or of ones, where rows stay rows, and where someone else reads the transposed tensor.

// CHECK-LABEL: @other_padding
// CHECK-COUNT-4: fused.pad
func.func @other_padding(%x: tensor<2x3x8xf16>) -> (tensor<2x9x3xf16>, tensor<2x8x4xf16>, tensor<3x2x9xf16>, tensor<2x8x4xf16>, tensor<2x8x3xf16>) {
  %a = fused.transpose(%x : tensor<2x3x8xf16>) {permutation = array<i64: 0, 2, 1>} -> tensor<2x8x3xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %0 = fused.pad(%a : tensor<2x8x3xf16>) {low = array<i64: 0, 0, 0>, high = array<i64: 0, 1, 0>} -> tensor<2x9x3xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %b = fused.transpose(%x : tensor<2x3x8xf16>) {permutation = array<i64: 0, 2, 1>} -> tensor<2x8x3xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.pad(%b : tensor<2x8x3xf16>) {low = array<i64: 0, 0, 0>, high = array<i64: 0, 0, 1>, value = 1.0 : f32} -> tensor<2x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %c = fused.transpose(%x : tensor<2x3x8xf16>) {permutation = array<i64: 1, 0, 2>} -> tensor<3x2x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %2 = fused.pad(%c : tensor<3x2x8xf16>) {low = array<i64: 0, 0, 0>, high = array<i64: 0, 0, 1>} -> tensor<3x2x9xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %d = fused.transpose(%x : tensor<2x3x8xf16>) {permutation = array<i64: 0, 2, 1>} -> tensor<2x8x3xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %3 = fused.pad(%d : tensor<2x8x3xf16>) {low = array<i64: 0, 0, 0>, high = array<i64: 0, 0, 1>} -> tensor<2x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0, %1, %2, %3, %d : tensor<2x9x3xf16>, tensor<2x8x4xf16>, tensor<3x2x9xf16>, tensor<2x8x4xf16>, tensor<2x8x3xf16>
}

// -----

// What nothing uses is not stored.

// CHECK-LABEL: @unused_output
// CHECK-NEXT:    %part = fused.gemm(%a, %b : {{.*}}) {stores = [#fused.columns<0, 4>]} -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = math.exp %0 : f32
// CHECK-NEXT:      fused.yield %1 : f32

func.func @unused_output(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>) -> tensor<8x4xf16> {
  %whole, %part = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x8xf16>) {stores = [#fused.elements, #fused.columns<0, 4>]} -> tensor<8x8xf16>, tensor<8x4xf16> {
  ^bb0(%90: f32):
    %0 = math.exp %90 : f32
    fused.yield %90, %0 : f32, f32
  }
  func.return %part : tensor<8x4xf16>
}
