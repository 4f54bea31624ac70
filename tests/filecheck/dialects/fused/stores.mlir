// How kernels store their results. Without comments and blank lines this file is exactly what bolt-opt prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic > %t.mlir
// RUN: bolt-opt --print-op-generic %t.mlir | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic | diff %t.mlir -
builtin.module {

  // Query, key and value: each output has columns of its own. An output may also be padded, or not all elements.
  func.func @columns(%x: tensor<2x8x16xf16>, %w: tensor<16x24xf16>) {
    %q, %k, %v, %all, %wide = fused.gemm(%x, %w : tensor<2x8x16xf16>, tensor<16x24xf16>) {stores = [#fused.columns<0, 8>, #fused.columns<8, 8>, #fused.columns<16, 8>, #fused.elements, #fused.padded<32>]} -> tensor<2x8x8xf16>, tensor<2x8x8xf16>, tensor<2x8x8xf16>, tensor<2x8x24xf32>, tensor<2x8x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc, %acc, %acc, %acc, %acc : f32, f32, f32, f32, f32
    }
    func.return
  }

  // The heads of attention: rows become batch and position, columns become head and channel.
  func.func @permuted(%x: tensor<2x8x16xf16>, %w: tensor<16x24xf16>) {
    %0 = fused.gemm(%x, %w : tensor<2x8x16xf16>, tensor<16x24xf16>) {stores = [#fused.permuted<[2, 8, 4, 6], [0, 2, 1, 3]>]} -> tensor<2x4x8x6xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    func.return
  }

  // Sums of rows, and the largest of each column of every 5 rows; the last group holds one row.
  func.func @reduced(%x: tensor<2x8x16xf16>, %w: tensor<16x24xf16>) {
    %sums, %largest = fused.gemm(%x, %w : tensor<2x8x16xf16>, tensor<16x24xf16>) {stores = [#fused.reduced<sum, columns, 24>, #fused.reduced<max, rows, 5>]} -> tensor<2x8x1xf32>, tensor<4x24xf32> {
    ^bb0(%acc: f32):
      fused.yield %acc, %acc : f32, f32
    }
    func.return
  }

  // Two matrices alternate in groups of 8 columns; the epilogue gates one product with the other.
  func.func @dual_gemm(%x: tensor<8x16xf16>, %w: tensor<16x48xf16>) {
    %0 = fused.dual_gemm(%x, %w : tensor<8x16xf16>, tensor<16x48xf16>) -> tensor<8x24xf16> {
    ^bb0(%gate: f32, %up: f32):
      %1 = arith.mulf %gate, %up : f32
      fused.yield %1 : f32
    }
    func.return
  }

  // Both products are written straight into the place they have in the result.
  func.func @in_place(%x: tensor<8x16xf16>, %w: tensor<16x24xf16>) {
    %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x24xf16>) -> tensor<8x24xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %1 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x24xf16>) -> tensor<8x24xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %2 = fused.concat(%0, %1 : tensor<8x24xf16>, tensor<8x24xf16>) {axis = 1 : i64, in_place = [true, true]} -> tensor<8x48xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    func.return
  }
}
