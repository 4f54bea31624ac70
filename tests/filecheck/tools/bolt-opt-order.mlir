// RUN: not bolt-opt %s -p canonicalize 2>&1 | filecheck %s

// A value that is used before it is defined would send the rewriter round in circles; the verifier finds it first.

// CHECK: {{.*}}bolt-opt-order.mlir:8:3: 'graph.relu': uses a value of 'graph.relu', which comes later

func.func @main() -> tensor<2xf32> {
  %a = graph.relu %b : (tensor<2xf32>) -> tensor<2xf32>
  %b = graph.relu %a : (tensor<2xf32>) -> tensor<2xf32>
  func.return %b : tensor<2xf32>
}
