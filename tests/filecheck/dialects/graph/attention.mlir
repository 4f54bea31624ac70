// Attention with every form of its operands. Without comments and blank lines this file is exactly what bolt-opt prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic > %t.mlir
// RUN: bolt-opt --print-op-generic %t.mlir | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic | diff %t.mlir -
builtin.module {

  // Five queries and seven keys of two heads; the mask is one value per key.
  func.func @separate(%q: tensor<2x5x8xf32>, %k: tensor<2x7x8xf32>, %v: tensor<2x7x8xf32>, %m: tensor<2x1x1x7xf32>) -> tensor<2x5x8xf32> {
    %y = graph.attention %q, %k, %v mask %m {heads = 2 : i64, head_dim = 4 : i64, scale = 5.000000e-01 : f32} : (tensor<2x5x8xf32>, tensor<2x7x8xf32>, tensor<2x7x8xf32>, tensor<2x1x1x7xf32>) -> tensor<2x5x8xf32>
    func.return %y : tensor<2x5x8xf32>
  }

  // One tensor holds all three operands.
  func.func @packed(%x: tensor<2x5x24xf16>) -> tensor<2x5x8xf16> {
    %y = graph.attention %x, %x, %x {heads = 2 : i64, head_dim = 4 : i64, scale = 5.000000e-01 : f32, offsets = array<i64: 0, 8, 16>} : (tensor<2x5x24xf16>, tensor<2x5x24xf16>, tensor<2x5x24xf16>) -> tensor<2x5x8xf16>
    func.return %y : tensor<2x5x8xf16>
  }
}
