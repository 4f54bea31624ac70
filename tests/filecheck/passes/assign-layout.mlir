// RUN: bolt-opt %s --split-input-file -p assign-layout --remarks=- 2>&1 | filecheck %s

// Image and filter change to channels-last.

func.func @convolution(%x: tensor<1x3x8x8xf32>) -> tensor<1x4x6x6xf32> {
  %w = graph.weight @w : tensor<4x3x3x3xf32>
  %y = graph.conv2d %x, %w : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  func.return %y : tensor<1x4x6x6xf32>
}
// CHECK-LABEL: @convolution
// CHECK-NEXT:    %w = graph.weight @w
// CHECK-NEXT:    [[X:%.*]] = graph.transpose %x {permutation = array<i64: 0, 2, 3, 1>}
// CHECK-NEXT:    [[W:%.*]] = graph.transpose %w {permutation = array<i64: 0, 2, 3, 1>}
// CHECK-NEXT:    [[Y:%.*]] = graph.conv2d [[X]], [[W]] {layout = #graph<layout nhwc>} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32>
// CHECK-NEXT:    [[R:%.*]] = graph.transpose [[Y]] {permutation = array<i64: 0, 3, 1, 2>}
// CHECK-NEXT:    func.return [[R]]

// -----

// What lies between image operations follows; nothing is transposed there.

func.func @between_convolutions(%x: tensor<1x4x8x8xf32>, %b: tensor<4xf32>) -> tensor<1x4x8x8xf32> {
  %w = graph.weight @w : tensor<4x4x1x1xf32>
  %y = graph.conv2d %x, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %z = graph.bias_add %y, %b : (tensor<1x4x8x8xf32>, tensor<4xf32>) -> tensor<1x4x8x8xf32>
  %r = graph.relu %z : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %s = graph.add %r, %x : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %t = graph.conv2d %s, %w : (tensor<1x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x8x8xf32>
  func.return %t : tensor<1x4x8x8xf32>
}
// CHECK-LABEL: @between_convolutions
// CHECK:         [[X:%.*]] = graph.transpose %x
// CHECK-NEXT:    [[W:%.*]] = graph.reshape %w
// CHECK-NEXT:    %y = graph.conv2d [[X]], [[W]]
// CHECK-NEXT:    %z = graph.bias_add %y, %b {axis = 3 : i64}
// CHECK-NEXT:    %r = graph.relu %z : (tensor<1x8x8x4xf32>)
// CHECK-NEXT:    %s = graph.add %r, [[X]]
// CHECK-NEXT:    %t = graph.conv2d %s, [[W]]
// CHECK-NEXT:    graph.transpose %t
// CHECK-NEXT:    func.return

// -----

// Per-channel operands, concat, pad, slice, resize, softmax and reductions change their axes.

func.func @axes(%x: tensor<1x4x8x8xf32>) -> tensor<1x10x1x12xf32> {
  %c = graph.weight @c : tensor<4x1x1xf32>
  %y = graph.max_pool2d %x {kernel = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %s = graph.mul %y, %c : (tensor<1x4x8x8xf32>, tensor<4x1x1xf32>) -> tensor<1x4x8x8xf32>
  %j = graph.concat %s, %y {axis = 1} : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x8x8x8xf32>
  %p = graph.pad %j {low = array<i64: 0, 2, 1, 0>, high = array<i64: 0, 0, 0, 3>} : (tensor<1x8x8x8xf32>) -> tensor<1x10x9x11xf32>
  %l = graph.slice %p {offsets = array<i64: 0, 0, 1, 0>, sizes = array<i64: 1, 10, 4, 6>, strides = array<i64: 1, 1, 2, 1>} : (tensor<1x10x9x11xf32>) -> tensor<1x10x4x6xf32>
  %z = graph.resize %l {sizes = array<i64: 1, 10, 8, 12>} : (tensor<1x10x4x6xf32>) -> tensor<1x10x8x12xf32>
  %m = graph.softmax %z {axis = 1} : (tensor<1x10x8x12xf32>) -> tensor<1x10x8x12xf32>
  %r = graph.reduce_sum %m {axes = array<i64: 2>} : (tensor<1x10x8x12xf32>) -> tensor<1x10x1x12xf32>
  func.return %r : tensor<1x10x1x12xf32>
}
// CHECK-LABEL: @axes
// CHECK:         graph.max_pool2d
// CHECK-NEXT:    [[WIDE:%.*]] = graph.reshape %c {shape_to = array<i64: 1, 4, 1, 1>}
// CHECK-NEXT:    [[LAST:%.*]] = graph.reshape [[WIDE]] {shape_to = array<i64: 1, 1, 1, 4>}
// CHECK-NEXT:    %s = graph.mul %y, [[LAST]]
// CHECK-NEXT:    %j = graph.concat %s, %y {axis = 3 : i64}
// CHECK-NEXT:    %p = graph.pad %j {low = array<i64: 0, 1, 0, 2>, high = array<i64: 0, 0, 3, 0>}
// CHECK-NEXT:    %l = graph.slice %p {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 4, 6, 10>, strides = array<i64: 1, 2, 1, 1>}
// CHECK-NEXT:    %z = graph.resize %l {sizes = array<i64: 1, 8, 12, 10>}
// CHECK-NEXT:    %m = graph.softmax %z {axis = 3 : i64}
// CHECK-NEXT:    %r = graph.reduce_sum %m {axes = array<i64: 1>}
// CHECK-NEXT:    graph.transpose %r
// CHECK-NEXT:    func.return

// -----

// Kernels resize one dimension or two neighbours. Where those are the channels and the rows, they stay neighbours.

func.func @resized_channels(%x: tensor<1x4x8x8xf32>) -> tensor<1x8x14x7xf32> {
  %y = graph.max_pool2d %x {kernel = array<i64: 2, 2>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x7x7xf32>
  %z = graph.resize %y {sizes = array<i64: 1, 8, 14, 7>} : (tensor<1x4x7x7xf32>) -> tensor<1x8x14x7xf32>
  %r = graph.max_pool2d %z {kernel = array<i64: 1, 1>} : (tensor<1x8x14x7xf32>) -> tensor<1x8x14x7xf32>
  func.return %r : tensor<1x8x14x7xf32>
}
// CHECK-LABEL: @resized_channels
// CHECK:         %y = graph.max_pool2d
// CHECK-NEXT:    [[Y:%.*]] = graph.transpose %y
// CHECK-NEXT:    %z = graph.resize [[Y]] {sizes = array<i64: 1, 8, 14, 7>}
// CHECK-NEXT:    [[Z:%.*]] = graph.transpose %z
// CHECK-NEXT:    %r = graph.max_pool2d [[Z]]

// -----

// After global pooling every order of dimensions is the same.

func.func @global_pooling(%x: tensor<2x4x8x8xf32>) -> tensor<2x4xf32> {
  %y = graph.max_pool2d %x {kernel = array<i64: 2, 2>} : (tensor<2x4x8x8xf32>) -> tensor<2x4x7x7xf32>
  %z = graph.global_avg_pool2d %y : (tensor<2x4x7x7xf32>) -> tensor<2x4x1x1xf32>
  %r = graph.reshape %z {shape_to = array<i64: 2, 4>} : (tensor<2x4x1x1xf32>) -> tensor<2x4xf32>
  func.return %r : tensor<2x4xf32>
}
// CHECK-LABEL: @global_pooling
// CHECK:         %z = graph.global_avg_pool2d {{.*}} {layout = #graph<layout nhwc>} : (tensor<2x7x7x4xf32>) -> tensor<2x1x1x4xf32>
// CHECK-NEXT:    %r = graph.reshape %z {shape_to = array<i64: 2, 4>}
// CHECK-NEXT:    func.return %r

// -----

func.func @reduction_of_images(%x: tensor<2x4x8x8xf32>) -> tensor<2x4xf32> {
  %y = graph.max_pool2d %x {kernel = array<i64: 2, 2>} : (tensor<2x4x8x8xf32>) -> tensor<2x4x7x7xf32>
  %z = graph.reduce_mean %y {axes = array<i64: 2, 3>, keepdims = false} : (tensor<2x4x7x7xf32>) -> tensor<2x4xf32>
  func.return %z : tensor<2x4xf32>
}
// CHECK-LABEL: @reduction_of_images
// CHECK:         %z = graph.reduce_mean {{.*}} {axes = array<i64: 1, 2>, keepdims = false} : (tensor<2x7x7x4xf32>) -> tensor<2x4xf32>
// CHECK-NEXT:    func.return %z

// -----

// Flattening reads the elements in order: it needs them back in their own.

func.func @flatten(%x: tensor<2x4x8x8xf32>) -> tensor<2x196xf32> {
  %y = graph.max_pool2d %x {kernel = array<i64: 2, 2>} : (tensor<2x4x8x8xf32>) -> tensor<2x4x7x7xf32>
  %r = graph.reshape %y {shape_to = array<i64: 2, 196>} : (tensor<2x4x7x7xf32>) -> tensor<2x196xf32>
  func.return %r : tensor<2x196xf32>
}
// CHECK-LABEL: @flatten
// CHECK:         %y = graph.max_pool2d
// CHECK-NEXT:    [[Y:%.*]] = graph.transpose %y
// CHECK-NEXT:    graph.reshape [[Y]]

// -----

// A matrix product behind it can read them as they are, with its weight's rows reordered.

func.func @flatten_for_product(%x: tensor<2x4x8x8xf32>) -> tensor<2x10xf32> {
  %w = graph.weight @w : tensor<196x10xf32>
  %y = graph.max_pool2d %x {kernel = array<i64: 2, 2>} : (tensor<2x4x8x8xf32>) -> tensor<2x4x7x7xf32>
  %r = graph.reshape %y {shape_to = array<i64: 2, 196>} : (tensor<2x4x7x7xf32>) -> tensor<2x196xf32>
  %z = graph.gemm %r, %w : (tensor<2x196xf32>, tensor<196x10xf32>) -> tensor<2x10xf32>
  func.return %z : tensor<2x10xf32>
}
// CHECK-LABEL: @flatten_for_product
// CHECK:         %y = graph.max_pool2d
// CHECK-NEXT:    [[FLAT:%.*]] = graph.reshape %y {shape_to = array<i64: 2, 196>}
// CHECK-NEXT:    [[W:%.*]] = graph.reshape %w {shape_to = array<i64: 4, 7, 7, 10>}
// CHECK-NEXT:    [[ROWS:%.*]] = graph.transpose [[W]] {permutation = array<i64: 1, 2, 0, 3>}
// CHECK-NEXT:    [[V:%.*]] = graph.reshape [[ROWS]] {shape_to = array<i64: 196, 10>}
// CHECK-NEXT:    graph.gemm [[FLAT]], [[V]]

// -----

// Transposes of the model cancel.

func.func @model_is_channels_last(%x: tensor<1x8x8x4xf32>) -> tensor<1x7x7x4xf32> {
  %i = graph.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x8x8x4xf32>) -> tensor<1x4x8x8xf32>
  %y = graph.max_pool2d %i {kernel = array<i64: 2, 2>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x7x7xf32>
  %o = graph.transpose %y {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x4x7x7xf32>) -> tensor<1x7x7x4xf32>
  func.return %o : tensor<1x7x7x4xf32>
}
// CHECK-LABEL: @model_is_channels_last
// CHECK-NEXT:    %y = graph.max_pool2d %x {{.*}}layout = #graph<layout nhwc>
// CHECK-NEXT:    func.return %y

// -----

// Without image operations nothing changes.

func.func @attention(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %y = graph.softmax %x : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %z = graph.batch_matmul %y, %x : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  func.return %z : tensor<1x4x8x8xf32>
}
// CHECK-LABEL: @attention
// CHECK-NEXT:    graph.softmax %x :
// CHECK-NEXT:    graph.batch_matmul
// CHECK-NEXT:    func.return

// -----

// The fewest transposes over the whole function: here the sum is computed channels-first, behind the transpose of the
// convolution's result; channels-last, its other operand and its result would be transposed.

func.func @sum_with_argument(%x: tensor<1x4x8x8xf32>, %z: tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32> {
  %w = graph.weight @w : tensor<8x4x3x3xf32>
  %y = graph.conv2d %x, %w : (tensor<1x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<1x8x6x6xf32>
  %s = graph.add %y, %z : (tensor<1x8x6x6xf32>, tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32>
  func.return %s : tensor<1x8x6x6xf32>
}
// CHECK-LABEL: @sum_with_argument
// CHECK:         %y = graph.conv2d
// CHECK-NEXT:    [[Y:%.*]] = graph.transpose %y {permutation = array<i64: 0, 3, 1, 2>}
// CHECK-NEXT:    %s = graph.add [[Y]], %z
// CHECK-NEXT:    func.return %s

// -----

// Of as many transposes, those of fewer elements: behind the slice before the pooling, and the one after it.

func.func @least_moved(%x: tensor<1x8x8x8xf32>) -> tensor<1x2x8x8xf32> {
  %c = graph.slice %x {offsets = array<i64: 0, 2, 0, 0>, sizes = array<i64: 1, 4, 8, 8>, strides = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x8xf32>) -> tensor<1x4x8x8xf32>
  %y = graph.max_pool2d %c {kernel = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %h = graph.slice %y {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 2, 8, 8>, strides = array<i64: 1, 1, 1, 1>} : (tensor<1x4x8x8xf32>) -> tensor<1x2x8x8xf32>
  func.return %h : tensor<1x2x8x8xf32>
}
// CHECK-LABEL: @least_moved
// CHECK-NEXT:    %c = graph.slice %x {offsets = array<i64: 0, 2, 0, 0>
// CHECK-NEXT:    [[C:%.*]] = graph.transpose %c
// CHECK-NEXT:    %y = graph.max_pool2d [[C]]
// CHECK-NEXT:    %h = graph.slice %y {{.*}}sizes = array<i64: 1, 8, 8, 2>
// CHECK-NEXT:    graph.transpose %h

// -----

// A single transpose serves all that read it.

func.func @two_readers(%x: tensor<1x4x8x8xf32>) -> (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) {
  %y = graph.max_pool2d %x {kernel = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %z = graph.max_pool2d %x {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %s = graph.add %y, %z : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  func.return %s, %s : tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>
}
// CHECK-LABEL: @two_readers
// CHECK:         graph.transpose %x
// CHECK-NOT:     graph.transpose
// CHECK:         %s = graph.add %y, %z
// CHECK-NEXT:    [[S:%.*]] = graph.transpose %s
// CHECK-NEXT:    func.return [[S]], [[S]]

// -----

// What the model computes channels-last, between transposes of its own, is of the same order as its convolutions.

func.func @written_channels_last(%x: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  %r = graph.relu %x : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  %i = graph.transpose %r {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x8x8x4xf32>) -> tensor<1x4x8x8xf32>
  %y = graph.max_pool2d %i {kernel = array<i64: 2, 2>, padding = array<i64: 0, 0, 1, 1>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %o = graph.transpose %y {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x4x8x8xf32>) -> tensor<1x8x8x4xf32>
  %s = graph.add %o, %r : (tensor<1x8x8x4xf32>, tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  func.return %s : tensor<1x8x8x4xf32>
}
// CHECK-LABEL: @written_channels_last
// CHECK-NEXT:    %r = graph.relu %x
// CHECK-NEXT:    %y = graph.max_pool2d %r {{.*}}layout = #graph<layout nhwc>
// CHECK-NEXT:    %s = graph.add %y, %r
// CHECK-NEXT:    func.return %s

// -----

// Pixels as rows of matrices: products take transposes in, of their operands and of their result.

func.func @pixels_as_rows(%x: tensor<2x8x8x4xf32>) -> tensor<2x8x8x4xf32> {
  %w = graph.weight @w : tensor<4x1x1x4xf32>
  %y = graph.conv2d %x, %w {layout = #graph<layout nhwc>} : (tensor<2x8x8x4xf32>, tensor<4x1x1x4xf32>) -> tensor<2x8x8x4xf32>
  %i = graph.transpose %y {permutation = array<i64: 0, 3, 1, 2>} : (tensor<2x8x8x4xf32>) -> tensor<2x4x8x8xf32>
  %f = graph.reshape %i {shape_to = array<i64: 2, 4, 64>} : (tensor<2x4x8x8xf32>) -> tensor<2x4x64xf32>
  %t = graph.transpose %f {permutation = array<i64: 0, 2, 1>} : (tensor<2x4x64xf32>) -> tensor<2x64x4xf32>
  %p = graph.batch_matmul %t, %f : (tensor<2x64x4xf32>, tensor<2x4x64xf32>) -> tensor<2x64x64xf32>
  %m = graph.batch_matmul %f, %p {transpose_b = true} : (tensor<2x4x64xf32>, tensor<2x64x64xf32>) -> tensor<2x4x64xf32>
  %o = graph.reshape %m {shape_to = array<i64: 2, 4, 8, 8>} : (tensor<2x4x64xf32>) -> tensor<2x4x8x8xf32>
  %c = graph.max_pool2d %o {kernel = array<i64: 2, 2>, padding = array<i64: 0, 0, 1, 1>} : (tensor<2x4x8x8xf32>) -> tensor<2x4x8x8xf32>
  %r = graph.transpose %c {permutation = array<i64: 0, 2, 3, 1>} : (tensor<2x4x8x8xf32>) -> tensor<2x8x8x4xf32>
  func.return %r : tensor<2x8x8x4xf32>
}
// CHECK-LABEL: @pixels_as_rows
// CHECK:         %y = graph.conv2d %x, %w
// CHECK-NEXT:    [[ROWS:%.*]] = graph.reshape %y {shape_to = array<i64: 2, 64, 4>}
// CHECK-NEXT:    %p = graph.batch_matmul [[ROWS]], [[ROWS]] {transpose_b = true}
// CHECK-NEXT:    %m = graph.batch_matmul %p, [[ROWS]] : (tensor<2x64x64xf32>, tensor<2x64x4xf32>) -> tensor<2x64x4xf32>
// CHECK-NEXT:    [[IMAGE:%.*]] = graph.reshape %m {shape_to = array<i64: 2, 8, 8, 4>}
// CHECK-NEXT:    %c = graph.max_pool2d [[IMAGE]]
// CHECK-NEXT:    func.return %c

// -----

// A transpose to any other order starts from the image as it lies.

func.func @other_transpose(%x: tensor<2x8x6x4xf32>) -> tensor<8x2x4x6xf32> {
  %y = graph.max_pool2d %x {kernel = array<i64: 1, 1>, layout = #graph<layout nhwc>} : (tensor<2x8x6x4xf32>) -> tensor<2x8x6x4xf32>
  %i = graph.transpose %y {permutation = array<i64: 0, 3, 1, 2>} : (tensor<2x8x6x4xf32>) -> tensor<2x4x8x6xf32>
  %r = graph.transpose %i {permutation = array<i64: 2, 0, 1, 3>} : (tensor<2x4x8x6xf32>) -> tensor<8x2x4x6xf32>
  func.return %r : tensor<8x2x4x6xf32>
}
// CHECK-LABEL: @other_transpose
// CHECK-NEXT:    %y = graph.max_pool2d
// CHECK-NEXT:    %r = graph.transpose %y {permutation = array<i64: 1, 0, 3, 2>}
// CHECK-NEXT:    func.return %r

// -----

// A reduction may take dimensions away, as long as pictures and channels stay.

func.func @rows_of_pixels(%x: tensor<2x4x8x6xf32>, %b: tensor<4xf32>) -> tensor<2x4x6xf32> {
  %y = graph.max_pool2d %x {kernel = array<i64: 1, 1>} : (tensor<2x4x8x6xf32>) -> tensor<2x4x8x6xf32>
  %r = graph.reduce_mean %y {axes = array<i64: 2>, keepdims = false} : (tensor<2x4x8x6xf32>) -> tensor<2x4x6xf32>
  %s = graph.bias_add %r, %b : (tensor<2x4x6xf32>, tensor<4xf32>) -> tensor<2x4x6xf32>
  func.return %s : tensor<2x4x6xf32>
}
// CHECK-LABEL: @rows_of_pixels
// CHECK:         %r = graph.reduce_mean %y {axes = array<i64: 1>, keepdims = false} : (tensor<2x8x6x4xf32>) -> tensor<2x6x4xf32>
// CHECK-NEXT:    %s = graph.bias_add %r, %b {axis = 2 : i64}
// CHECK-NEXT:    [[S:%.*]] = graph.transpose %s {permutation = array<i64: 0, 2, 1>}
// CHECK-NEXT:    func.return [[S]]

// -----

// One that takes the pictures away needs the order of the model: its result is no image.

func.func @mean_picture(%x: tensor<2x4x8x6xf32>) -> tensor<4x8x6xf32> {
  %y = graph.max_pool2d %x {kernel = array<i64: 1, 1>} : (tensor<2x4x8x6xf32>) -> tensor<2x4x8x6xf32>
  %r = graph.reduce_mean %y {axes = array<i64: 0>, keepdims = false} : (tensor<2x4x8x6xf32>) -> tensor<4x8x6xf32>
  func.return %r : tensor<4x8x6xf32>
}
// CHECK-LABEL: @mean_picture
// CHECK:         [[Y:%.*]] = graph.transpose %y {permutation = array<i64: 0, 3, 1, 2>}
// CHECK-NEXT:    graph.reduce_mean [[Y]]

// -----

// An activation before the product behind flattened images changes nothing.

func.func @activation_of_rows(%x: tensor<2x7x7x4xf32>) -> tensor<2x10xf32> {
  %w = graph.weight @w : tensor<10x196xf32>
  %y = graph.max_pool2d %x {kernel = array<i64: 1, 1>, layout = #graph<layout nhwc>} : (tensor<2x7x7x4xf32>) -> tensor<2x7x7x4xf32>
  %i = graph.transpose %y {permutation = array<i64: 0, 3, 1, 2>} : (tensor<2x7x7x4xf32>) -> tensor<2x4x7x7xf32>
  %r = graph.reshape %i {shape_to = array<i64: 2, 196>} : (tensor<2x4x7x7xf32>) -> tensor<2x196xf32>
  %a = graph.relu %r : (tensor<2x196xf32>) -> tensor<2x196xf32>
  %z = graph.gemm %a, %w {transpose_b = true} : (tensor<2x196xf32>, tensor<10x196xf32>) -> tensor<2x10xf32>
  func.return %z : tensor<2x10xf32>
}
// CHECK-LABEL: @activation_of_rows
// CHECK:         %r = graph.reshape %y {shape_to = array<i64: 2, 196>}
// CHECK-NEXT:    %a = graph.relu %r
// CHECK-NEXT:    [[W:%.*]] = graph.reshape %w {shape_to = array<i64: 10, 4, 7, 7>}
// CHECK-NEXT:    [[COLUMNS:%.*]] = graph.transpose [[W]] {permutation = array<i64: 0, 2, 3, 1>}
// CHECK-NEXT:    [[V:%.*]] = graph.reshape [[COLUMNS]] {shape_to = array<i64: 10, 196>}
// CHECK-NEXT:    graph.gemm %a, [[V]] {transpose_b = true}

// -----

// A tensor that is read both as channels-first and as channels-last images is transposed for one of them.

func.func @read_as_both(%x: tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32> {
  %y = graph.max_pool2d %x {kernel = array<i64: 1, 1>, layout = #graph<layout nhwc>} : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  %z = graph.max_pool2d %x {kernel = array<i64: 1, 1>} : (tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  %s = graph.add %y, %z : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  func.return %s : tensor<1x8x8x8xf32>
}
// CHECK-LABEL: @read_as_both
// CHECK-NEXT:    %y = graph.max_pool2d %x {{.*}}layout = #graph<layout nhwc>
// CHECK-NEXT:    [[X:%.*]] = graph.transpose %x {permutation = array<i64: 0, 2, 3, 1>}
// CHECK-NEXT:    %z = graph.max_pool2d [[X]] {{.*}}layout = #graph<layout nhwc>
// CHECK-NEXT:    [[Z:%.*]] = graph.transpose %z {permutation = array<i64: 0, 3, 1, 2>}
// CHECK-NEXT:    graph.add %y, [[Z]]

// Every transpose that is left is remarked on, and how many there are.

// CHECK:      note: [assign-layout] graph.transpose: 192 elements move at the function's argument 0
// CHECK-NEXT: note: [assign-layout] graph.transpose: 144 elements move at the function's result, out of graph.conv2d
// CHECK-NEXT: note: [assign-layout] func.func: 1 operations changed their layout, transposes left: 2
// CHECK:      note: [assign-layout] graph.transpose: 288 elements move between graph.conv2d and graph.add
