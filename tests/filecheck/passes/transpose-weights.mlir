// RUN: bolt-opt %s --split-input-file -p 'transpose-weights{dtype=f32}' --remarks=- 2>&1 | filecheck %s

// An f32 weight is transposed once for all products that read it; one that is stored along K already stays.

func.func @weights(%x: tensor<8x4xf32>, %q: tensor<2x8x4xf32>) -> (tensor<8x3xf32>, tensor<2x8x3xf32>, tensor<8x4xf32>) {
  %w = graph.weight @w : tensor<4x3xf32>
  %v = graph.weight @v : tensor<4x4xf32>
  %0 = graph.gemm %x, %w : (tensor<8x4xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
  %1 = graph.batch_matmul %q, %w : (tensor<2x8x4xf32>, tensor<4x3xf32>) -> tensor<2x8x3xf32>
  %2 = graph.gemm %x, %v {transpose_b = true} : (tensor<8x4xf32>, tensor<4x4xf32>) -> tensor<8x4xf32>
  func.return %0, %1, %2 : tensor<8x3xf32>, tensor<2x8x3xf32>, tensor<8x4xf32>
}
// CHECK-LABEL: @weights
// CHECK:         [[W:%.*]] = graph.transpose %w {permutation = array<i64: 1, 0>} : (tensor<4x3xf32>) -> tensor<3x4xf32>
// CHECK-NEXT:    graph.gemm %x, [[W]] {transpose_b = true} : (tensor<8x4xf32>, tensor<3x4xf32>) -> tensor<8x3xf32>
// CHECK-NEXT:    graph.batch_matmul %q, [[W]] {transpose_b = true}
// CHECK-NEXT:    graph.gemm %x, %v {transpose_b = true}

// -----

// Computed operands would need a kernel that moves them.

func.func @others(%x: tensor<8x4xf32>, %y: tensor<4x8xf32>) -> tensor<8x8xf32> {
  %0 = graph.gemm %x, %y : (tensor<8x4xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
  func.return %0 : tensor<8x8xf32>
}
// CHECK-LABEL: @others
// CHECK-NOT:     graph.transpose

// CHECK:      passed: [transpose-weights] graph.gemm: the weight is stored along K
// CHECK-NEXT: passed: [transpose-weights] graph.batch_matmul: the weight is stored along K
// CHECK-NOT:  passed
