// RUN: bolt-opt %s --split-input-file -p hoist-slices --remarks=- 2>&1 | filecheck %s

// Of the last block of a transformer, a classifier that reads the first of four tokens needs that token alone.

func.func @first_token(%x: tensor<2x4x8xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>, %w: tensor<8x8xf32>) -> tensor<2x1x8xf32> {
  %n = graph.layer_norm %x, %s, %b {axis = 2} : (tensor<2x4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x4x8xf32>
  %p = graph.batch_matmul %n, %w : (tensor<2x4x8xf32>, tensor<8x8xf32>) -> tensor<2x4x8xf32>
  %q = graph.bias_add %p, %b {axis = 2} : (tensor<2x4x8xf32>, tensor<8xf32>) -> tensor<2x4x8xf32>
  %g = graph.gelu %q : (tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  %r = graph.add %x, %g : (tensor<2x4x8xf32>, tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  %y = graph.slice %r {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 2, 1, 8>, strides = array<i64: 1, 1, 1>} : (tensor<2x4x8xf32>) -> tensor<2x1x8xf32>
  func.return %y : tensor<2x1x8xf32>
}
// CHECK-LABEL: @first_token
// CHECK-NEXT:    [[X:%.*]] = graph.slice %x {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 2, 1, 8>, strides = array<i64: 1, 1, 1>}
// CHECK-NEXT:    [[N:%.*]] = graph.layer_norm [[X]], %s, %b
// CHECK-NEXT:    [[P:%.*]] = graph.batch_matmul [[N]], %w
// CHECK-NEXT:    [[Q:%.*]] = graph.bias_add [[P]], %b
// CHECK-NEXT:    [[G:%.*]] = graph.gelu [[Q]]
// CHECK:         graph.add {{.*}}, [[G]] : (tensor<2x1x8xf32>, tensor<2x1x8xf32>) -> tensor<2x1x8xf32>
// CHECK-NEXT:    func.return

// -----

// Rows of the result need rows of A, columns of it need columns of B.

func.func @product(%a: tensor<8x6xf32>, %b: tensor<16x6xf32>) -> tensor<2x4xf32> {
  %p = graph.gemm %a, %b {transpose_b = true} : (tensor<8x6xf32>, tensor<16x6xf32>) -> tensor<8x16xf32>
  %y = graph.slice %p {offsets = array<i64: 1, 8>, sizes = array<i64: 2, 4>, strides = array<i64: 3, 1>} : (tensor<8x16xf32>) -> tensor<2x4xf32>
  func.return %y : tensor<2x4xf32>
}
// CHECK-LABEL: @product
// CHECK-NEXT:    [[A:%.*]] = graph.slice %a {offsets = array<i64: 1, 0>, sizes = array<i64: 2, 6>, strides = array<i64: 3, 1>}
// CHECK-NEXT:    [[B:%.*]] = graph.slice %b {offsets = array<i64: 8, 0>, sizes = array<i64: 4, 6>, strides = array<i64: 1, 1>}
// CHECK-NEXT:    graph.gemm [[A]], [[B]] {transpose_b = true}

// -----

// The queries of attention, and the mask's rows for them.

func.func @queries(%q: tensor<2x4x8xf32>, %k: tensor<2x4x8xf32>, %m: tensor<2x1x4x4xf32>) -> tensor<2x1x8xf32> {
  %a = graph.attention %q, %k, %k mask %m {heads = 2, head_dim = 4, scale = 0.5 : f32} : (tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x1x4x4xf32>) -> tensor<2x4x8xf32>
  %y = graph.slice %a {offsets = array<i64: 0, 3, 0>, sizes = array<i64: 2, 1, 8>, strides = array<i64: 1, 1, 1>} : (tensor<2x4x8xf32>) -> tensor<2x1x8xf32>
  func.return %y : tensor<2x1x8xf32>
}
// CHECK-LABEL: @queries
// CHECK-NEXT:    [[Q:%.*]] = graph.slice %q {offsets = array<i64: 0, 3, 0>, sizes = array<i64: 2, 1, 8>
// CHECK-NEXT:    [[M:%.*]] = graph.slice %m {offsets = array<i64: 0, 0, 3, 0>, sizes = array<i64: 2, 1, 1, 4>
// CHECK-NEXT:    graph.attention [[Q]], %k, %k mask [[M]]

// -----

// An operand that broadcasts is sliced where it varies.

func.func @broadcast(%x: tensor<1x4xf32>, %y: tensor<6x1xf32>) -> tensor<1x2xf32> {
  %a = graph.mul %x, %y : (tensor<1x4xf32>, tensor<6x1xf32>) -> tensor<6x4xf32>
  %s = graph.slice %a {offsets = array<i64: 5, 2>, sizes = array<i64: 1, 2>, strides = array<i64: 1, 1>} : (tensor<6x4xf32>) -> tensor<1x2xf32>
  func.return %s : tensor<1x2xf32>
}
// CHECK-LABEL: @broadcast
// CHECK-NEXT:    [[X:%.*]] = graph.slice %x {offsets = array<i64: 0, 2>, sizes = array<i64: 1, 2>, strides = array<i64: 1, 1>}
// CHECK-NEXT:    [[Y:%.*]] = graph.slice %y {offsets = array<i64: 5, 0>, sizes = array<i64: 1, 1>, strides = array<i64: 1, 1>}
// CHECK-NEXT:    graph.mul [[X]], [[Y]]

// -----

// Nothing moves if the rest is needed, if other parts are, if most of it is, or if an element needs all others.

func.func @stays(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<3x8xf32>, tensor<1x8xf32>) {
  %a = graph.exp %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %b = graph.slice %a {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 8>, strides = array<i64: 1, 1>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %c = graph.sin %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %d = graph.slice %c {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 8>, strides = array<i64: 1, 1>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %e = graph.slice %c {offsets = array<i64: 1, 0>, sizes = array<i64: 1, 8>, strides = array<i64: 1, 1>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %f = graph.cos %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %g = graph.slice %f {offsets = array<i64: 0, 0>, sizes = array<i64: 3, 8>, strides = array<i64: 1, 1>} : (tensor<4x8xf32>) -> tensor<3x8xf32>
  %h = graph.softmax %x {axis = 0} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %i = graph.slice %h {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 8>, strides = array<i64: 1, 1>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  func.return %a, %b, %d, %e, %g, %i : tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<3x8xf32>, tensor<1x8xf32>
}
// CHECK-LABEL: @stays
// CHECK-NEXT:    %a = graph.exp %x
// CHECK-NEXT:    %b = graph.slice %a
// CHECK-NEXT:    %c = graph.sin %x
// CHECK-NEXT:    %d = graph.slice %c
// CHECK-NEXT:    %e = graph.slice %c
// CHECK-NEXT:    %f = graph.cos %x
// CHECK-NEXT:    %g = graph.slice %f
// CHECK-NEXT:    %h = graph.softmax %x
// CHECK-NEXT:    %i = graph.slice %h

// CHECK:      passed: [hoist-slices] graph.add: computes only 2x1x8 of 2x4x8 elements
// CHECK-NEXT: passed: [hoist-slices] graph.gelu: computes only 2x1x8 of 2x4x8 elements
