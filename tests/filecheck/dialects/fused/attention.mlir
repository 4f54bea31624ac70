// Attention as a kernel. Without comments and blank lines this file is exactly what bolt-opt prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic > %t.mlir
// RUN: bolt-opt --print-op-generic %t.mlir | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic | diff %t.mlir -
builtin.module {

  // One tensor for Q, K and V, a mask per key, and a residual in the epilogue.
  func.func @attention(%x: tensor<2x5x24xf16>, %m: tensor<2x1x1x5xf16>, %r: tensor<2x5x8xf16>) {
    %0 = fused.attention(%x, %x, %x, %m : tensor<2x5x24xf16>, tensor<2x5x24xf16>, tensor<2x5x24xf16>, tensor<2x1x1x5xf16>) epilogue(%r : tensor<2x5x8xf16>) [full] {head_dim = 4 : i64, heads = 2 : i64, offsets = array<i64: 0, 8, 16>, scale = 5.000000e-01 : f32} -> tensor<2x5x8xf16> {
    ^bb0(%acc: f32, %e: f32):
      %sum = arith.addf %acc, %e : f32
      fused.yield %sum : f32
    }
    func.return
  }
}
