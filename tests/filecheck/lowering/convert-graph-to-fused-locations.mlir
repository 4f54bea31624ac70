// RUN: bolt-opt %s -p convert-graph-to-fused --print-debuginfo | filecheck %s

// A kernel comes from where its operation came from.

// CHECK-LABEL: @locations
// CHECK:         fused.yield
// CHECK:         } loc("encoder/relu_1")

func.func @locations(%x: tensor<4xf16>) -> tensor<4xf16> {
  %r0 = graph.relu %x : (tensor<4xf16>) -> tensor<4xf16> loc("encoder/relu_1")
  func.return %r0 : tensor<4xf16>
}
