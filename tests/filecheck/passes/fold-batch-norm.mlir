// RUN: bolt-opt %s --split-input-file -p fold-batch-norm --remarks=- 2>&1 | filecheck %s

// batch_norm(x) = a * x + b with a = scale * rsqrt(variance + epsilon) and b = bias - mean * a:
// the filter takes a, and b is a bias.

func.func @into_convolution(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = graph.weight @w : tensor<2x3x1x1xf32>
  %scale = graph.weight @scale : tensor<2xf32>
  %bias = graph.weight @bias : tensor<2xf32>
  %mean = graph.weight @mean : tensor<2xf32>
  %variance = graph.weight @variance : tensor<2xf32>
  %c = graph.conv2d %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = graph.batch_norm %c, %scale, %bias, %mean, %variance {epsilon = 0.5 : f32} : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}
// CHECK-LABEL: @into_convolution
// CHECK:         [[EPSILON:%.*]] = graph.constant dense<5.000000e-01>
// CHECK-NEXT:    [[SUM:%.*]] = graph.add %variance, [[EPSILON]]
// CHECK-NEXT:    [[RSQRT:%.*]] = graph.rsqrt [[SUM]]
// CHECK-NEXT:    [[A:%.*]] = graph.mul %scale, [[RSQRT]]
// CHECK-NEXT:    [[MEAN:%.*]] = graph.mul %mean, [[A]]
// CHECK-NEXT:    [[B:%.*]] = graph.sub %bias, [[MEAN]]
// CHECK-NEXT:    [[SPREAD:%.*]] = graph.reshape [[A]] {shape_to = array<i64: 2, 1, 1, 1>}
// CHECK-NEXT:    [[W:%.*]] = graph.mul %w, [[SPREAD]]
// CHECK-NEXT:    [[C:%.*]] = graph.conv2d %x, [[W]]
// CHECK-NEXT:    [[Y:%.*]] = graph.bias_add [[C]], [[B]] :
// CHECK-NEXT:    func.return [[Y]]

// -----

// A bias between convolution and batch_norm is scaled too.

func.func @behind_a_bias(%x: tensor<1x4x4x3xf32>, %v: tensor<2xf32>) -> tensor<1x4x4x2xf32> {
  %w = graph.weight @w : tensor<2x1x1x3xf32>
  %c = graph.conv2d %x, %w {layout = #graph<layout nhwc>} : (tensor<1x4x4x3xf32>, tensor<2x1x1x3xf32>) -> tensor<1x4x4x2xf32>
  %d = graph.bias_add %c, %v {axis = 3} : (tensor<1x4x4x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %y = graph.batch_norm %d, %v, %v, %v, %v {axis = -1} : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  func.return %y : tensor<1x4x4x2xf32>
}
// CHECK-LABEL: @behind_a_bias
// CHECK:         [[A:%.*]] = graph.mul %v, {{.*}}
// CHECK:         [[B:%.*]] = graph.sub %v, {{.*}}
// CHECK:         [[SCALED:%.*]] = graph.mul %v, [[A]]
// CHECK-NEXT:    [[BIAS:%.*]] = graph.add [[B]], [[SCALED]]
// CHECK:         [[C:%.*]] = graph.conv2d
// CHECK-NEXT:    graph.bias_add [[C]], [[BIAS]] {axis = 3 : i64}

// -----

// The filter of a transposed convolution counts output channels in its second dimension.

func.func @into_transposed_convolution(%x: tensor<1x3x4x4xf32>, %v: tensor<2xf32>) -> tensor<1x2x5x5xf32> {
  %w = graph.weight @w : tensor<3x2x2x2xf32>
  %c = graph.conv_transpose2d %x, %w : (tensor<1x3x4x4xf32>, tensor<3x2x2x2xf32>) -> tensor<1x2x5x5xf32>
  %y = graph.batch_norm %c, %v, %v, %v, %v : (tensor<1x2x5x5xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x5x5xf32>
  func.return %y : tensor<1x2x5x5xf32>
}
// CHECK-LABEL: @into_transposed_convolution
// CHECK:         graph.reshape {{.*}} {shape_to = array<i64: 1, 2, 1, 1>}
// CHECK:         graph.bias_add

// -----

// A matrix product's columns are its channels; a transposed weight has them as rows.

func.func @into_gemm(%x: tensor<4x3xf32>, %v: tensor<2xf32>) -> tensor<4x2xf32> {
  %w = graph.weight @w : tensor<2x3xf32>
  %c = graph.gemm %x, %w {transpose_b = true} : (tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<4x2xf32>
  %y = graph.batch_norm %c, %v, %v, %v, %v : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  func.return %y : tensor<4x2xf32>
}
// CHECK-LABEL: @into_gemm
// CHECK:         graph.reshape {{.*}} {shape_to = array<i64: 2, 1>}
// CHECK:         graph.gemm %x, {{%.*}} {transpose_b = true}
// CHECK-NEXT:    graph.bias_add

// -----

// What cannot be folded becomes a scale and a shift.

func.func @first(%x: tensor<1x2x4x4xf32>, %v: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %y = graph.batch_norm %x, %v, %v, %v, %v : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}
// CHECK-LABEL: @first
// CHECK:         [[A:%.*]] = graph.reshape {{.*}} {shape_to = array<i64: 1, 2, 1, 1>}
// CHECK-NEXT:    [[SCALED:%.*]] = graph.mul %x, [[A]]
// CHECK-NEXT:    graph.bias_add [[SCALED]]

// -----

func.func @shared(%x: tensor<1x3x4x4xf32>, %v: tensor<2xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) {
  %w = graph.weight @w : tensor<2x3x1x1xf32>
  %c = graph.conv2d %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = graph.batch_norm %c, %v, %v, %v, %v : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  func.return %c, %y : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>
}
// CHECK-LABEL: @shared
// CHECK:         graph.conv2d %x, %w
// CHECK:         graph.bias_add

// -----

func.func @filter_from_outside(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x1x1xf32>, %v: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %c = graph.conv2d %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = graph.batch_norm %c, %v, %v, %v, %v : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}
// CHECK-LABEL: @filter_from_outside
// CHECK:         graph.conv2d %x, %w

// CHECK:      passed: [fold-batch-norm] graph.batch_norm: folded into graph.conv2d
// CHECK:      missed: [fold-batch-norm] graph.batch_norm: became a scale and a shift: its input is an argument
// CHECK-NEXT: missed: [fold-batch-norm] graph.batch_norm: became a scale and a shift: graph.conv2d before it has other uses
// CHECK-NEXT: missed: [fold-batch-norm] graph.batch_norm: became a scale and a shift: the second operand of graph.conv2d is no weight
