// RUN: bolt-opt %s -p convert-graph-to-fused,fuse-epilogue{pointwise_only=true} | filecheck %s --check-prefix POINTWISE
// RUN: bolt-opt %s -p convert-graph-to-fused,fuse-epilogue{max_outputs=1} --remarks=- 2>&1 | filecheck %s --check-prefix OUTPUTS

// Pointwise kernels alone: they become one, which the product does not take.

// POINTWISE:         fused.gemm({{.*}}) {{.*}} -> tensor<8x8xf16> {
// POINTWISE-NEXT:    ^bb0(%0: f32):
// POINTWISE-NEXT:      fused.yield %0 : f32
// POINTWISE:         %y = fused.pointwise
// POINTWISE:           arith.maximumf
// POINTWISE:           math.exp
// POINTWISE-NOT:     fused.pointwise

// One result for each kernel: what is needed twice is stored, and read again.

// OUTPUTS:           %p = fused.gemm({{.*}}) {{.*}} -> tensor<8x8xf16> {
// OUTPUTS:           %y = fused.pointwise
// OUTPUTS:             arith.maximumf
// OUTPUTS:             math.exp
// OUTPUTS:           missed: [fuse-epilogue] fused.gemm: not fused with its consumer: the kernel would store 2 results, the limit is 1

func.func @main(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>) -> (tensor<8x8xf16>, tensor<8x8xf16>) {
  %p = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %0 = graph.relu %p : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %y = graph.exp %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  func.return %p, %y : tensor<8x8xf16>, tensor<8x8xf16>
}
