// RUN: bolt-opt %s --split-input-file -p fuse-dual-gemm --remarks=- 2>&1 | filecheck %s

// SwiGLU: columns of both matrices take turns in groups of 8, so that one thread has both accumulators.

func.func @swiglu(%x: tensor<5x4xf16>) -> tensor<5x16xf16> {
  %u = graph.weight @u : tensor<4x16xf16>
  %v = graph.weight @v : tensor<4x16xf16>
  %g = fused.gemm(%x, %u : tensor<5x4xf16>, tensor<4x16xf16>) -> tensor<5x16xf16> {
  ^bb0(%acc: f32):
    %minus = arith.negf %acc : f32
    %exp = math.exp %minus : f32
    %one = arith.constant 1.0 : f32
    %sum = arith.addf %one, %exp : f32
    %silu = arith.divf %acc, %sum : f32
    fused.yield %silu : f32
  }
  %y = fused.gemm(%x, %v : tensor<5x4xf16>, tensor<4x16xf16>) epilogue(%g : tensor<5x16xf16>) [full] -> tensor<5x16xf16> {
  ^bb0(%acc: f32, %gate: f32):
    %product = arith.mulf %gate, %acc : f32
    fused.yield %product : f32
  }
  func.return %y : tensor<5x16xf16>
}
// CHECK-LABEL: @swiglu
// CHECK:         [[U:%.*]] = graph.reshape %u {shape_to = array<i64: 4, 2, 8>}
// CHECK-NEXT:    [[V:%.*]] = graph.reshape %v {shape_to = array<i64: 4, 2, 8>}
// CHECK-NEXT:    [[PAIRS:%.*]] = graph.concat [[U]], [[V]] {axis = 2 : i64} : {{.*}} -> tensor<4x2x16xf16>
// CHECK-NEXT:    [[W:%.*]] = graph.reshape [[PAIRS]] {shape_to = array<i64: 4, 32>}
// CHECK-NEXT:    %y = fused.dual_gemm(%x, [[W]] : tensor<5x4xf16>, tensor<4x32xf16>) -> tensor<5x16xf16> {
// CHECK-NEXT:    ^bb0([[ACC0:%.*]]: f32, [[ACC1:%.*]]: f32):
// CHECK-NEXT:      arith.negf [[ACC0]] : f32
// CHECK:           [[GATE:%.*]] = arith.divf [[ACC0]],
// CHECK-NEXT:      [[R:%.*]] = arith.mulf [[GATE]], [[ACC1]] : f32
// CHECK-NEXT:      fused.yield [[R]] : f32

// -----

// Each product's bias is an operand; a weight that is stored transposed has its columns as rows.

func.func @biases(%x: tensor<2x5x4xf32>, %bu: tensor<8xf32>, %bv: tensor<8xf32>) -> tensor<2x5x8xf32> {
  %u = graph.weight @u : tensor<8x4xf32>
  %v = graph.weight @v : tensor<8x4xf32>
  %g = fused.gemm(%x, %u : tensor<2x5x4xf32>, tensor<8x4xf32>) epilogue(%bu : tensor<8xf32>) [row] {transpose_b = true} -> tensor<2x5x8xf32> {
  ^bb0(%acc: f32, %b: f32):
    %sum = arith.addf %acc, %b : f32
    fused.yield %sum : f32
  }
  %y = fused.gemm(%x, %v : tensor<2x5x4xf32>, tensor<8x4xf32>) epilogue(%g, %bv : tensor<2x5x8xf32>, tensor<8xf32>) [full, row] {transpose_b = true} -> tensor<2x5x8xf32> {
  ^bb0(%acc: f32, %gate: f32, %b: f32):
    %sum = arith.addf %acc, %b : f32
    %product = arith.mulf %gate, %sum : f32
    fused.yield %product : f32
  }
  func.return %y : tensor<2x5x8xf32>
}
// CHECK-LABEL: @biases
// CHECK:         graph.concat {{.*}} {axis = 1 : i64} : (tensor<1x8x4xf32>, tensor<1x8x4xf32>) -> tensor<1x16x4xf32>
// CHECK-NEXT:    [[W:%.*]] = graph.reshape {{.*}} -> tensor<16x4xf32>
// CHECK-NEXT:    fused.dual_gemm(%x, [[W]] : {{.*}}) epilogue(%bu, %bv : tensor<8xf32>, tensor<8xf32>) [row, row] {transpose_b = true}
// CHECK-NEXT:    ^bb0([[ACC0:%.*]]: f32, [[ACC1:%.*]]: f32, [[BU:%.*]]: f32, [[BV:%.*]]: f32):
// CHECK-NEXT:      [[A:%.*]] = arith.addf [[ACC0]], [[BU]] : f32
// CHECK-NEXT:      [[B:%.*]] = arith.addf [[ACC1]], [[BV]] : f32
// CHECK-NEXT:      arith.mulf [[A]], [[B]] : f32

// -----

// The halves of one product, as `chunk` gives them: matrix and bias are cut in two. Here the gate is the second half.

func.func @halves(%x: tensor<5x4xf16>) -> tensor<5x16xf16> {
  %w = graph.weight @w : tensor<4x32xf16>
  %bias = graph.weight @bias : tensor<32xf16>
  %p = fused.gemm(%x, %w : tensor<5x4xf16>, tensor<4x32xf16>) epilogue(%bias : tensor<32xf16>) [row] -> tensor<5x32xf16> {
  ^bb0(%acc: f32, %b: f32):
    %sum = arith.addf %acc, %b : f32
    fused.yield %sum : f32
  }
  %a = fused.slice(%p : tensor<5x32xf16>) {offsets = array<i64: 0, 0>, sizes = array<i64: 5, 16>, strides = array<i64: 1, 1>} -> tensor<5x16xf16> {
  ^bb0(%element: f32):
    fused.yield %element : f32
  }
  %y = fused.slice(%p : tensor<5x32xf16>) epilogue(%a : tensor<5x16xf16>) [full] {offsets = array<i64: 0, 16>, sizes = array<i64: 5, 16>, strides = array<i64: 1, 1>} -> tensor<5x16xf16> {
  ^bb0(%element: f32, %value: f32):
    %gate = math.tanh %element : f32
    %product = arith.mulf %value, %gate : f32
    fused.yield %product : f32
  }
  func.return %y : tensor<5x16xf16>
}
// CHECK-LABEL: @halves
// CHECK:         [[B0:%.*]] = graph.slice %bias {offsets = array<i64: 0>, sizes = array<i64: 16>
// CHECK:         graph.slice %w {offsets = array<i64: 0, 0>, sizes = array<i64: 4, 16>
// CHECK:         [[B1:%.*]] = graph.slice %bias {offsets = array<i64: 16>, sizes = array<i64: 16>
// CHECK:         graph.slice %w {offsets = array<i64: 0, 16>, sizes = array<i64: 4, 16>
// CHECK:         fused.dual_gemm({{.*}}) epilogue([[B0]], [[B1]] : tensor<16xf16>, tensor<16xf16>) [row, row]
// CHECK-NEXT:    ^bb0([[ACC0:%.*]]: f32, [[ACC1:%.*]]: f32, [[X0:%.*]]: f32, [[X1:%.*]]: f32):
// CHECK-NEXT:      [[A:%.*]] = arith.addf [[ACC0]], [[X0]] : f32
// CHECK-NEXT:      [[B:%.*]] = arith.addf [[ACC1]], [[X1]] : f32
// CHECK-NEXT:      [[GATE:%.*]] = math.tanh [[B]] : f32
// CHECK-NEXT:      arith.mulf [[A]], [[GATE]] : f32

// -----

// Not where the first product is used elsewhere,

func.func @used(%x: tensor<5x4xf16>) -> (tensor<5x8xf16>, tensor<5x8xf16>) {
  %u = graph.weight @u : tensor<4x8xf16>
  %v = graph.weight @v : tensor<4x8xf16>
  %g = fused.gemm(%x, %u : tensor<5x4xf16>, tensor<4x8xf16>) -> tensor<5x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %y = fused.gemm(%x, %v : tensor<5x4xf16>, tensor<4x8xf16>) epilogue(%g : tensor<5x8xf16>) [full] -> tensor<5x8xf16> {
  ^bb0(%acc: f32, %gate: f32):
    %product = arith.mulf %gate, %acc : f32
    fused.yield %product : f32
  }
  func.return %g, %y : tensor<5x8xf16>, tensor<5x8xf16>
}
// CHECK-LABEL: @used
// CHECK-NOT:     dual_gemm(

// -----

// nor with matrices that lie differently,

func.func @layouts(%x: tensor<5x8xf16>) -> tensor<5x8xf16> {
  %u = graph.weight @u : tensor<8x8xf16>
  %v = graph.weight @v : tensor<8x8xf16>
  %g = fused.gemm(%x, %u : tensor<5x8xf16>, tensor<8x8xf16>) -> tensor<5x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %y = fused.gemm(%x, %v : tensor<5x8xf16>, tensor<8x8xf16>) epilogue(%g : tensor<5x8xf16>) [full] {transpose_b = true} -> tensor<5x8xf16> {
  ^bb0(%acc: f32, %gate: f32):
    %product = arith.mulf %gate, %acc : f32
    fused.yield %product : f32
  }
  func.return %y : tensor<5x8xf16>
}
// CHECK-LABEL: @layouts
// CHECK-NOT:     dual_gemm(

// -----

// nor with one that is known only at run time,

func.func @unknown(%x: tensor<5x4xf16>, %v: tensor<4x8xf16>) -> tensor<5x8xf16> {
  %u = graph.weight @u : tensor<4x8xf16>
  %g = fused.gemm(%x, %u : tensor<5x4xf16>, tensor<4x8xf16>) -> tensor<5x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %y = fused.gemm(%x, %v : tensor<5x4xf16>, tensor<4x8xf16>) epilogue(%g : tensor<5x8xf16>) [full] -> tensor<5x8xf16> {
  ^bb0(%acc: f32, %gate: f32):
    %product = arith.mulf %gate, %acc : f32
    fused.yield %product : f32
  }
  func.return %y : tensor<5x8xf16>
}
// CHECK-LABEL: @unknown
// CHECK-NOT:     dual_gemm(

// -----

// nor where a group of columns would not be whole.

func.func @narrow(%x: tensor<5x4xf16>) -> tensor<5x12xf16> {
  %u = graph.weight @u : tensor<4x12xf16>
  %v = graph.weight @v : tensor<4x12xf16>
  %g = fused.gemm(%x, %u : tensor<5x4xf16>, tensor<4x12xf16>) -> tensor<5x12xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %y = fused.gemm(%x, %v : tensor<5x4xf16>, tensor<4x12xf16>) epilogue(%g : tensor<5x12xf16>) [full] -> tensor<5x12xf16> {
  ^bb0(%acc: f32, %gate: f32):
    %product = arith.mulf %gate, %acc : f32
    fused.yield %product : f32
  }
  func.return %y : tensor<5x12xf16>
}
// CHECK-LABEL: @narrow
// CHECK-NOT:     dual_gemm(

// -----

// Halves of a product that is also used as a whole, or whose epilogue loads a tensor, stay halves.

func.func @residual(%x: tensor<5x4xf16>, %r: tensor<5x16xf16>) -> tensor<5x8xf16> {
  %w = graph.weight @w : tensor<4x16xf16>
  %p = fused.gemm(%x, %w : tensor<5x4xf16>, tensor<4x16xf16>) epilogue(%r : tensor<5x16xf16>) [full] -> tensor<5x16xf16> {
  ^bb0(%acc: f32, %b: f32):
    %sum = arith.addf %acc, %b : f32
    fused.yield %sum : f32
  }
  %a = fused.slice(%p : tensor<5x16xf16>) {offsets = array<i64: 0, 8>, sizes = array<i64: 5, 8>, strides = array<i64: 1, 1>} -> tensor<5x8xf16> {
  ^bb0(%element: f32):
    fused.yield %element : f32
  }
  %y = fused.slice(%p : tensor<5x16xf16>) epilogue(%a : tensor<5x8xf16>) [full] {offsets = array<i64: 0, 0>, sizes = array<i64: 5, 8>, strides = array<i64: 1, 1>} -> tensor<5x8xf16> {
  ^bb0(%element: f32, %value: f32):
    %product = arith.mulf %value, %element : f32
    fused.yield %product : f32
  }
  func.return %y : tensor<5x8xf16>
}

func.func @whole(%x: tensor<5x4xf16>) -> (tensor<5x8xf16>, tensor<5x16xf16>) {
  %w = graph.weight @w : tensor<4x16xf16>
  %p = fused.gemm(%x, %w : tensor<5x4xf16>, tensor<4x16xf16>) -> tensor<5x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %a = fused.slice(%p : tensor<5x16xf16>) {offsets = array<i64: 0, 8>, sizes = array<i64: 5, 8>, strides = array<i64: 1, 1>} -> tensor<5x8xf16> {
  ^bb0(%element: f32):
    fused.yield %element : f32
  }
  %y = fused.slice(%p : tensor<5x16xf16>) epilogue(%a : tensor<5x8xf16>) [full] {offsets = array<i64: 0, 0>, sizes = array<i64: 5, 8>, strides = array<i64: 1, 1>} -> tensor<5x8xf16> {
  ^bb0(%element: f32, %value: f32):
    %product = arith.mulf %value, %element : f32
    fused.yield %product : f32
  }
  func.return %y, %p : tensor<5x8xf16>, tensor<5x16xf16>
}
// CHECK-LABEL: @residual
// CHECK-NOT:     dual_gemm(

// CHECK:      passed: [fuse-dual-gemm] fused.dual_gemm: two products of 16 columns are one kernel
// CHECK-NEXT: passed: [fuse-dual-gemm] fused.dual_gemm: two products of 8 columns are one kernel
// CHECK-NEXT: passed: [fuse-dual-gemm] fused.dual_gemm: two products of 16 columns are one kernel
// CHECK-NEXT: missed: [fuse-dual-gemm] fused.gemm: not one kernel with the product it loads: something else uses the first product
// CHECK-NEXT: missed: [fuse-dual-gemm] fused.gemm: not one kernel with the product it loads: the matrices differ in shape or layout
// CHECK-NEXT: missed: [fuse-dual-gemm] fused.gemm: not one kernel with the product it loads: the right operands are not weights
// CHECK-NEXT: missed: [fuse-dual-gemm] fused.gemm: not one kernel with the product it loads: 12 columns are no multiple of 8
// CHECK-NEXT: missed: [fuse-dual-gemm] fused.gemm: its halves do not meet in one kernel: the product's epilogue loads a tensor that is no weight
// CHECK-NEXT: missed: [fuse-dual-gemm] fused.gemm: its halves do not meet in one kernel: the product's result has 3 uses
