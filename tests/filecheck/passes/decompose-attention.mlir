// RUN: bolt-opt %s --split-input-file -p decompose-attention --remarks=- 2>&1 | filecheck %s

// Q, K and V are sliced out of one tensor and moved by head; the scale and the mask are in the epilogue of the first product; the
// weights of a query that may see no key become 0; what followed the attention is a kernel of its own.

func.func @masked(%x: tensor<2x5x24xf16>, %m: tensor<2x1x1x5xf16>, %r: tensor<2x5x8xf16>) -> tensor<2x5x8xf32> {
  %y = fused.attention(%x, %x, %x, %m : tensor<2x5x24xf16>, tensor<2x5x24xf16>, tensor<2x5x24xf16>, tensor<2x1x1x5xf16>) epilogue(%r : tensor<2x5x8xf16>) [full] {fused.origin = ["graph.attention"], heads = 2 : i64, head_dim = 4 : i64, offsets = array<i64: 0, 8, 16>, scale = 0.5 : f32} -> tensor<2x5x8xf32> {
  ^bb0(%acc: f32, %e: f32):
    %sum = arith.addf %acc, %e : f32
    fused.yield %sum : f32
  }
  func.return %y : tensor<2x5x8xf32>
}
// CHECK-LABEL: @masked
// CHECK-NEXT:    %[[Q0:.*]] = fused.slice(%x : tensor<2x5x24xf16>) {{.*}}offsets = array<i64: 0, 0, 0>{{.*}} -> tensor<2x5x8xf16>
// CHECK:         %[[Q1:.*]] = fused.reshape %[[Q0]] : tensor<2x5x8xf16> -> tensor<2x5x2x4xf16>
// CHECK-NEXT:    %[[Q:.*]] = fused.transpose(%[[Q1]] : tensor<2x5x2x4xf16>) {{.*}} -> tensor<2x2x5x4xf16>
// CHECK:         fused.slice(%x : tensor<2x5x24xf16>) {{.*}}offsets = array<i64: 0, 0, 8>
// CHECK:         %[[K:.*]] = fused.transpose({{.*}} : tensor<2x5x2x4xf16>) {{.*}} -> tensor<2x2x5x4xf16>
// CHECK:         fused.slice(%x : tensor<2x5x24xf16>) {{.*}}offsets = array<i64: 0, 0, 16>
// CHECK:         %[[V:.*]] = fused.transpose({{.*}} : tensor<2x5x2x4xf16>) {{.*}} -> tensor<2x2x5x4xf16>
// CHECK:         %[[S:.*]] = fused.gemm(%[[Q]], %[[K]] : {{.*}}) epilogue(%m : tensor<2x1x1x5xf16>) [general] {{.*}}transpose_b = true{{.*}} -> tensor<2x2x5x5xf16> {
// CHECK-NEXT:    ^bb0(%[[ACC:.*]]: f32, %[[MASK:.*]]: f32):
// CHECK-NEXT:      %[[SCALE:.*]] = arith.constant 5.000000e-01 : f32
// CHECK-NEXT:      %[[SCALED:.*]] = arith.mulf %[[ACC]], %[[SCALE]] : f32
// CHECK-NEXT:      %[[SUM:.*]] = arith.addf %[[SCALED]], %[[MASK]] : f32
// CHECK-NEXT:      fused.yield %[[SUM]] : f32
// CHECK:         %[[W:.*]] = fused.softmax(%[[S]] : tensor<2x2x5x5xf16>) {fused.origin = ["graph.attention"]} -> tensor<2x2x5x5xf16> {
// CHECK-NEXT:    ^bb0(%[[WEIGHT:.*]]: f32):
// CHECK-NEXT:      %[[NUMBER:.*]] = arith.cmpf oeq, %[[WEIGHT]], %[[WEIGHT]] : f32
// CHECK-NEXT:      %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %[[KEPT:.*]] = arith.select %[[NUMBER]], %[[WEIGHT]], %[[ZERO]] : f32
// CHECK-NEXT:      fused.yield %[[KEPT]] : f32
// CHECK:         %[[H:.*]] = fused.gemm(%[[W]], %[[V]] : tensor<2x2x5x5xf16>, tensor<2x2x5x4xf16>) {{.*}} -> tensor<2x2x5x4xf16>
// CHECK:         %[[T:.*]] = fused.transpose(%[[H]] : tensor<2x2x5x4xf16>) {{.*}} -> tensor<2x5x2x4xf16>
// CHECK:         %[[R:.*]] = fused.reshape %[[T]] : tensor<2x5x2x4xf16> -> tensor<2x5x8xf16>
// CHECK-NEXT:    %y = fused.pointwise epilogue(%[[R]], %r : tensor<2x5x8xf16>, tensor<2x5x8xf16>) [full, full] {{.*}} -> tensor<2x5x8xf32> {
// CHECK-NEXT:    ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32):
// CHECK-NEXT:      arith.addf %[[A]], %[[B]] : f32

// -----

func.func @plain(%q: tensor<1x5x8xf16>, %k: tensor<1x7x8xf16>) -> tensor<1x5x8xf16> {
  %y = fused.attention(%q, %k, %k : tensor<1x5x8xf16>, tensor<1x7x8xf16>, tensor<1x7x8xf16>) {heads = 2 : i64, head_dim = 4 : i64, scale = 0.5 : f32} -> tensor<1x5x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x5x8xf16>
}
// CHECK-LABEL: @plain
// CHECK-NOT:     fused.slice
// CHECK-NOT:     arith.select
// CHECK:         %y = fused.reshape {{.*}} -> tensor<1x5x8xf16>
// CHECK-NEXT:    func.return %y

// CHECK: passed: [decompose-attention] fused.attention: attention as product, softmax and product
