// RUN: bolt-opt %s --split-input-file -p pad-channels --remarks=- 2>&1 | filecheck %s

// A picture's three channels become four.

func.func @picture(%x: tensor<1x32x32x3xf16>) -> tensor<1x32x32x8xf16> {
  %w = graph.weight @w : tensor<8x3x3x3xf16>
  %y = graph.conv2d %x, %w {padding = array<i64: 1, 1, 1, 1>, layout = #graph<layout nhwc>} : (tensor<1x32x32x3xf16>, tensor<8x3x3x3xf16>) -> tensor<1x32x32x8xf16>
  func.return %y : tensor<1x32x32x8xf16>
}
// CHECK-LABEL: @picture
// CHECK:         [[X:%.*]] = graph.pad %x {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 0, 0, 1>}
// CHECK-NEXT:    [[W:%.*]] = graph.pad %w {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 0, 0, 1>}
// CHECK-NEXT:    %y = graph.conv2d [[X]], [[W]] {padding = array<i64: 1, 1, 1, 1>, layout = #graph<layout nhwc>} : (tensor<1x32x32x4xf16>, tensor<8x3x3x4xf16>)

// -----

// Output channels of much work are padded, and cut off behind bias and activation.

func.func @outputs(%x: tensor<1x32x32x32xf16>, %b: tensor<12xf16>) -> tensor<1x32x32x12xf16> {
  %w = graph.weight @w : tensor<12x3x3x32xf16>
  %y = graph.conv2d %x, %w {padding = array<i64: 1, 1, 1, 1>, layout = #graph<layout nhwc>} : (tensor<1x32x32x32xf16>, tensor<12x3x3x32xf16>) -> tensor<1x32x32x12xf16>
  %z = graph.bias_add %y, %b {axis = 3} : (tensor<1x32x32x12xf16>, tensor<12xf16>) -> tensor<1x32x32x12xf16>
  %r = graph.relu %z : (tensor<1x32x32x12xf16>) -> tensor<1x32x32x12xf16>
  func.return %r : tensor<1x32x32x12xf16>
}
// CHECK-LABEL: @outputs
// CHECK:         [[W:%.*]] = graph.pad %w {low = array<i64: 0, 0, 0, 0>, high = array<i64: 4, 0, 0, 0>}
// CHECK-NEXT:    [[Y:%.*]] = graph.conv2d %x, [[W]]
// CHECK-NEXT:    [[B:%.*]] = graph.pad %b {low = array<i64: 0>, high = array<i64: 4>}
// CHECK-NEXT:    [[Z:%.*]] = graph.bias_add [[Y]], [[B]]
// CHECK-NEXT:    [[R:%.*]] = graph.relu [[Z]]
// CHECK-NEXT:    graph.slice [[R]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 32, 32, 12>, strides = array<i64: 1, 1, 1, 1>}

// -----

// Aligned, grouped, channels-first and tiny convolutions stay.

func.func @aligned(%x: tensor<1x32x32x4xf16>) -> tensor<1x32x32x16xf16> {
  %w = graph.weight @w : tensor<16x1x1x4xf16>
  %y = graph.conv2d %x, %w {layout = #graph<layout nhwc>} : (tensor<1x32x32x4xf16>, tensor<16x1x1x4xf16>) -> tensor<1x32x32x16xf16>
  func.return %y : tensor<1x32x32x16xf16>
}
// CHECK-LABEL: @aligned
// CHECK-NOT:     graph.pad

// -----

func.func @depthwise(%x: tensor<1x32x32x12xf16>) -> tensor<1x30x30x12xf16> {
  %w = graph.weight @w : tensor<12x3x3x1xf16>
  %y = graph.conv2d %x, %w {groups = 12, layout = #graph<layout nhwc>} : (tensor<1x32x32x12xf16>, tensor<12x3x3x1xf16>) -> tensor<1x30x30x12xf16>
  func.return %y : tensor<1x30x30x12xf16>
}
// CHECK-LABEL: @depthwise
// CHECK-NOT:     graph.pad

// -----

func.func @channels_first(%x: tensor<1x3x32x32xf16>) -> tensor<1x8x30x30xf16> {
  %w = graph.weight @w : tensor<8x3x3x3xf16>
  %y = graph.conv2d %x, %w : (tensor<1x3x32x32xf16>, tensor<8x3x3x3xf16>) -> tensor<1x8x30x30xf16>
  func.return %y : tensor<1x8x30x30xf16>
}
// CHECK-LABEL: @channels_first
// CHECK-NOT:     graph.pad

// -----

func.func @tiny(%x: tensor<1x1x1x10xf16>) -> tensor<1x1x1x40xf16> {
  %w = graph.weight @w : tensor<40x1x1x10xf16>
  %y = graph.conv2d %x, %w {layout = #graph<layout nhwc>} : (tensor<1x1x1x10xf16>, tensor<40x1x1x10xf16>) -> tensor<1x1x1x40xf16>
  func.return %y : tensor<1x1x1x40xf16>
}
// CHECK-LABEL: @tiny
// CHECK-NOT:     graph.pad

// -----

// Few multiply-adds per output: the slice would cost more than it gains.

func.func @cheap_outputs(%x: tensor<1x64x64x8xf16>) -> tensor<1x64x64x12xf16> {
  %w = graph.weight @w : tensor<12x1x1x8xf16>
  %y = graph.conv2d %x, %w {layout = #graph<layout nhwc>} : (tensor<1x64x64x8xf16>, tensor<12x1x1x8xf16>) -> tensor<1x64x64x12xf16>
  func.return %y : tensor<1x64x64x12xf16>
}
// CHECK-LABEL: @cheap_outputs
// CHECK-NOT:     graph.slice

// CHECK:      passed: [pad-channels] graph.conv2d: 3 input channels padded to 4
// CHECK-NEXT: passed: [pad-channels] graph.conv2d: 12 output channels padded to 16, then cut off
// CHECK-NEXT: missed: [pad-channels] graph.conv2d: 10 input channels not padded to 16: 400 multiply-adds are few
// CHECK-NEXT: missed: [pad-channels] graph.conv2d: 12 output channels not padded to 16: 8 multiply-adds per output do not pay for the slice
