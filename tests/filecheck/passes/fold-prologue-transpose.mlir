// RUN: bolt-opt %s --split-input-file -p fold-prologue,canonicalize --remarks=- 2>&1 | filecheck %s

// Without the scaling, the transpose is next to the product, which reads the matrix as it is.

// CHECK-LABEL: @scaled_transpose
// CHECK-NEXT:    [[SCORES:%.*]] = graph.batch_matmul %q, %k {transpose_b = true}
// CHECK-NEXT:    [[EIGHTH:%.*]] = graph.constant dense<1.250000e-01>
// CHECK-NEXT:    {{%.*}} = graph.mul [[SCORES]], [[EIGHTH]]
func.func @scaled_transpose(%q: tensor<2x8x4xf32>, %k: tensor<2x8x4xf32>) -> tensor<2x8x8xf32> {
  %c = graph.constant dense<0.125> : tensor<f32>
  %0 = graph.transpose %k {permutation = array<i64: 0, 2, 1>} : (tensor<2x8x4xf32>) -> tensor<2x4x8xf32>
  %1 = graph.mul %0, %c : (tensor<2x4x8xf32>, tensor<f32>) -> tensor<2x4x8xf32>
  %y = graph.batch_matmul %q, %1 : (tensor<2x8x4xf32>, tensor<2x4x8xf32>) -> tensor<2x8x8xf32>
  func.return %y : tensor<2x8x8xf32>
}

// -----

// Heads that lie between the rows stay apart from the product.

// CHECK-LABEL: @heads
// CHECK-NEXT:    graph.transpose
// CHECK-NEXT:    graph.batch_matmul
func.func @heads(%q: tensor<8x2x4xf32>, %k: tensor<2x4x8xf32>) -> tensor<2x8x8xf32> {
  %0 = graph.transpose %q {permutation = array<i64: 1, 0, 2>} : (tensor<8x2x4xf32>) -> tensor<2x8x4xf32>
  %y = graph.batch_matmul %0, %k : (tensor<2x8x4xf32>, tensor<2x4x8xf32>) -> tensor<2x8x8xf32>
  func.return %y : tensor<2x8x8xf32>
}

// CHECK: missed: [fold-prologue] graph.transpose: not folded into a product: products read rows and columns in either order, but no other permutation
