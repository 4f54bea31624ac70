// RUN: bolt-opt %s -p cse,dce | filecheck %s

// xDSL's own passes know graph operations: equal ones are computed once, unused ones not at all.

func.func @twice(%x: tensor<2x3xf32>) -> tensor<2x4xf32> {
  %v = graph.weight @w : tensor<3x4xf32>
  %w = graph.weight @w : tensor<3x4xf32>
  %a = graph.gemm %x, %v : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %b = graph.gemm %x, %w : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %c = graph.relu %b : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %d = graph.add %a, %b : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %d : tensor<2x4xf32>
}
// CHECK-LABEL: @twice
// CHECK-NEXT:    %v = graph.weight @w
// CHECK-NEXT:    %a = graph.gemm %x, %v
// CHECK-NEXT:    %d = graph.add %a, %a
// CHECK-NEXT:    func.return %d
