// RUN: not bolt-opt %s -p split-stores 2>&1 | filecheck %s

// CHECK: error: groups of 5 do not divide 24 columns (reduce all 24 columns)
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x24xf16>) -> tensor<8x5xf16> {
  %y = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x24xf16>) {stores = [#fused.reduced<sum, columns, 5>]} -> tensor<8x5xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<8x5xf16>
}
