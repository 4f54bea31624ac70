// RUN: bolt-opt --verify-diagnostics --split-input-file %s | filecheck %s

// CHECK: 'fused.attention': expected Q, K, V and perhaps a mask, got 2 inputs
func.func @main(%q: tensor<1x5x8xf16>) {
  %0 = fused.attention(%q, %q : tensor<1x5x8xf16>, tensor<1x5x8xf16>) {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} -> tensor<1x5x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.attention': 2 heads of 4 from column 0 on leave the 6 of Q
func.func @main(%q: tensor<1x5x6xf16>) {
  %0 = fused.attention(%q, %q, %q : tensor<1x5x6xf16>, tensor<1x5x6xf16>, tensor<1x5x6xf16>) {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} -> tensor<1x5x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.attention': element types differ: f16 and bf16
func.func @main(%q: tensor<1x5x8xf16>, %k: tensor<1x5x8xbf16>) {
  %0 = fused.attention(%q, %k, %k : tensor<1x5x8xf16>, tensor<1x5x8xbf16>, tensor<1x5x8xbf16>) {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} -> tensor<1x5x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.attention': scale must be a number > 0, got -1.0
func.func @main(%q: tensor<1x5x8xf16>) {
  %0 = fused.attention(%q, %q, %q : tensor<1x5x8xf16>, tensor<1x5x8xf16>, tensor<1x5x8xf16>) {heads = 2 : i64, head_dim = 4 : i64, scale = -1.0 : f32} -> tensor<1x5x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.attention': the epilogue takes (), this kernel gives (f32)
func.func @main(%q: tensor<1x5x8xf16>) {
  %0 = fused.attention(%q, %q, %q : tensor<1x5x8xf16>, tensor<1x5x8xf16>, tensor<1x5x8xf16>) {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} -> tensor<1x5x8xf16> {
    %one = arith.constant 1.0 : f32
    fused.yield %one : f32
  }
  func.return
}
