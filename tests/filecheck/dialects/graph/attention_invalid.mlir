// RUN: bolt-opt %s --split-input-file --verify-diagnostics | filecheck %s

// CHECK: 'graph.attention': Q must be [batch, sequence, columns], got shape [5, 8]
func.func @main(%q: tensor<5x8xf32>, %k: tensor<1x5x8xf32>) {
  %y = graph.attention %q, %k, %k {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} : (tensor<5x8xf32>, tensor<1x5x8xf32>, tensor<1x5x8xf32>) -> tensor<1x5x8xf32>
  func.return
}

// -----

// CHECK: 'graph.attention': 2 heads of 4 from column 1 on leave the 8 of K
func.func @main(%q: tensor<1x5x8xf32>) {
  %y = graph.attention %q, %q, %q {heads = 2 : i64, head_dim = 4 : i64, offsets = array<i64: 0, 1, 0>, scale = 1.0 : f32} : (tensor<1x5x8xf32>, tensor<1x5x8xf32>, tensor<1x5x8xf32>) -> tensor<1x5x8xf32>
  func.return
}

// -----

// CHECK: 'graph.attention': heads must be at least 1, got 0
func.func @main(%q: tensor<1x5x8xf32>) {
  %y = graph.attention %q, %q, %q {heads = 0 : i64, head_dim = 4 : i64, scale = 1.0 : f32} : (tensor<1x5x8xf32>, tensor<1x5x8xf32>, tensor<1x5x8xf32>) -> tensor<1x5x8xf32>
  func.return
}

// -----

// CHECK: 'graph.attention': offsets must be 3 integers >= 0, got [0, 0]
func.func @main(%q: tensor<1x5x8xf32>) {
  %y = graph.attention %q, %q, %q {heads = 2 : i64, head_dim = 4 : i64, offsets = array<i64: 0, 0>, scale = 1.0 : f32} : (tensor<1x5x8xf32>, tensor<1x5x8xf32>, tensor<1x5x8xf32>) -> tensor<1x5x8xf32>
  func.return
}

// -----

// CHECK: 'graph.attention': Q, K and V have one batch, K and V one sequence; got shapes [1, 5, 8], [2, 5, 8], [2, 5, 8]
func.func @main(%q: tensor<1x5x8xf32>, %k: tensor<2x5x8xf32>) {
  %y = graph.attention %q, %k, %k {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} : (tensor<1x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) -> tensor<1x5x8xf32>
  func.return
}

// -----

// CHECK: 'graph.attention': a mask of shape [2, 1, 1, 5] does not broadcast to the scores' [1, 2, 5, 5]
func.func @main(%q: tensor<1x5x8xf32>, %m: tensor<2x1x1x5xf32>) {
  %y = graph.attention %q, %q, %q mask %m {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} : (tensor<1x5x8xf32>, tensor<1x5x8xf32>, tensor<1x5x8xf32>, tensor<2x1x1x5xf32>) -> tensor<1x5x8xf32>
  func.return
}

// -----

// CHECK: 'graph.attention': element types differ: f32 and f16
func.func @main(%q: tensor<1x5x8xf32>, %m: tensor<1x1x1x5xf16>) {
  %y = graph.attention %q, %q, %q mask %m {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} : (tensor<1x5x8xf32>, tensor<1x5x8xf32>, tensor<1x5x8xf32>, tensor<1x1x1x5xf16>) -> tensor<1x5x8xf32>
  func.return
}

// -----

// CHECK: 'graph.attention': expected floating-point elements, got tensor<1x5x8xi32>
func.func @main(%q: tensor<1x5x8xi32>) {
  %y = graph.attention %q, %q, %q {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} : (tensor<1x5x8xi32>, tensor<1x5x8xi32>, tensor<1x5x8xi32>) -> tensor<1x5x8xi32>
  func.return
}

// -----

// CHECK: 'graph.attention': scale must be a number > 0, got 0.0
func.func @main(%q: tensor<1x5x8xf32>) {
  %y = graph.attention %q, %q, %q {heads = 2 : i64, head_dim = 4 : i64, scale = 0.0 : f32} : (tensor<1x5x8xf32>, tensor<1x5x8xf32>, tensor<1x5x8xf32>) -> tensor<1x5x8xf32>
  func.return
}

// -----

// CHECK: 'graph.attention': result type is tensor<1x5x6xf32>, the operands and attributes give tensor<1x5x8xf32>
func.func @main(%q: tensor<1x5x8xf32>) {
  %y = graph.attention %q, %q, %q {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} : (tensor<1x5x8xf32>, tensor<1x5x8xf32>, tensor<1x5x8xf32>) -> tensor<1x5x6xf32>
  func.return
}
