// RUN: bolt-opt %s --split-input-file -p convert-graph-to-fused,fuse-epilogue,canonicalize | filecheck %s

// Factors of the rows of a left operand move behind the product: (c * A) @ B = c * (A @ B).

// Rows that a product alone reads scaled: it scales what it computes from them, before anything else.

// CHECK-LABEL: @normalised(
// CHECK-NEXT:    %y = fused.gemm(%x, %w : {{.*}}) epilogue(%r, %c : tensor<8x1xf16>, tensor<4xf16>) [column, row] {{.*}} -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32, %2: f32):
// CHECK-NEXT:      %3 = arith.mulf %0, %1 : f32
// CHECK-NEXT:      %4 = arith.addf %3, %2 : f32
// CHECK-NEXT:      fused.yield %4 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<8x4xf16>

func.func @normalised(%x: tensor<8x16xf16>, %r: tensor<8x1xf16>, %w: tensor<16x4xf16>, %c: tensor<4xf16>) -> tensor<8x4xf16> {
  %0 = graph.mul %x, %r : (tensor<8x16xf16>, tensor<8x1xf16>) -> tensor<8x16xf16>
  %1 = graph.gemm %0, %w : (tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16>
  %y = graph.add %1, %c : (tensor<8x4xf16>, tensor<4xf16>) -> tensor<8x4xf16>
  func.return %y : tensor<8x4xf16>
}

// -----

// Every product that reads them does so.

// CHECK-LABEL: @for_several(
// CHECK-NEXT:    %y = fused.gemm(%x, %v : {{.*}}) epilogue(%r : tensor<2x8x1xf16>) [column] {{.*}} -> tensor<2x8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.divf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %z = fused.gemm(%x, %w : {{.*}}) epilogue(%r : tensor<2x8x1xf16>) [column] {{.*}} -> tensor<2x8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.divf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y, %z : tensor<2x8x4xf16>, tensor<2x8x4xf16>

func.func @for_several(%x: tensor<2x8x16xf16>, %r: tensor<2x8x1xf16>, %v: tensor<16x4xf16>, %w: tensor<16x4xf16>) -> (tensor<2x8x4xf16>, tensor<2x8x4xf16>) {
  %0 = graph.div %x, %r : (tensor<2x8x16xf16>, tensor<2x8x1xf16>) -> tensor<2x8x16xf16>
  %y = graph.batch_matmul %0, %v : (tensor<2x8x16xf16>, tensor<16x4xf16>) -> tensor<2x8x4xf16>
  %z = graph.batch_matmul %0, %w : (tensor<2x8x16xf16>, tensor<16x4xf16>) -> tensor<2x8x4xf16>
  func.return %y, %z : tensor<2x8x4xf16>, tensor<2x8x4xf16>
}

// -----

// Scaled rows that are needed themselves have to be stored: nothing is saved.

// CHECK-LABEL: @needed(
// CHECK-NEXT:    %0 = fused.pointwise epilogue(%x, %r : tensor<8x16xf16>, tensor<8x1xf16>) [full, column] {{.*}} -> tensor<8x16xf16> {
// CHECK-NEXT:    ^bb0(%1: f32, %2: f32):
// CHECK-NEXT:      %3 = arith.mulf %1, %2 : f32
// CHECK-NEXT:      fused.yield %3 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = fused.gemm(%0, %w : {{.*}}) {{.*}} -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%1: f32):
// CHECK-NEXT:      fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %0, %y : tensor<8x16xf16>, tensor<8x4xf16>

func.func @needed(%x: tensor<8x16xf16>, %r: tensor<8x1xf16>, %w: tensor<16x4xf16>) -> (tensor<8x16xf16>, tensor<8x4xf16>) {
  %0 = graph.mul %x, %r : (tensor<8x16xf16>, tensor<8x1xf16>) -> tensor<8x16xf16>
  %y = graph.gemm %0, %w : (tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16>
  func.return %0, %y : tensor<8x16xf16>, tensor<8x4xf16>
}

// -----

// What is more than a multiple of the row does not commute with the product.

// CHECK-LABEL: @shifted(
// CHECK-NEXT:    %0 = fused.pointwise epilogue(%x, %r : tensor<8x16xf16>, tensor<8x1xf16>) [full, column] {{.*}} -> tensor<8x16xf16> {
// CHECK-NEXT:    ^bb0(%1: f32, %2: f32):
// CHECK-NEXT:      %3 = arith.subf %1, %2 : f32
// CHECK-NEXT:      %4 = arith.mulf %3, %2 : f32
// CHECK-NEXT:      fused.yield %4 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = fused.gemm(%0, %w : {{.*}}) {{.*}} -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%1: f32):
// CHECK-NEXT:      fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<8x4xf16>

func.func @shifted(%x: tensor<8x16xf16>, %r: tensor<8x1xf16>, %w: tensor<16x4xf16>) -> tensor<8x4xf16> {
  %0 = graph.sub %x, %r : (tensor<8x16xf16>, tensor<8x1xf16>) -> tensor<8x16xf16>
  %1 = graph.mul %0, %r : (tensor<8x16xf16>, tensor<8x1xf16>) -> tensor<8x16xf16>
  %y = graph.gemm %1, %w : (tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16>
  func.return %y : tensor<8x4xf16>
}

// -----

// Nor do factors of the summed elements, unless weights hold them.

// CHECK-LABEL: @by_column(
// CHECK-NEXT:    %0 = fused.pointwise epilogue(%x, %r : tensor<8x16xf16>, tensor<16xf16>) [full, row] {{.*}} -> tensor<8x16xf16> {
// CHECK-NEXT:    ^bb0(%1: f32, %2: f32):
// CHECK-NEXT:      %3 = arith.mulf %1, %2 : f32
// CHECK-NEXT:      fused.yield %3 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = fused.gemm(%0, %w : {{.*}}) {{.*}} -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%1: f32):
// CHECK-NEXT:      fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<8x4xf16>

func.func @by_column(%x: tensor<8x16xf16>, %r: tensor<16xf16>, %w: tensor<16x4xf16>) -> tensor<8x4xf16> {
  %0 = graph.mul %x, %r : (tensor<8x16xf16>, tensor<16xf16>) -> tensor<8x16xf16>
  %y = graph.gemm %0, %w : (tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16>
  func.return %y : tensor<8x4xf16>
}
