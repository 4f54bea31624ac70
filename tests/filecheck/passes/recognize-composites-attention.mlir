// RUN: bolt-opt %s --split-input-file -p recognize-composites,canonicalize,cse,dce --remarks=- 2>&1 | filecheck %s

// Heads are columns of each operand: the transposes around the products go. The keys are transposed in one step, and the scale
// is split between both operands, as PyTorch's exporters write it.

func.func @scale_at_both(%q: tensor<2x5x8xf32>, %k: tensor<2x6x8xf32>, %v: tensor<2x6x8xf32>) -> tensor<2x5x8xf32> {
  %s = graph.constant dense<0.5> : tensor<1xf32>
  %q4 = graph.reshape %q {shape_to = array<i64: 2, 5, 2, 4>} : (tensor<2x5x8xf32>) -> tensor<2x5x2x4xf32>
  %qh = graph.transpose %q4 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x5x2x4xf32>) -> tensor<2x2x5x4xf32>
  %k4 = graph.reshape %k {shape_to = array<i64: 2, 6, 2, 4>} : (tensor<2x6x8xf32>) -> tensor<2x6x2x4xf32>
  %kt = graph.transpose %k4 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<2x6x2x4xf32>) -> tensor<2x2x4x6xf32>
  %v4 = graph.reshape %v {shape_to = array<i64: 2, 6, 2, 4>} : (tensor<2x6x8xf32>) -> tensor<2x6x2x4xf32>
  %vh = graph.transpose %v4 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x6x2x4xf32>) -> tensor<2x2x6x4xf32>
  %qs = graph.mul %qh, %s : (tensor<2x2x5x4xf32>, tensor<1xf32>) -> tensor<2x2x5x4xf32>
  %ks = graph.mul %kt, %s : (tensor<2x2x4x6xf32>, tensor<1xf32>) -> tensor<2x2x4x6xf32>
  %scores = graph.batch_matmul %qs, %ks : (tensor<2x2x5x4xf32>, tensor<2x2x4x6xf32>) -> tensor<2x2x5x6xf32>
  %weights = graph.softmax %scores {axis = 3 : i64} : (tensor<2x2x5x6xf32>) -> tensor<2x2x5x6xf32>
  %r = graph.batch_matmul %weights, %vh : (tensor<2x2x5x6xf32>, tensor<2x2x6x4xf32>) -> tensor<2x2x5x4xf32>
  %rt = graph.transpose %r {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x2x5x4xf32>) -> tensor<2x5x2x4xf32>
  %y = graph.reshape %rt {shape_to = array<i64: 2, 5, 8>} : (tensor<2x5x2x4xf32>) -> tensor<2x5x8xf32>
  func.return %y : tensor<2x5x8xf32>
}
// CHECK-LABEL: @scale_at_both
// CHECK-NEXT:    %[[Y:.*]] = graph.attention %q, %k, %v {heads = 2 : i64, head_dim = 4 : i64, scale = 2.500000e-01 : f32}
// CHECK-NEXT:    func.return %[[Y]]

// -----

// The keys are transposed by the product, the scale is a division of the product, a mask per key is added.

func.func @scale_at_product(%q: tensor<2x2x5x4xf32>, %k: tensor<2x2x6x4xf32>, %v: tensor<2x2x6x4xf32>, %m: tensor<2x1x1x6xf32>) -> tensor<2x2x5x4xf32> {
  %two = graph.constant dense<2.0> : tensor<f32>
  %product = graph.batch_matmul %q, %k {transpose_b = true} : (tensor<2x2x5x4xf32>, tensor<2x2x6x4xf32>) -> tensor<2x2x5x6xf32>
  %scaled = graph.div %product, %two : (tensor<2x2x5x6xf32>, tensor<f32>) -> tensor<2x2x5x6xf32>
  %scores = graph.add %m, %scaled : (tensor<2x1x1x6xf32>, tensor<2x2x5x6xf32>) -> tensor<2x2x5x6xf32>
  %weights = graph.softmax %scores : (tensor<2x2x5x6xf32>) -> tensor<2x2x5x6xf32>
  %y = graph.batch_matmul %weights, %v : (tensor<2x2x5x6xf32>, tensor<2x2x6x4xf32>) -> tensor<2x2x5x4xf32>
  func.return %y : tensor<2x2x5x4xf32>
}
// CHECK-LABEL: @scale_at_product
// CHECK-NEXT:    %[[QT:.*]] = graph.transpose %q {permutation = array<i64: 0, 2, 1, 3>}
// CHECK-NEXT:    %[[Q:.*]] = graph.reshape %[[QT]]
// CHECK-NEXT:    %[[KT:.*]] = graph.transpose %k {permutation = array<i64: 0, 2, 1, 3>}
// CHECK-NEXT:    %[[K:.*]] = graph.reshape %[[KT]]
// CHECK-NEXT:    %[[VT:.*]] = graph.transpose %v {permutation = array<i64: 0, 2, 1, 3>}
// CHECK-NEXT:    %[[V:.*]] = graph.reshape %[[VT]]
// CHECK-NEXT:    %[[A:.*]] = graph.attention %[[Q]], %[[K]], %[[V]] mask %m {heads = 2 : i64, head_dim = 4 : i64, scale = 5.000000e-01 : f32}
// CHECK-NEXT:    %[[R:.*]] = graph.reshape %[[A]]
// CHECK-NEXT:    graph.transpose %[[R]] {permutation = array<i64: 0, 2, 1, 3>}

// -----

// One tensor holds all three operands: [batch, sequence, (q, k, v), heads, head_dim]. The queries are scaled.

func.func @packed(%x: tensor<2x5x24xf32>) -> tensor<2x5x8xf32> {
  %s = graph.constant dense<0.5> : tensor<f32>
  %x5 = graph.reshape %x {shape_to = array<i64: 2, 5, 3, 2, 4>} : (tensor<2x5x24xf32>) -> tensor<2x5x3x2x4xf32>
  %t = graph.transpose %x5 {permutation = array<i64: 2, 0, 3, 1, 4>} : (tensor<2x5x3x2x4xf32>) -> tensor<3x2x2x5x4xf32>
  %q5 = graph.slice %t {offsets = array<i64: 0, 0, 0, 0, 0>, sizes = array<i64: 1, 2, 2, 5, 4>, strides = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x2x2x5x4xf32>) -> tensor<1x2x2x5x4xf32>
  %k5 = graph.slice %t {offsets = array<i64: 1, 0, 0, 0, 0>, sizes = array<i64: 1, 2, 2, 5, 4>, strides = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x2x2x5x4xf32>) -> tensor<1x2x2x5x4xf32>
  %v5 = graph.slice %t {offsets = array<i64: 2, 0, 0, 0, 0>, sizes = array<i64: 1, 2, 2, 5, 4>, strides = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x2x2x5x4xf32>) -> tensor<1x2x2x5x4xf32>
  %q = graph.reshape %q5 {shape_to = array<i64: 2, 2, 5, 4>} : (tensor<1x2x2x5x4xf32>) -> tensor<2x2x5x4xf32>
  %k = graph.reshape %k5 {shape_to = array<i64: 2, 2, 5, 4>} : (tensor<1x2x2x5x4xf32>) -> tensor<2x2x5x4xf32>
  %v = graph.reshape %v5 {shape_to = array<i64: 2, 2, 5, 4>} : (tensor<1x2x2x5x4xf32>) -> tensor<2x2x5x4xf32>
  %qs = graph.mul %q, %s : (tensor<2x2x5x4xf32>, tensor<f32>) -> tensor<2x2x5x4xf32>
  %scores = graph.batch_matmul %qs, %k {transpose_b = true} : (tensor<2x2x5x4xf32>, tensor<2x2x5x4xf32>) -> tensor<2x2x5x5xf32>
  %weights = graph.softmax %scores : (tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %r = graph.batch_matmul %weights, %v : (tensor<2x2x5x5xf32>, tensor<2x2x5x4xf32>) -> tensor<2x2x5x4xf32>
  %rt = graph.transpose %r {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x2x5x4xf32>) -> tensor<2x5x2x4xf32>
  %y = graph.reshape %rt {shape_to = array<i64: 2, 5, 8>} : (tensor<2x5x2x4xf32>) -> tensor<2x5x8xf32>
  func.return %y : tensor<2x5x8xf32>
}
// CHECK-LABEL: @packed
// CHECK-NEXT:    %[[Y:.*]] = graph.attention %x, %x, %x {heads = 2 : i64, head_dim = 4 : i64, scale = 5.000000e-01 : f32, offsets = array<i64: 0, 8, 16>}
// CHECK-NEXT:    func.return %[[Y]]

// -----

// The sequence comes first, as in torch.nn.MultiheadAttention: its rows hold the heads of every batch entry, side by side.

func.func @sequence_first(%q: tensor<5x2x8xf32>, %k: tensor<6x2x8xf32>, %v: tensor<6x2x8xf32>) -> tensor<5x2x8xf32> {
  %q3 = graph.reshape %q {shape_to = array<i64: 5, 4, 4>} : (tensor<5x2x8xf32>) -> tensor<5x4x4xf32>
  %qh = graph.transpose %q3 {permutation = array<i64: 1, 0, 2>} : (tensor<5x4x4xf32>) -> tensor<4x5x4xf32>
  %k3 = graph.reshape %k {shape_to = array<i64: 6, 4, 4>} : (tensor<6x2x8xf32>) -> tensor<6x4x4xf32>
  %kh = graph.transpose %k3 {permutation = array<i64: 1, 2, 0>} : (tensor<6x4x4xf32>) -> tensor<4x4x6xf32>
  %v3 = graph.reshape %v {shape_to = array<i64: 6, 4, 4>} : (tensor<6x2x8xf32>) -> tensor<6x4x4xf32>
  %vh = graph.transpose %v3 {permutation = array<i64: 1, 0, 2>} : (tensor<6x4x4xf32>) -> tensor<4x6x4xf32>
  %scores = graph.batch_matmul %qh, %kh : (tensor<4x5x4xf32>, tensor<4x4x6xf32>) -> tensor<4x5x6xf32>
  %weights = graph.softmax %scores : (tensor<4x5x6xf32>) -> tensor<4x5x6xf32>
  %r = graph.batch_matmul %weights, %vh : (tensor<4x5x6xf32>, tensor<4x6x4xf32>) -> tensor<4x5x4xf32>
  %rt = graph.transpose %r {permutation = array<i64: 1, 0, 2>} : (tensor<4x5x4xf32>) -> tensor<5x4x4xf32>
  %y = graph.reshape %rt {shape_to = array<i64: 5, 2, 8>} : (tensor<5x4x4xf32>) -> tensor<5x2x8xf32>
  func.return %y : tensor<5x2x8xf32>
}
// CHECK-LABEL: @sequence_first
// CHECK-NEXT:    %[[Q:.*]] = graph.reshape %q {shape_to = array<i64: 1, 5, 16>}
// CHECK-NEXT:    %[[K:.*]] = graph.reshape %k {shape_to = array<i64: 1, 6, 16>}
// CHECK-NEXT:    %[[V:.*]] = graph.reshape %v {shape_to = array<i64: 1, 6, 16>}
// CHECK-NEXT:    %[[Y:.*]] = graph.attention %[[Q]], %[[K]], %[[V]] {heads = 4 : i64, head_dim = 4 : i64, scale = 1.000000e+00 : f32}
// CHECK-NEXT:    graph.reshape %[[Y]]

// -----

// All operands in one tensor [sequence, batch, (q, k, v), heads, head_dim]: the rows of a batch entry lie apart, so one transpose stays.

func.func @packed_sequence_first(%x: tensor<5x2x24xf32>) -> tensor<4x5x4xf32> {
  %x5 = graph.reshape %x {shape_to = array<i64: 5, 2, 3, 8>} : (tensor<5x2x24xf32>) -> tensor<5x2x3x8xf32>
  %t = graph.transpose %x5 {permutation = array<i64: 2, 0, 1, 3>} : (tensor<5x2x3x8xf32>) -> tensor<3x5x2x8xf32>
  %q4 = graph.slice %t {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 5, 2, 8>, strides = array<i64: 1, 1, 1, 1>} : (tensor<3x5x2x8xf32>) -> tensor<1x5x2x8xf32>
  %k4 = graph.slice %t {offsets = array<i64: 1, 0, 0, 0>, sizes = array<i64: 1, 5, 2, 8>, strides = array<i64: 1, 1, 1, 1>} : (tensor<3x5x2x8xf32>) -> tensor<1x5x2x8xf32>
  %v4 = graph.slice %t {offsets = array<i64: 2, 0, 0, 0>, sizes = array<i64: 1, 5, 2, 8>, strides = array<i64: 1, 1, 1, 1>} : (tensor<3x5x2x8xf32>) -> tensor<1x5x2x8xf32>
  %q3 = graph.reshape %q4 {shape_to = array<i64: 5, 4, 4>} : (tensor<1x5x2x8xf32>) -> tensor<5x4x4xf32>
  %k3 = graph.reshape %k4 {shape_to = array<i64: 5, 4, 4>} : (tensor<1x5x2x8xf32>) -> tensor<5x4x4xf32>
  %v3 = graph.reshape %v4 {shape_to = array<i64: 5, 4, 4>} : (tensor<1x5x2x8xf32>) -> tensor<5x4x4xf32>
  %qh = graph.transpose %q3 {permutation = array<i64: 1, 0, 2>} : (tensor<5x4x4xf32>) -> tensor<4x5x4xf32>
  %kh = graph.transpose %k3 {permutation = array<i64: 1, 2, 0>} : (tensor<5x4x4xf32>) -> tensor<4x4x5xf32>
  %vh = graph.transpose %v3 {permutation = array<i64: 1, 0, 2>} : (tensor<5x4x4xf32>) -> tensor<4x5x4xf32>
  %scores = graph.batch_matmul %qh, %kh : (tensor<4x5x4xf32>, tensor<4x4x5xf32>) -> tensor<4x5x5xf32>
  %weights = graph.softmax %scores {axis = 2 : i64} : (tensor<4x5x5xf32>) -> tensor<4x5x5xf32>
  %y = graph.batch_matmul %weights, %vh : (tensor<4x5x5xf32>, tensor<4x5x4xf32>) -> tensor<4x5x4xf32>
  func.return %y : tensor<4x5x4xf32>
}
// CHECK-LABEL: @packed_sequence_first
// CHECK-NEXT:    %[[X:.*]] = graph.transpose %x {permutation = array<i64: 1, 0, 2>} : (tensor<5x2x24xf32>) -> tensor<2x5x24xf32>
// CHECK:         graph.attention %{{.*}}, %{{.*}}, %{{.*}} {heads = 2 : i64, head_dim = 4 : i64, scale = 1.000000e+00 : f32, offsets = array<i64: 0, 8, 16>}

// -----

// A softmax over nothing but -inf is NaN, which exporters replace by 0: what attention gives anyway.

func.func @nan_is_zero(%q: tensor<1x1x5x4xf32>, %m: tensor<5x5xf32>) -> tensor<1x1x5x4xf32> {
  %zero = graph.constant dense<0.0> : tensor<f32>
  %product = graph.batch_matmul %q, %q {transpose_b = true} : (tensor<1x1x5x4xf32>, tensor<1x1x5x4xf32>) -> tensor<1x1x5x5xf32>
  %scores = graph.add %product, %m : (tensor<1x1x5x5xf32>, tensor<5x5xf32>) -> tensor<1x1x5x5xf32>
  %softmax = graph.softmax %scores : (tensor<1x1x5x5xf32>) -> tensor<1x1x5x5xf32>
  %number = graph.equal %softmax, %softmax : (tensor<1x1x5x5xf32>, tensor<1x1x5x5xf32>) -> tensor<1x1x5x5xi1>
  %nan = graph.not %number : (tensor<1x1x5x5xi1>) -> tensor<1x1x5x5xi1>
  %weights = graph.where %nan, %zero, %softmax : (tensor<1x1x5x5xi1>, tensor<f32>, tensor<1x1x5x5xf32>) -> tensor<1x1x5x5xf32>
  %y = graph.batch_matmul %weights, %q : (tensor<1x1x5x5xf32>, tensor<1x1x5x4xf32>) -> tensor<1x1x5x4xf32>
  func.return %y : tensor<1x1x5x4xf32>
}
// CHECK-LABEL: @nan_is_zero
// CHECK-NOT:     graph.softmax
// CHECK:         %[[M:.*]] = graph.reshape %m {shape_to = array<i64: 1, 1, 5, 5>}
// CHECK-NEXT:    graph.attention {{.*}} mask %[[M]]

// -----

// What is no attention, and why.

func.func @softmax_over_queries(%q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  %scores = graph.batch_matmul %q, %q {transpose_b = true} : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x5xf32>
  %weights = graph.softmax %scores {axis = 2 : i64} : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %y = graph.batch_matmul %weights, %q : (tensor<1x2x5x5xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  func.return %y : tensor<1x2x5x4xf32>
}
// CHECK-LABEL: @softmax_over_queries
// CHECK:         graph.softmax

// -----

func.func @other_value_width(%q: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %scores = graph.batch_matmul %q, %q {transpose_b = true} : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x5xf32>
  %weights = graph.softmax %scores : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %y = graph.batch_matmul %weights, %v : (tensor<1x2x5x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  func.return %y : tensor<1x2x5x3xf32>
}
// CHECK-LABEL: @other_value_width
// CHECK:         graph.softmax

// -----

func.func @weights_returned(%q: tensor<1x2x5x4xf32>) -> (tensor<1x2x5x4xf32>, tensor<1x2x5x5xf32>) {
  %scores = graph.batch_matmul %q, %q {transpose_b = true} : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x5xf32>
  %weights = graph.softmax %scores : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %y = graph.batch_matmul %weights, %q : (tensor<1x2x5x5xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  func.return %y, %weights : tensor<1x2x5x4xf32>, tensor<1x2x5x5xf32>
}
// CHECK-LABEL: @weights_returned
// CHECK:         graph.softmax

// -----

func.func @shared_keys(%q: tensor<1x2x5x4xf32>, %k: tensor<1x1x5x4xf32>) -> tensor<1x2x5x4xf32> {
  %scores = graph.batch_matmul %q, %k {transpose_b = true} : (tensor<1x2x5x4xf32>, tensor<1x1x5x4xf32>) -> tensor<1x2x5x5xf32>
  %weights = graph.softmax %scores : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %y = graph.batch_matmul %weights, %q : (tensor<1x2x5x5xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  func.return %y : tensor<1x2x5x4xf32>
}
// CHECK-LABEL: @shared_keys
// CHECK:         graph.softmax

// CHECK:      passed: [recognize-composites] graph.batch_matmul: recognised graph.attention
// CHECK-NEXT: passed: [recognize-composites] graph.batch_matmul: recognised graph.attention
// CHECK-NEXT: passed: [recognize-composites] graph.batch_matmul: recognised graph.attention
// CHECK-NEXT: passed: [recognize-composites] graph.batch_matmul: recognised graph.attention
// CHECK-NEXT: passed: [recognize-composites] graph.batch_matmul: recognised graph.attention
// CHECK-NEXT: passed: [recognize-composites] graph.batch_matmul: recognised graph.attention
// CHECK-NEXT: missed: [recognize-composites] graph.batch_matmul: no attention: heads of V have 3 columns, those of Q 4
// CHECK-NEXT: missed: [recognize-composites] graph.batch_matmul: no attention: its weights are used elsewhere
// CHECK-NEXT: missed: [recognize-composites] graph.batch_matmul: no attention: Q, K and V do not have the same one or two leading dimensions: tensor<1x2x5x4xf32>, tensor<1x1x5x4xf32>, tensor<1x2x5x4xf32>
