// RUN: bolt-opt %s --split-input-file -p merge-parallel-convolutions --remarks=- 2>&1 | filecheck %s

// A block of RepVGG in training form, its batch norms folded: 3x3, 1x1 and identity are one 3x3 convolution.

func.func @repvgg(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %w3 = graph.weight @w3 : tensor<4x4x3x3xf32>
  %b3 = graph.weight @b3 : tensor<4xf32>
  %w1 = graph.weight @w1 : tensor<4x4x1x1xf32>
  %b1 = graph.weight @b1 : tensor<4xf32>
  %s = graph.weight @s : tensor<1x4x1x1xf32>
  %b0 = graph.weight @b0 : tensor<4xf32>
  %c3 = graph.conv2d %x, %w3 {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x4x8x8xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x8x8xf32>
  %d3 = graph.bias_add %c3, %b3 : (tensor<1x4x8x8xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32>
  %c1 = graph.conv2d %x, %w1 : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %d1 = graph.bias_add %c1, %b1 : (tensor<1x4x8x8xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32>
  %e = graph.add %d3, %d1 : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %c0 = graph.mul %x, %s : (tensor<1x4x8x8xf32>, tensor<1x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %d0 = graph.bias_add %c0, %b0 : (tensor<1x4x8x8xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32>
  %y = graph.add %e, %d0 : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  func.return %y : tensor<1x4x8x8xf32>
}
// CHECK-LABEL: @repvgg
// CHECK:         [[W1:%.*]] = graph.pad %w1 {low = array<i64: 0, 0, 1, 1>, high = array<i64: 0, 0, 1, 1>}
// CHECK-NEXT:    [[I:%.*]] = graph.weight @identity : tensor<4x4x3x3xf32>
// CHECK-NEXT:    [[S:%.*]] = graph.reshape %s {shape_to = array<i64: 4, 1, 1, 1>}
// CHECK-NEXT:    [[W0:%.*]] = graph.mul [[I]], [[S]]
// CHECK-NEXT:    [[W31:%.*]] = graph.add %w3, [[W1]]
// CHECK-NEXT:    [[W:%.*]] = graph.add [[W31]], [[W0]]
// CHECK-NEXT:    [[C:%.*]] = graph.conv2d %x, [[W]] {padding = array<i64: 1, 1, 1, 1>}
// CHECK-NEXT:    [[B31:%.*]] = graph.add %b3, %b1
// CHECK-NEXT:    [[B:%.*]] = graph.add [[B31]], %b0
// CHECK-NEXT:    [[Y:%.*]] = graph.bias_add [[C]], [[B]]
// CHECK-NEXT:    func.return [[Y]]

// -----

// Terms of other images stay; the windows are laid over each other by their padding.

func.func @others_stay(%x: tensor<1x9x9x4xf32>, %r: tensor<1x5x5x8xf32>) -> tensor<1x5x5x8xf32> {
  %v = graph.weight @v : tensor<8x3x3x4xf32>
  %w = graph.weight @w : tensor<8x2x1x4xf32>
  %a = graph.conv2d %x, %v {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, layout = #graph<layout nhwc>} : (tensor<1x9x9x4xf32>, tensor<8x3x3x4xf32>) -> tensor<1x5x5x8xf32>
  %b = graph.conv2d %x, %w {strides = array<i64: 2, 2>, padding = array<i64: 0, 0, 1, 0>, layout = #graph<layout nhwc>} : (tensor<1x9x9x4xf32>, tensor<8x2x1x4xf32>) -> tensor<1x5x5x8xf32>
  %s = graph.add %a, %r : (tensor<1x5x5x8xf32>, tensor<1x5x5x8xf32>) -> tensor<1x5x5x8xf32>
  %y = graph.add %s, %b : (tensor<1x5x5x8xf32>, tensor<1x5x5x8xf32>) -> tensor<1x5x5x8xf32>
  func.return %y : tensor<1x5x5x8xf32>
}
// CHECK-LABEL: @others_stay
// CHECK:         [[W:%.*]] = graph.pad %w {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 0, 1, 0>}
// CHECK-NEXT:    [[V:%.*]] = graph.add %v, [[W]]
// CHECK-NEXT:    [[C:%.*]] = graph.conv2d %x, [[V]] {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>
// CHECK-NEXT:    graph.add [[C]], %r

// -----

// A row and a column would need a 3x3 window, more work than both; results that are used elsewhere are needed apart.

func.func @stay_apart(%x: tensor<1x4x8x8xf32>) -> (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) {
  %v = graph.weight @v : tensor<4x4x1x3xf32>
  %w = graph.weight @w : tensor<4x4x3x1xf32>
  %a = graph.conv2d %x, %v {padding = array<i64: 0, 1, 0, 1>} : (tensor<1x4x8x8xf32>, tensor<4x4x1x3xf32>) -> tensor<1x4x8x8xf32>
  %b = graph.conv2d %x, %w {padding = array<i64: 1, 0, 1, 0>} : (tensor<1x4x8x8xf32>, tensor<4x4x3x1xf32>) -> tensor<1x4x8x8xf32>
  %s = graph.add %a, %b : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %c = graph.conv2d %s, %v {padding = array<i64: 0, 1, 0, 1>} : (tensor<1x4x8x8xf32>, tensor<4x4x1x3xf32>) -> tensor<1x4x8x8xf32>
  %y = graph.add %c, %s : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  func.return %y, %c : tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>
}
// CHECK-LABEL: @stay_apart
// CHECK:         graph.conv2d %x, %v
// CHECK-NEXT:    graph.conv2d %x, %w
// CHECK-NEXT:    graph.add
// CHECK-NEXT:    graph.conv2d
// CHECK-NEXT:    graph.add

// CHECK:      passed: [merge-parallel-convolutions] graph.add: 3 branches became one 3x3 convolution
// CHECK-NEXT: passed: [merge-parallel-convolutions] graph.add: 2 branches became one 3x3 convolution
// CHECK-NEXT: missed: [merge-parallel-convolutions] graph.add: 1 of 2 branches stay apart: the 1x3 window does not cover theirs
