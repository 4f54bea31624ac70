// RUN: bolt-opt %s --split-input-file -p merge-parallel-products --remarks=- 2>&1 | filecheck %s

// Attention can read columns of longer rows, so query, key and value are one product. A missing bias is zero.

func.func @query_key_value(%x: tensor<2x5x4xf32>) -> tensor<2x5x8xf32> {
  %wq = graph.weight @wq : tensor<4x8xf32>
  %q = graph.batch_matmul %x, %wq : (tensor<2x5x4xf32>, tensor<4x8xf32>) -> tensor<2x5x8xf32>
  %bq = graph.weight @bq : tensor<8xf32>
  %qb = graph.bias_add %q, %bq {axis = 2} : (tensor<2x5x8xf32>, tensor<8xf32>) -> tensor<2x5x8xf32>
  %wk = graph.weight @wk : tensor<4x8xf32>
  %k = graph.batch_matmul %x, %wk : (tensor<2x5x4xf32>, tensor<4x8xf32>) -> tensor<2x5x8xf32>
  %wv = graph.weight @wv : tensor<4x8xf32>
  %v = graph.batch_matmul %x, %wv : (tensor<2x5x4xf32>, tensor<4x8xf32>) -> tensor<2x5x8xf32>
  %bv = graph.weight @bv : tensor<8xf32>
  %vb = graph.bias_add %v, %bv {axis = 2} : (tensor<2x5x8xf32>, tensor<8xf32>) -> tensor<2x5x8xf32>
  %a = graph.attention %qb, %k, %vb {heads = 2, head_dim = 4, scale = 0.5 : f32} : (tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  func.return %a : tensor<2x5x8xf32>
}
// CHECK-LABEL: @query_key_value
// CHECK-NEXT:    [[WQ:%.*]] = graph.weight @wq
// CHECK-NEXT:    [[WK:%.*]] = graph.weight @wk
// CHECK-NEXT:    [[WV:%.*]] = graph.weight @wv
// CHECK-NEXT:    [[W:%.*]] = graph.concat [[WQ]], [[WK]], [[WV]] {axis = 1 : i64} : {{.*}} -> tensor<4x24xf32>
// CHECK-NEXT:    [[P:%.*]] = graph.batch_matmul %x, [[W]] : (tensor<2x5x4xf32>, tensor<4x24xf32>) -> tensor<2x5x24xf32>
// CHECK-NEXT:    [[BQ:%.*]] = graph.weight @bq
// CHECK-NEXT:    [[BK:%.*]] = graph.constant dense<0.000000e+00> : tensor<8xf32>
// CHECK-NEXT:    [[BV:%.*]] = graph.weight @bv
// CHECK-NEXT:    [[B:%.*]] = graph.concat [[BQ]], [[BK]], [[BV]] {axis = 0 : i64} : {{.*}} -> tensor<24xf32>
// CHECK-NEXT:    [[QKV:%.*]] = graph.bias_add [[P]], [[B]] {axis = 2 : i64}
// CHECK-NEXT:    [[Q:%.*]] = graph.slice [[QKV]] {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 2, 5, 8>
// CHECK-NEXT:    [[K:%.*]] = graph.slice [[QKV]] {offsets = array<i64: 0, 0, 8>, sizes = array<i64: 2, 5, 8>
// CHECK-NEXT:    [[V:%.*]] = graph.slice [[QKV]] {offsets = array<i64: 0, 0, 16>, sizes = array<i64: 2, 5, 8>
// CHECK-NEXT:    graph.attention [[Q]], [[K]], [[V]]

// -----

// 1x1 convolutions as projections.

func.func @convolutions(%x: tensor<1x2x2x4xf32>, %q: tensor<1x4x8xf32>) -> tensor<1x4x8xf32> {
  %wk = graph.weight @wk : tensor<8x1x1x4xf32>
  %k = graph.conv2d %x, %wk {layout = #graph<layout nhwc>} : (tensor<1x2x2x4xf32>, tensor<8x1x1x4xf32>) -> tensor<1x2x2x8xf32>
  %kr = graph.reshape %k {shape_to = array<i64: 1, 4, 8>} : (tensor<1x2x2x8xf32>) -> tensor<1x4x8xf32>
  %wv = graph.weight @wv : tensor<8x1x1x4xf32>
  %v = graph.conv2d %x, %wv {layout = #graph<layout nhwc>} : (tensor<1x2x2x4xf32>, tensor<8x1x1x4xf32>) -> tensor<1x2x2x8xf32>
  %vr = graph.reshape %v {shape_to = array<i64: 1, 4, 8>} : (tensor<1x2x2x8xf32>) -> tensor<1x4x8xf32>
  %a = graph.attention %q, %kr, %vr {heads = 2, head_dim = 4, scale = 0.5 : f32} : (tensor<1x4x8xf32>, tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  func.return %a : tensor<1x4x8xf32>
}
// CHECK-LABEL: @convolutions
// CHECK:         [[W:%.*]] = graph.concat {{.*}} {axis = 0 : i64} : {{.*}} -> tensor<16x1x1x4xf32>
// CHECK-NEXT:    [[P:%.*]] = graph.conv2d %x, [[W]]
// CHECK-NEXT:    graph.slice [[P]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 2, 2, 8>
// CHECK-NEXT:    graph.slice [[P]] {offsets = array<i64: 0, 0, 0, 8>, sizes = array<i64: 1, 2, 2, 8>

// -----

// Others would have to copy their columns first.

func.func @gate(%x: tensor<5x4xf32>) -> tensor<5x8xf32> {
  %wa = graph.weight @wa : tensor<4x8xf32>
  %a = graph.gemm %x, %wa : (tensor<5x4xf32>, tensor<4x8xf32>) -> tensor<5x8xf32>
  %wb = graph.weight @wb : tensor<4x8xf32>
  %b = graph.gemm %x, %wb : (tensor<5x4xf32>, tensor<4x8xf32>) -> tensor<5x8xf32>
  %s = graph.silu %a : (tensor<5x8xf32>) -> tensor<5x8xf32>
  %y = graph.mul %s, %b : (tensor<5x8xf32>, tensor<5x8xf32>) -> tensor<5x8xf32>
  func.return %y : tensor<5x8xf32>
}
// CHECK-LABEL: @gate
// CHECK:         graph.gemm %x
// CHECK:         graph.gemm %x

// -----

// Reading 16 bytes at once needs parts that begin at multiples of 8 columns.

func.func @narrow(%q: tensor<2x5x12xf32>, %x: tensor<2x5x4xf32>) -> tensor<2x5x12xf32> {
  %wk = graph.weight @wk : tensor<4x12xf32>
  %k = graph.batch_matmul %x, %wk : (tensor<2x5x4xf32>, tensor<4x12xf32>) -> tensor<2x5x12xf32>
  %wv = graph.weight @wv : tensor<4x12xf32>
  %v = graph.batch_matmul %x, %wv : (tensor<2x5x4xf32>, tensor<4x12xf32>) -> tensor<2x5x12xf32>
  %a = graph.attention %q, %k, %v {heads = 3, head_dim = 4, scale = 0.5 : f32} : (tensor<2x5x12xf32>, tensor<2x5x12xf32>, tensor<2x5x12xf32>) -> tensor<2x5x12xf32>
  func.return %a : tensor<2x5x12xf32>
}
// CHECK-LABEL: @narrow
// CHECK:         graph.batch_matmul %x
// CHECK:         graph.batch_matmul %x

// CHECK:      passed: [merge-parallel-products] graph.batch_matmul: 3 products of one input became one of 24 columns
// CHECK-NEXT: passed: [merge-parallel-products] graph.conv2d: 2 products of one input became one of 16 columns
// CHECK-NEXT: missed: [merge-parallel-products] graph.gemm: not merged with other products of its input: graph.silu reads its result, which would take a copy first
// CHECK-NEXT: missed: [merge-parallel-products] graph.gemm: not merged with other products of its input: graph.mul reads its result, which would take a copy first
// CHECK-NEXT: missed: [merge-parallel-products] graph.batch_matmul: not merged with other products of its input: its 12 columns would begin the next part off a multiple of 8
// CHECK-NEXT: missed: [merge-parallel-products] graph.batch_matmul: not merged with other products of its input: its 12 columns would begin the next part off a multiple of 8
