// The template that a fused operation is to become. Without comments and blank lines this is exactly what bolt-opt prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
builtin.module {
  func.func @main(%x: tensor<8x64xf16>) -> tensor<8x64xf16> {
    %y = fused.softmax(%x : tensor<8x64xf16>) {cutlass.choice = #cutlass.choice<#cutlass.softmax<vector = 8, rank = 0, general = [], algorithm = row, lanes = 8, elements = 8> <outer = 8, axis = 64, inner = 1, columns = 64>>, axis = 1 : i64} -> tensor<8x64xf16> {
    ^bb0(%value: f32):
      fused.yield %value : f32
    }
    func.return %y : tensor<8x64xf16>
  }
}
