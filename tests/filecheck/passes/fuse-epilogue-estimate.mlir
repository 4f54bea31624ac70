// RUN: bolt-opt %s --split-input-file -p convert-graph-to-fused,fuse-epilogue{target=sm_90a},canonicalize --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARK

// An auxiliary store, and a reduced one, are made where the model of the GPU says that they save time.

// Where the model says that the second store of an epilogue takes longer than another kernel, there is another kernel.

// CHECK-LABEL: @product(
// CHECK-NEXT:    %p = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<2048x4096xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = fused.pointwise epilogue(%p : tensor<2048x4096xf16>) [full] {{.*}} -> tensor<2048x4096xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %2 = arith.maximumf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %p, %y : tensor<2048x4096xf16>, tensor<2048x4096xf16>
// REMARK: "missed", {{.*}} "location": "large", "message": "not fused with its consumer: others need its result, too: it would save {{[0-9.]+}} us and cost {{[0-9.]+}} us", "reason": "an auxiliary store does not pay"

func.func @product(%a: tensor<2048x64xf16>, %b: tensor<64x4096xf16>) -> (tensor<2048x4096xf16>, tensor<2048x4096xf16>) {
  %p = graph.gemm %a, %b : (tensor<2048x64xf16>, tensor<64x4096xf16>) -> tensor<2048x4096xf16> loc("large")
  %y = graph.relu %p : (tensor<2048x4096xf16>) -> tensor<2048x4096xf16>
  func.return %p, %y : tensor<2048x4096xf16>, tensor<2048x4096xf16>
}

// -----

// Other kernels store two results as easily as one.

// CHECK-LABEL: @softmax(
// CHECK-NEXT:    %y, %s = fused.softmax(%x : tensor<8x16xf16>) {{.*}} -> tensor<8x16xf16>, tensor<8x16xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %2 = arith.maximumf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2, %0 : f32, f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %s, %y : tensor<8x16xf16>, tensor<8x16xf16>

func.func @softmax(%x: tensor<8x16xf16>) -> (tensor<8x16xf16>, tensor<8x16xf16>) {
  %s = graph.softmax %x : (tensor<8x16xf16>) -> tensor<8x16xf16>
  %y = graph.relu %s : (tensor<8x16xf16>) -> tensor<8x16xf16>
  func.return %s, %y : tensor<8x16xf16>, tensor<8x16xf16>
}

// -----

// Few elements are read again faster than a tile combines them.

// CHECK-LABEL: @few(
// CHECK-NEXT:    %p = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x64xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = fused.reduce(%p : tensor<8x64xf16>) {{.*}}reduction_kind sum>} -> tensor<8x1xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<8x1xf16>
// REMARK: "missed", {{.*}} "location": "small", "message": "no store of its producer: a store of its result does not pay: it would save 0.0 us and cost {{[0-9.]+}} us", "reason": "a reduced store does not pay"

func.func @few(%a: tensor<8x64xf16>, %b: tensor<64x64xf16>) -> tensor<8x1xf16> {
  %p = graph.gemm %a, %b : (tensor<8x64xf16>, tensor<64x64xf16>) -> tensor<8x64xf16>
  %y = graph.reduce_sum %p {axes = array<i64: 1>} : (tensor<8x64xf16>) -> tensor<8x1xf16> loc("small")
  func.return %y : tensor<8x1xf16>
}
