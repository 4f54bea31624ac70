// RUN: bolt-opt %s -p convert-graph-to-fused --split-input-file | filecheck %s

// CHECK-LABEL: @convolutions
// CHECK:         fused.conv2d(%x, %w : {{.*}}) {fused.origin = ["graph.conv2d"], dilations = array<i64: 2, 2>, padding = array<i64: 2, 2, 2, 2>} -> tensor<1x8x8x16xf16>
// CHECK:         fused.conv2d(%x, %g : {{.*}}) {fused.origin = ["graph.conv2d"], groups = 2 : i64} -> tensor<1x6x6x16xf16>
// CHECK:         fused.conv_transpose2d(%x, %t : {{.*}}) {fused.origin = ["graph.conv_transpose2d"], strides = array<i64: 2, 2>} -> tensor<1x16x16x3xf16>

func.func @convolutions(%x: tensor<1x8x8x4xf16>, %w: tensor<16x3x3x4xf16>, %g: tensor<16x3x3x2xf16>, %t: tensor<4x2x2x3xf16>) {
  %0 = graph.conv2d %x, %w {dilations = array<i64: 2, 2>, layout = #graph<layout nhwc>, padding = array<i64: 2, 2, 2, 2>} : (tensor<1x8x8x4xf16>, tensor<16x3x3x4xf16>) -> tensor<1x8x8x16xf16>
  %1 = graph.conv2d %x, %g {groups = 2 : i64, layout = #graph<layout nhwc>} : (tensor<1x8x8x4xf16>, tensor<16x3x3x2xf16>) -> tensor<1x6x6x16xf16>
  %2 = graph.conv_transpose2d %x, %t {layout = #graph<layout nhwc>, strides = array<i64: 2, 2>} : (tensor<1x8x8x4xf16>, tensor<4x2x2x3xf16>) -> tensor<1x16x16x3xf16>
  func.return
}

// -----

// As many groups as channels: a depthwise convolution, whose filter has the channels last. A weight's transpose is a graph
// operation, which fold-constants evaluates; that of a computed filter is a kernel.

// CHECK-LABEL: @depthwise
// CHECK-NEXT:    %w = graph.weight @w : tensor<4x3x3x1xf16>
// CHECK-NEXT:    %0 = graph.reshape %w {shape_to = array<i64: 4, 3, 3>}
// CHECK-NEXT:    %1 = graph.transpose %0 {permutation = array<i64: 1, 2, 0>} : (tensor<4x3x3xf16>) -> tensor<3x3x4xf16>
// CHECK-NEXT:    %2 = fused.depthwise_conv2d(%x, %1 : {{.*}}) {fused.origin = ["graph.conv2d"], strides = array<i64: 2, 2>} -> tensor<1x3x3x4xf16>
// CHECK:         %3 = fused.reshape %f : tensor<4x3x3x1xf16> -> tensor<4x3x3xf16>
// CHECK-NEXT:    %4 = fused.transpose(%3 : tensor<4x3x3xf16>)
// CHECK:         %5 = fused.depthwise_conv2d(%x, %4 : {{.*}}) {fused.origin = ["graph.conv2d"]} -> tensor<1x6x6x4xf16>

func.func @depthwise(%x: tensor<1x8x8x4xf16>, %f: tensor<4x3x3x1xf16>) -> (tensor<1x3x3x4xf16>, tensor<1x6x6x4xf16>) {
  %w = graph.weight @w : tensor<4x3x3x1xf16>
  %0 = graph.conv2d %x, %w {groups = 4 : i64, layout = #graph<layout nhwc>, strides = array<i64: 2, 2>} : (tensor<1x8x8x4xf16>, tensor<4x3x3x1xf16>) -> tensor<1x3x3x4xf16>
  %1 = graph.conv2d %x, %f {groups = 4 : i64, layout = #graph<layout nhwc>} : (tensor<1x8x8x4xf16>, tensor<4x3x3x1xf16>) -> tensor<1x6x6x4xf16>
  func.return %0, %1 : tensor<1x3x3x4xf16>, tensor<1x6x6x4xf16>
}

// -----

// Global pooling is a reduction, in either layout.

// CHECK-LABEL: @pooling
// CHECK-NEXT:    fused.pool2d(%x : {{.*}}) {fused.origin = ["graph.max_pool2d"], kernel = array<i64: 2, 2>, kind = #fused<reduction_kind max>} -> tensor<1x7x7x4xf16>
// CHECK:         fused.pool2d(%x : {{.*}}) {fused.origin = ["graph.avg_pool2d"], count_include_pad = true, kernel = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, kind = #fused<reduction_kind mean>} -> tensor<1x9x9x4xf16>
// CHECK:         fused.reduce(%x : {{.*}}) {fused.origin = ["graph.global_avg_pool2d"], kind = #fused<reduction_kind mean>, axes = array<i64: 1, 2>} -> tensor<1x1x1x4xf16>
// CHECK:         fused.reduce(%x : {{.*}}) {fused.origin = ["graph.global_max_pool2d"], kind = #fused<reduction_kind max>, axes = array<i64: 2, 3>} -> tensor<1x8x1x1xf16>

func.func @pooling(%x: tensor<1x8x8x4xf16>) {
  %0 = graph.max_pool2d %x {kernel = array<i64: 2, 2>, layout = #graph<layout nhwc>} : (tensor<1x8x8x4xf16>) -> tensor<1x7x7x4xf16>
  %1 = graph.avg_pool2d %x {count_include_pad = true, kernel = array<i64: 2, 2>, layout = #graph<layout nhwc>, padding = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x4xf16>) -> tensor<1x9x9x4xf16>
  %2 = graph.global_avg_pool2d %x {layout = #graph<layout nhwc>} : (tensor<1x8x8x4xf16>) -> tensor<1x1x1x4xf16>
  %3 = graph.global_max_pool2d %x : (tensor<1x8x8x4xf16>) -> tensor<1x8x1x1xf16>
  func.return
}
