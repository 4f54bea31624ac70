// RUN: bolt-opt %s --split-input-file -p 'unfold-windows{target=sm_90a}' --remarks=- 2>&1 | filecheck %s

// A 7x7 window moved by 2 becomes 4x1 taps moved by 1: two rows of seven columns of three channels are one pixel's channels.

func.func @stem(%x: tensor<1x32x32x3xf16>) -> tensor<1x16x16x8xf16> {
  %w = graph.weight @w : tensor<8x7x7x3xf16>
  %y = graph.conv2d %x, %w {padding = array<i64: 3, 3, 3, 3>, strides = array<i64: 2, 2>, layout = #graph<layout nhwc>} : (tensor<1x32x32x3xf16>, tensor<8x7x7x3xf16>) -> tensor<1x16x16x8xf16>
  func.return %y : tensor<1x16x16x8xf16>
}
// CHECK-LABEL: @stem
// CHECK:         [[X:%.*]] = graph.unfold %x {kernel = array<i64: 2, 7>, strides = array<i64: 2, 2>, padding = array<i64: 3, 3, 3, 3>, channels = 48 : i64, layout = #graph<layout nhwc>} : (tensor<1x32x32x3xf16>) -> tensor<1x19x16x48xf16>
// CHECK-NEXT:    [[ROWS:%.*]] = graph.pad %w {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 1, 0, 0>}
// CHECK-NEXT:    [[TAPS:%.*]] = graph.reshape [[ROWS]] {shape_to = array<i64: 8, 4, 1, 42>}
// CHECK-NEXT:    [[W:%.*]] = graph.pad [[TAPS]] {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 0, 0, 6>}
// CHECK-NEXT:    %y = graph.conv2d [[X]], [[W]]
// CHECK-SAME:    (tensor<1x19x16x48xf16>, tensor<8x4x1x48xf16>) -> tensor<1x16x16x8xf16>

// -----

// Rows moved by 1 stay rows.

func.func @dense(%x: tensor<1x32x32x3xf16>) -> tensor<1x32x32x8xf16> {
  %w = graph.weight @w : tensor<8x3x3x3xf16>
  %y = graph.conv2d %x, %w {padding = array<i64: 1, 1, 1, 1>, layout = #graph<layout nhwc>} : (tensor<1x32x32x3xf16>, tensor<8x3x3x3xf16>) -> tensor<1x32x32x8xf16>
  func.return %y : tensor<1x32x32x8xf16>
}
// CHECK-LABEL: @dense
// CHECK:         graph.unfold %x {kernel = array<i64: 1, 3>, padding = array<i64: 1, 1, 1, 1>, channels = 16 : i64, layout = #graph<layout nhwc>} : (tensor<1x32x32x3xf16>) -> tensor<1x34x32x16xf16>
// CHECK:         (tensor<1x34x32x16xf16>, tensor<8x3x1x16xf16>) -> tensor<1x32x32x8xf16>

// -----

// Many channels, single pixels and dilated windows stay, and so does a window of which unfolding makes no other one.

func.func @stays(%x: tensor<1x32x32x8xf16>, %p: tensor<1x32x32x3xf16>, %s: tensor<1x32x32x4xf16>) -> () {
  %w = graph.weight @w : tensor<8x3x3x8xf16>
  %many = graph.conv2d %x, %w {layout = #graph<layout nhwc>} : (tensor<1x32x32x8xf16>, tensor<8x3x3x8xf16>) -> tensor<1x30x30x8xf16>
  %v = graph.weight @v : tensor<64x1x1x3xf16>
  %pixel = graph.conv2d %p, %v {layout = #graph<layout nhwc>} : (tensor<1x32x32x3xf16>, tensor<64x1x1x3xf16>) -> tensor<1x32x32x64xf16>
  %u = graph.weight @u : tensor<8x3x3x3xf16>
  %dilated = graph.conv2d %p, %u {dilations = array<i64: 2, 2>, layout = #graph<layout nhwc>} : (tensor<1x32x32x3xf16>, tensor<8x3x3x3xf16>) -> tensor<1x28x28x8xf16>
  %t = graph.weight @t : tensor<8x2x1x4xf16>
  %rows = graph.conv2d %s, %t {layout = #graph<layout nhwc>} : (tensor<1x32x32x4xf16>, tensor<8x2x1x4xf16>) -> tensor<1x31x32x8xf16>
  func.return
}
// CHECK-LABEL: @stays
// CHECK-NOT:     graph.unfold

// CHECK:      passed: [unfold-windows] graph.conv2d: 7x7 window of 3 channels unfolded to 4x1 of 48: about {{[0-9.]+}} us, about {{[0-9.]+}} us with {{[348]}} channels instead
// CHECK-NEXT: passed: [unfold-windows] graph.conv2d: 3x3 window of 3 channels unfolded to 3x1 of 16
// CHECK-NEXT: missed: [unfold-windows] graph.conv2d: 2x1 window of 4 channels not unfolded to 2x1 of 8: about {{[0-9.]+}} us, about {{[0-9.]+}} us with {{[348]}} channels instead
