// RUN: bolt-opt %s -p split-epilogue --split-input-file --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARK

// A CUTLASS epilogue loads one row vector: from the second on, the rest is a kernel of its own. The constant that both
// parts use is in both, and the value that passes is stored as f16.

// CHECK-LABEL: @second_row
// CHECK-NEXT:    %y = fused.gemm(%a, %b : {{.*}}) epilogue(%p : tensor<4xf16>) [row] {fused.origin = ["graph.gemm"]} -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %3 = arith.addf %0, %1 : f32
// CHECK-NEXT:      %4 = arith.maximumf %3, %2 : f32
// CHECK-NEXT:      fused.yield %4 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y_1 = fused.pointwise epilogue(%y, %q : tensor<8x4xf16>, tensor<4xf16>) [full, row] {fused.origin = ["graph.bias_add", "graph.relu", "graph.mul"]} -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %3 = arith.mulf %0, %1 : f32
// CHECK-NEXT:      %4 = arith.maximumf %3, %2 : f32
// CHECK-NEXT:      fused.yield %4 : f32
// REMARK: "missed", "pass_name": "split-epilogue", "op": "fused.gemm", "location": "gemm_1", "message": "the epilogue cannot load operands of kind row"

func.func @second_row(%a: tensor<8x16xf16>, %b: tensor<16x4xf16>, %p: tensor<4xf16>, %q: tensor<4xf16>) -> tensor<8x4xf16> {
  %y = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x4xf16>) epilogue(%p, %q : tensor<4xf16>, tensor<4xf16>) [row, row] {fused.origin = ["graph.gemm", "graph.bias_add", "graph.relu", "graph.mul"]} -> tensor<8x4xf16> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.constant 0.000000e+00 : f32
    %4 = arith.addf %0, %1 : f32
    %5 = arith.maximumf %4, %3 : f32
    %6 = arith.mulf %5, %2 : f32
    %7 = arith.maximumf %6, %3 : f32
    fused.yield %7 : f32
  } loc("gemm_1")
  func.return %y : tensor<8x4xf16>
}

// -----

// Two values would pass behind tanh, so the cut comes before it. A kept operand that the rest needs is loaded again.

// CHECK-LABEL: @earlier_cut
// CHECK:         %y = fused.gemm(%a, %b : {{.*}}) epilogue(%p : tensor<4xf16>) [row] -> tensor<2x8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.addf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK:         %y_1 = fused.pointwise epilogue(%y, %p, %g : tensor<2x8x4xf16>, tensor<4xf16>, tensor<2x1x4xf16>) [full, row, general] -> tensor<2x8x4xi1> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32, %2: f32):
// CHECK-NEXT:      %3 = math.tanh %0 : f32
// CHECK-NEXT:      %4 = arith.mulf %3, %2 : f32
// CHECK-NEXT:      %5 = arith.addf %4, %0 : f32
// CHECK-NEXT:      %6 = arith.cmpf ogt, %5, %1 : f32
// CHECK-NEXT:      fused.yield %6 : i1
// REMARK: the epilogue cannot load operands of kind general"

func.func @earlier_cut(%a: tensor<2x8x16xf16>, %b: tensor<16x4xf16>, %p: tensor<4xf16>, %g: tensor<2x1x4xf16>) -> tensor<2x8x4xi1> {
  %y = fused.gemm(%a, %b : tensor<2x8x16xf16>, tensor<16x4xf16>) epilogue(%p, %g : tensor<4xf16>, tensor<2x1x4xf16>) [row, general] -> tensor<2x8x4xi1> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.addf %0, %1 : f32
    %4 = math.tanh %3 : f32
    %5 = arith.mulf %4, %2 : f32
    %6 = arith.addf %5, %3 : f32
    %7 = arith.cmpf ogt, %6, %1 : f32
    fused.yield %7 : i1
  }
  func.return %y : tensor<2x8x4xi1>
}

// -----

// What does not depend on the refused operand stays, wherever it stands in the epilogue.

// CHECK-LABEL: @reordered
// CHECK-NEXT:    %y = fused.gemm
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = math.tanh %0 : f32
// CHECK-NEXT:      fused.yield %1 : f32
// CHECK:         fused.pointwise epilogue(%y, %g : {{.*}}) [full, general]
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = math.absf %1 : f32
// CHECK-NEXT:      %3 = arith.mulf %0, %2 : f32

func.func @reordered(%a: tensor<2x8x16xf16>, %b: tensor<16x4xf16>, %g: tensor<2x1x4xf16>) -> tensor<2x8x4xf16> {
  %y = fused.gemm(%a, %b : tensor<2x8x16xf16>, tensor<16x4xf16>) epilogue(%g : tensor<2x1x4xf16>) [general] -> tensor<2x8x4xf16> {
  ^bb0(%0: f32, %1: f32):
    %2 = math.absf %1 : f32
    %3 = math.tanh %0 : f32
    %4 = arith.mulf %3, %2 : f32
    fused.yield %4 : f32
  }
  func.return %y : tensor<2x8x4xf16>
}

// -----

// Worst case: the accumulator itself is stored.

// CHECK-LABEL: @raw_accumulator
// CHECK-NEXT:    %y = fused.conv2d(%x, %w : {{.*}}) {padding = array<i64: 1, 1, 1, 1>} -> tensor<1x8x8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32
// CHECK:         fused.pointwise epilogue(%y, %p, %q, %r : {{.*}}) [full, full, full, full]
// REMARK: the epilogue cannot load operands of kind full"

func.func @raw_accumulator(%x: tensor<1x8x8x4xf16>, %w: tensor<4x3x3x4xf16>, %p: tensor<1x8x8x4xf16>, %q: tensor<1x8x8x4xf16>, %r: tensor<1x8x8x4xf16>) -> tensor<1x8x8x4xf16> {
  %y = fused.conv2d(%x, %w : tensor<1x8x8x4xf16>, tensor<4x3x3x4xf16>) epilogue(%p, %q, %r : tensor<1x8x8x4xf16>, tensor<1x8x8x4xf16>, tensor<1x8x8x4xf16>) [full, full, full] {padding = array<i64: 1, 1, 1, 1>} -> tensor<1x8x8x4xf16> {
  ^bb0(%0: f32, %1: f32, %2: f32, %3: f32):
    %4 = arith.mulf %0, %1 : f32
    %5 = arith.mulf %0, %2 : f32
    %6 = arith.addf %4, %5 : f32
    %7 = arith.addf %6, %3 : f32
    %8 = arith.mulf %7, %0 : f32
    fused.yield %8 : f32
  }
  func.return %y : tensor<1x8x8x4xf16>
}

// -----

// Epilogues within the limits stay as they are.

// CHECK-LABEL: @within_limits
// CHECK-NOT:     fused.pointwise

func.func @within_limits(%a: tensor<8x16xf16>, %b: tensor<16x4xf16>, %p: tensor<4xf16>, %r: tensor<8x4xf16>, %s: tensor<f16>, %c: tensor<8x1xf16>) -> tensor<8x4xf16> {
  %y = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x4xf16>) epilogue(%p, %r, %s, %c : tensor<4xf16>, tensor<8x4xf16>, tensor<f16>, tensor<8x1xf16>) [row, full, scalar, column] -> tensor<8x4xf16> {
  ^bb0(%0: f32, %1: f32, %2: f32, %3: f32, %4: f32):
    %5 = arith.addf %0, %1 : f32
    %6 = arith.addf %5, %2 : f32
    %7 = arith.addf %6, %3 : f32
    %8 = arith.addf %7, %4 : f32
    fused.yield %8 : f32
  }
  func.return %y : tensor<8x4xf16>
}

// -----

// What stores some columns only stays: the rest of the epilogue could not tell which ones they are.

// CHECK-LABEL: @stored_columns
// CHECK:         fused.gemm{{.*}}[row, row] {stores = [#fused.columns<0, 8>]}
// CHECK-NOT:     fused.pointwise
// REMARK: the epilogue cannot load operands of kind row; not split, since it stores other than all elements in their order (split-stores first)"

func.func @stored_columns(%a: tensor<8x16xf16>, %b: tensor<16x32xf16>, %p: tensor<32xf16>, %q: tensor<32xf16>) -> tensor<8x8xf16> {
  %y = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x32xf16>) epilogue(%p, %q : tensor<32xf16>, tensor<32xf16>) [row, row] {stores = [#fused.columns<0, 8>]} -> tensor<8x8xf16> {
  ^bb0(%0: f32, %1: f32, %2: f32):
    %3 = arith.addf %0, %1 : f32
    %4 = arith.mulf %3, %2 : f32
    fused.yield %4 : f32
  }
  func.return %y : tensor<8x8xf16>
}
