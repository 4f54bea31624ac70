// RUN: bolt-opt %s --split-input-file -p decompose-ops --remarks=- 2>&1 | filecheck %s

// Batches that repeat matrices unevenly are spelled out.

func.func @batches(%a: tensor<2x1x4x8xf32>, %b: tensor<3x8x5xf32>) -> tensor<2x3x4x5xf32> {
  %c = graph.batch_matmul %a, %b : (tensor<2x1x4x8xf32>, tensor<3x8x5xf32>) -> tensor<2x3x4x5xf32>
  func.return %c : tensor<2x3x4x5xf32>
}
// CHECK-LABEL: @batches
// CHECK-NEXT:    [[A:%.*]] = graph.broadcast_to %a {shape_to = array<i64: 2, 3, 4, 8>}
// CHECK-NEXT:    [[B:%.*]] = graph.broadcast_to %b {shape_to = array<i64: 2, 3, 8, 5>}
// CHECK-NEXT:    graph.batch_matmul [[A]], [[B]]

// -----

// One matrix for the whole batch, and equal batches, are what kernels do.

func.func @one_matrix(%a: tensor<2x3x4x8xf32>, %b: tensor<8x5xf32>, %c: tensor<1x1x5x8xf32>) -> tensor<2x3x4x8xf32> {
  %d = graph.batch_matmul %a, %b : (tensor<2x3x4x8xf32>, tensor<8x5xf32>) -> tensor<2x3x4x5xf32>
  %e = graph.batch_matmul %d, %c : (tensor<2x3x4x5xf32>, tensor<1x1x5x8xf32>) -> tensor<2x3x4x8xf32>
  func.return %e : tensor<2x3x4x8xf32>
}
// CHECK-LABEL: @one_matrix
// CHECK-NOT:     graph.broadcast_to

// -----

// Reduced dimensions that do not lie together are reduced one after the other.

func.func @apart(%x: tensor<2x3x4xf32>) -> tensor<3xf32> {
  %y = graph.reduce_mean %x {axes = array<i64: 0, 2>, keepdims = false} : (tensor<2x3x4xf32>) -> tensor<3xf32>
  func.return %y : tensor<3xf32>
}
// CHECK-LABEL: @apart
// CHECK-NEXT:    [[A:%.*]] = graph.reduce_mean %x {axes = array<i64: 2>} : (tensor<2x3x4xf32>) -> tensor<2x3x1xf32>
// CHECK-NEXT:    [[B:%.*]] = graph.reduce_mean [[A]] {axes = array<i64: 0>} : (tensor<2x3x1xf32>) -> tensor<1x3x1xf32>
// CHECK-NEXT:    graph.reshape [[B]] {shape_to = array<i64: 3>}

// -----

// Dimensions of 1 are no gap.

func.func @together(%x: tensor<2x1x4xf32>) -> tensor<1xf32> {
  %y = graph.reduce_max %x {axes = array<i64: 0, 2>, keepdims = false} : (tensor<2x1x4xf32>) -> tensor<1xf32>
  func.return %y : tensor<1xf32>
}
// CHECK-LABEL: @together
// CHECK-NEXT:    graph.reduce_max %x {axes = array<i64: 0, 2>, keepdims = false}

// -----

// One kernel joins up to 16 tensors.

func.func @many(%x: tensor<1x2xf32>) -> tensor<18x2xf32> {
  %y = graph.concat %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x {axis = 0 : i64} : (tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<18x2xf32>
  func.return %y : tensor<18x2xf32>
}
// CHECK-LABEL: @many
// CHECK-NEXT:    [[A:%.*]] = graph.concat {{.*}} -> tensor<16x2xf32>
// CHECK-NEXT:    [[B:%.*]] = graph.concat %x, %x {{.*}} -> tensor<2x2xf32>
// CHECK-NEXT:    graph.concat [[A]], [[B]] {{.*}}: (tensor<16x2xf32>, tensor<2x2xf32>) -> tensor<18x2xf32>

// -----

// A 1x1 convolution of one pixel is a matrix product.

func.func @pixel(%x: tensor<2x1x1x8xf16>, %w: tensor<4x1x1x8xf16>) -> tensor<2x1x1x4xf16> {
  %y = graph.conv2d %x, %w {layout = #graph<layout nhwc>} : (tensor<2x1x1x8xf16>, tensor<4x1x1x8xf16>) -> tensor<2x1x1x4xf16>
  func.return %y : tensor<2x1x1x4xf16>
}
// CHECK-LABEL: @pixel
// CHECK-NEXT:    [[X:%.*]] = graph.reshape %x {shape_to = array<i64: 2, 8>}
// CHECK-NEXT:    [[W:%.*]] = graph.reshape %w {shape_to = array<i64: 4, 8>}
// CHECK-NEXT:    [[Y:%.*]] = graph.gemm [[X]], [[W]] {transpose_b = true} : {{.*}} -> tensor<2x4xf16>
// CHECK-NEXT:    graph.reshape [[Y]] {shape_to = array<i64: 2, 1, 1, 4>}

// -----

// A pixel that padding surrounds is a larger image.

func.func @padded_pixel(%x: tensor<2x1x1x8xf16>, %w: tensor<4x1x1x8xf16>) -> tensor<2x3x3x4xf16> {
  %y = graph.conv2d %x, %w {padding = array<i64: 1, 1, 1, 1>, layout = #graph<layout nhwc>} : (tensor<2x1x1x8xf16>, tensor<4x1x1x8xf16>) -> tensor<2x3x3x4xf16>
  func.return %y : tensor<2x3x3x4xf16>
}
// CHECK-LABEL: @padded_pixel
// CHECK-NEXT:    graph.conv2d

// -----

// A convolution of patches side by side is a matrix product; the image had to be moved anyway.

func.func @patches(%x: tensor<2x2x4x6xf32>, %w: tensor<5x2x2x2xf32>) -> tensor<2x2x3x5xf32> {
  %t = graph.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<2x2x4x6xf32>) -> tensor<2x4x6x2xf32>
  %y = graph.conv2d %t, %w {strides = array<i64: 2, 2>, layout = #graph<layout nhwc>} : (tensor<2x4x6x2xf32>, tensor<5x2x2x2xf32>) -> tensor<2x2x3x5xf32>
  func.return %y : tensor<2x2x3x5xf32>
}
// CHECK-LABEL: @patches
// CHECK:         [[A:%.*]] = graph.reshape %x {shape_to = array<i64: 2, 2, 2, 2, 3, 2>}
// CHECK-NEXT:    [[B:%.*]] = graph.transpose [[A]] {permutation = array<i64: 0, 2, 4, 1, 3, 5>}
// CHECK-NEXT:    [[P:%.*]] = graph.reshape [[B]] {shape_to = array<i64: 12, 8>}
// CHECK-NEXT:    [[V:%.*]] = graph.transpose %w {permutation = array<i64: 0, 3, 1, 2>}
// CHECK-NEXT:    [[W:%.*]] = graph.reshape [[V]] {shape_to = array<i64: 5, 8>}
// CHECK-NEXT:    [[Y:%.*]] = graph.gemm [[P]], [[W]] {transpose_b = true}
// CHECK-NEXT:    graph.reshape [[Y]] {shape_to = array<i64: 2, 2, 3, 5>}

// -----

// Not where windows overlap, where they leave pixels out, or where rows of patches are unaligned.

func.func @no_patches(%x: tensor<1x2x5x4xf32>, %v: tensor<5x2x2x2xf32>, %w: tensor<5x1x2x2xf32>) -> (tensor<1x4x3x5xf32>, tensor<1x2x2x5xf32>, tensor<1x5x2x5xf32>) {
  %r = graph.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x5x4xf32>) -> tensor<1x5x4x2xf32>
  %a = graph.conv2d %r, %v {layout = #graph<layout nhwc>} : (tensor<1x5x4x2xf32>, tensor<5x2x2x2xf32>) -> tensor<1x4x3x5xf32>
  %s = graph.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x5x4xf32>) -> tensor<1x5x4x2xf32>
  %b = graph.conv2d %s, %v {strides = array<i64: 2, 2>, layout = #graph<layout nhwc>} : (tensor<1x5x4x2xf32>, tensor<5x2x2x2xf32>) -> tensor<1x2x2x5xf32>
  %t = graph.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x5x4xf32>) -> tensor<1x5x4x2xf32>
  %c = graph.conv2d %t, %w {strides = array<i64: 1, 2>, layout = #graph<layout nhwc>} : (tensor<1x5x4x2xf32>, tensor<5x1x2x2xf32>) -> tensor<1x5x2x5xf32>
  func.return %a, %b, %c : tensor<1x4x3x5xf32>, tensor<1x2x2x5xf32>, tensor<1x5x2x5xf32>
}
// CHECK-LABEL: @no_patches
// CHECK:         graph.conv2d
// CHECK:         graph.conv2d
// CHECK:         graph.conv2d

// CHECK:      passed: [decompose-ops] graph.batch_matmul: batches 2x1 and 3 broadcast to 2x3
// CHECK-NEXT: passed: [decompose-ops] graph.reduce_mean: reduces over axes [[0], [2]] one after the other
// CHECK-NEXT: passed: [decompose-ops] graph.concat: joins 18 tensors in 2 groups
// CHECK-NEXT: passed: [decompose-ops] graph.conv2d: 2 pixels by a 1x1 filter: a product of 2 x 8 x 4
// CHECK-NEXT: passed: [decompose-ops] graph.conv2d: a product of 12 patches of 2x2x2 numbers
// CHECK-NEXT: missed: [decompose-ops] graph.conv2d: no product of patches: 2x1x2 numbers are unaligned
