// RUN: bolt-opt %s --split-input-file -p canonicalize | filecheck %s

// Movement that moves nothing.

func.func @identity_movement(%x: tensor<2x1x3xf32>) -> tensor<2x1x3xf32> {
  %a = graph.transpose %x {permutation = array<i64: 0, 1, 2>} : (tensor<2x1x3xf32>) -> tensor<2x1x3xf32>
  %b = graph.reshape %a {shape_to = array<i64: 2, 1, 3>} : (tensor<2x1x3xf32>) -> tensor<2x1x3xf32>
  %c = graph.slice %b {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 2, 1, 3>, strides = array<i64: 1, 1, 1>} : (tensor<2x1x3xf32>) -> tensor<2x1x3xf32>
  %d = graph.pad %c {low = array<i64: 0, 0, 0>, high = array<i64: 0, 0, 0>} : (tensor<2x1x3xf32>) -> tensor<2x1x3xf32>
  %e = graph.broadcast_to %d {shape_to = array<i64: 2, 1, 3>} : (tensor<2x1x3xf32>) -> tensor<2x1x3xf32>
  %f = graph.concat %e {axis = 0} : (tensor<2x1x3xf32>) -> tensor<2x1x3xf32>
  %g = graph.cast %f : (tensor<2x1x3xf32>) -> tensor<2x1x3xf32>
  %h = graph.resize %g {sizes = array<i64: 2, 1, 3>} : (tensor<2x1x3xf32>) -> tensor<2x1x3xf32>
  func.return %h : tensor<2x1x3xf32>
}
// CHECK-LABEL: @identity_movement
// CHECK-NEXT:    func.return %x

// -----

// A slice that reverses is no identity, nor is a transpose between equal extents.

func.func @no_identity(%x: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %a = graph.slice %x {offsets = array<i64: 0, 2>, sizes = array<i64: 3, 3>, strides = array<i64: 1, -1>} : (tensor<3x3xf32>) -> tensor<3x3xf32>
  %b = graph.transpose %a {permutation = array<i64: 1, 0>} : (tensor<3x3xf32>) -> tensor<3x3xf32>
  func.return %b : tensor<3x3xf32>
}
// CHECK-LABEL: @no_identity
// CHECK-NEXT:    graph.slice
// CHECK-NEXT:    graph.transpose

// -----

func.func @transposes(%x: tensor<2x3x4xf32>) -> (tensor<3x4x2xf32>, tensor<2x3x4xf32>) {
  %a = graph.transpose %x {permutation = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %b = graph.transpose %a {permutation = array<i64: 2, 0, 1>} : (tensor<4x2x3xf32>) -> tensor<3x4x2xf32>
  %c = graph.transpose %b {permutation = array<i64: 2, 0, 1>} : (tensor<3x4x2xf32>) -> tensor<2x3x4xf32>
  func.return %b, %c : tensor<3x4x2xf32>, tensor<2x3x4xf32>
}
// CHECK-LABEL: @transposes
// CHECK-NEXT:    %b = graph.transpose %x {permutation = array<i64: 1, 2, 0>}
// CHECK-NEXT:    func.return %b, %x

// -----

func.func @transpose_that_moves_only_ones(%x: tensor<2x1x3x1xf32>) -> tensor<1x2x1x3xf32> {
  %a = graph.transpose %x {permutation = array<i64: 1, 0, 3, 2>} : (tensor<2x1x3x1xf32>) -> tensor<1x2x1x3xf32>
  func.return %a : tensor<1x2x1x3xf32>
}
// CHECK-LABEL: @transpose_that_moves_only_ones
// CHECK-NEXT:    graph.reshape %x {shape_to = array<i64: 1, 2, 1, 3>}

// -----

// A vision transformer's tokens are the image as it lies in memory.

func.func @tokens(%x: tensor<1x4x5x6xf32>) -> tensor<1x20x6xf32> {
  %a = graph.transpose %x {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x4x5x6xf32>) -> tensor<1x6x4x5xf32>
  %b = graph.reshape %a {shape_to = array<i64: 1, 6, 20>} : (tensor<1x6x4x5xf32>) -> tensor<1x6x20xf32>
  %c = graph.transpose %b {permutation = array<i64: 0, 2, 1>} : (tensor<1x6x20xf32>) -> tensor<1x20x6xf32>
  func.return %c : tensor<1x20x6xf32>
}
// CHECK-LABEL: @tokens
// CHECK-NEXT:    %c = graph.reshape %x {shape_to = array<i64: 1, 20, 6>}
// CHECK-NEXT:    func.return %c

// -----

func.func @reshapes(%x: tensor<2x6xf32>) -> tensor<4x3xf32> {
  %a = graph.reshape %x {shape_to = array<i64: 12>} : (tensor<2x6xf32>) -> tensor<12xf32>
  %b = graph.reshape %a {shape_to = array<i64: 4, 3>} : (tensor<12xf32>) -> tensor<4x3xf32>
  func.return %b : tensor<4x3xf32>
}
// CHECK-LABEL: @reshapes
// CHECK-NEXT:    graph.reshape %x {shape_to = array<i64: 4, 3>}
// CHECK-NEXT:    func.return

// -----

func.func @slices(%x: tensor<10xf32>) -> tensor<2xf32> {
  %a = graph.slice %x {offsets = array<i64: 1>, sizes = array<i64: 4>, strides = array<i64: 2>} : (tensor<10xf32>) -> tensor<4xf32>
  %b = graph.slice %a {offsets = array<i64: 3>, sizes = array<i64: 2>, strides = array<i64: -2>} : (tensor<4xf32>) -> tensor<2xf32>
  func.return %b : tensor<2xf32>
}
// CHECK-LABEL: @slices
// CHECK-NEXT:    graph.slice %x {offsets = array<i64: 7>, sizes = array<i64: 2>, strides = array<i64: -4>}

// -----

func.func @pads(%x: tensor<2xf32>) -> (tensor<9xf32>, tensor<6xf32>) {
  %a = graph.pad %x {low = array<i64: 1>, high = array<i64: 2>} : (tensor<2xf32>) -> tensor<5xf32>
  %b = graph.pad %a {low = array<i64: 0>, high = array<i64: 4>} : (tensor<5xf32>) -> tensor<9xf32>
  %c = graph.pad %a {low = array<i64: 0>, high = array<i64: 1>, value = 1.0 : f32} : (tensor<5xf32>) -> tensor<6xf32>
  func.return %b, %c : tensor<9xf32>, tensor<6xf32>
}
// CHECK-LABEL: @pads
// CHECK-NEXT:    %a = graph.pad %x
// CHECK-NEXT:    %b = graph.pad %x {low = array<i64: 1>, high = array<i64: 6>}
// CHECK-NEXT:    %c = graph.pad %a

// -----

func.func @broadcast_operand(%x: tensor<1x3xf32>, %y: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %a = graph.broadcast_to %x {shape_to = array<i64: 2, 3>} : (tensor<1x3xf32>) -> tensor<2x3xf32>
  %b = graph.add %a, %y : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %c = graph.mul %x, %a : (tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return %b, %c : tensor<2x3xf32>, tensor<2x3xf32>
}
// CHECK-LABEL: @broadcast_operand
// CHECK-NEXT:    %a = graph.broadcast_to
// CHECK-NEXT:    %b = graph.add %x, %y
// CHECK-NEXT:    %c = graph.mul %x, %a

// -----

// A cast that loses nothing is no stop on the way; one that rounds is.

func.func @casts(%x: tensor<2xf16>, %y: tensor<2xf32>) -> (tensor<2xf16>, tensor<2xbf16>, tensor<2xf32>) {
  %a = graph.cast %x : (tensor<2xf16>) -> tensor<2xf32>
  %b = graph.cast %a : (tensor<2xf32>) -> tensor<2xf16>
  %c = graph.cast %a : (tensor<2xf32>) -> tensor<2xbf16>
  %d = graph.cast %y : (tensor<2xf32>) -> tensor<2xf16>
  %e = graph.cast %d : (tensor<2xf16>) -> tensor<2xf32>
  func.return %b, %c, %e : tensor<2xf16>, tensor<2xbf16>, tensor<2xf32>
}
// CHECK-LABEL: @casts
// CHECK-NEXT:    %c = graph.cast %x : (tensor<2xf16>) -> tensor<2xbf16>
// CHECK-NEXT:    %d = graph.cast %y
// CHECK-NEXT:    %e = graph.cast %d
// CHECK-NEXT:    func.return %x, %c, %e

// -----

func.func @neutral_operands(%x: tensor<2xf32>) -> tensor<2xf32> {
  %zero = graph.constant dense<0.0> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<1xf32>
  %a = graph.add %zero, %x : (tensor<f32>, tensor<2xf32>) -> tensor<2xf32>
  %b = graph.sub %a, %zero : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %c = graph.mul %b, %one : (tensor<2xf32>, tensor<1xf32>) -> tensor<2xf32>
  %d = graph.div %c, %one : (tensor<2xf32>, tensor<1xf32>) -> tensor<2xf32>
  %e = graph.pow %d, %one : (tensor<2xf32>, tensor<1xf32>) -> tensor<2xf32>
  func.return %e : tensor<2xf32>
}
// CHECK-LABEL: @neutral_operands
// CHECK-NEXT:    func.return %x

// -----

// Not where the constant gives the result its shape, nor where it is the left operand.

func.func @needed_constants(%x: tensor<1xf32>) -> (tensor<3xf32>, tensor<1xf32>) {
  %zero = graph.constant dense<0.0> : tensor<3xf32>
  %one = graph.constant dense<1.0> : tensor<1xf32>
  %a = graph.add %x, %zero : (tensor<1xf32>, tensor<3xf32>) -> tensor<3xf32>
  %b = graph.div %one, %x : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  func.return %a, %b : tensor<3xf32>, tensor<1xf32>
}
// CHECK-LABEL: @needed_constants
// CHECK:         graph.add
// CHECK-NEXT:    graph.div

// -----

// Division by a power of two is exactly a multiplication; by others it is not.

func.func @divisions(%x: tensor<2xf32>) -> tensor<2xf32> {
  %eight = graph.constant dense<8.0> : tensor<f32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %a = graph.div %x, %eight : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %b = graph.div %a, %three : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  func.return %b : tensor<2xf32>
}
// CHECK-LABEL: @divisions
// CHECK:         [[EIGHTH:%.*]] = graph.constant dense<1.250000e-01>
// CHECK-NEXT:    %a = graph.mul %x, [[EIGHTH]]
// CHECK-NEXT:    graph.div %a, %three

// -----

func.func @cheaper_forms(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %two = graph.constant dense<2.0> : tensor<f32>
  %a = graph.pow %x, %two : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %s = graph.sqrt %x : (tensor<2xf32>) -> tensor<2xf32>
  %b = graph.reciprocal %s : (tensor<2xf32>) -> tensor<2xf32>
  %n = graph.neg %x : (tensor<2xf32>) -> tensor<2xf32>
  %c = graph.neg %n : (tensor<2xf32>) -> tensor<2xf32>
  func.return %a, %b, %c : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}
// CHECK-LABEL: @cheaper_forms
// CHECK-NEXT:    %a = graph.mul %x, %x
// CHECK-NEXT:    %b = graph.rsqrt %x
// CHECK-NEXT:    func.return %a, %b, %x

// -----

func.func @clamps(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %six = graph.constant dense<6.0> : tensor<f32>
  %a = graph.clip %x {min = 0.0 : f32} : (tensor<2xf32>) -> tensor<2xf32>
  %b = graph.relu %a : (tensor<2xf32>) -> tensor<2xf32>
  %c = graph.minimum %six, %b : (tensor<f32>, tensor<2xf32>) -> tensor<2xf32>
  %d = graph.clip %x {min = -1.0 : f32, max = 4.0 : f32} : (tensor<2xf32>) -> tensor<2xf32>
  %e = graph.clip %d {min = 0.0 : f32, max = 9.0 : f32} : (tensor<2xf32>) -> tensor<2xf32>
  func.return %b, %c, %e : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}
// CHECK-LABEL: @clamps
// CHECK-NEXT:    %b = graph.relu %x
// CHECK-NEXT:    %c = graph.clip %x {min = 0.000000e+00 : f32, max = 6.000000e+00 : f32}
// CHECK-NEXT:    %e = graph.clip %x {min = 0.000000e+00 : f32, max = 4.000000e+00 : f32}
// CHECK-NEXT:    func.return %b, %c, %e

// -----

func.func @bias_of_convolution(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = graph.weight @w : tensor<2x3x1x1xf32>
  %b = graph.weight @b : tensor<1x2x1x1xf32>
  %c = graph.conv2d %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = graph.add %b, %c : (tensor<1x2x1x1xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %y : tensor<1x2x4x4xf32>
}
// CHECK-LABEL: @bias_of_convolution
// CHECK:         [[B:%.*]] = graph.reshape %b {shape_to = array<i64: 2>}
// CHECK:         graph.bias_add %c, [[B]] :

// -----

func.func @bias_of_product(%x: tensor<4x3xf32>, %v: tensor<2xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %w = graph.weight @w : tensor<3x2xf32>
  %b = graph.weight @b : tensor<2xf32>
  %c = graph.gemm %x, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
  %y = graph.add %c, %b : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %z = graph.add %c, %v : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  func.return %y, %z : tensor<4x2xf32>, tensor<4x2xf32>
}
// CHECK-LABEL: @bias_of_product
// CHECK:         %y = graph.bias_add %c, %b :
// CHECK-NEXT:    %z = graph.add %c, %v

// -----

func.func @padding_of_convolution(%x: tensor<1x4x4x3xf32>) -> tensor<1x7x6x2xf32> {
  %w = graph.weight @w : tensor<2x1x1x3xf32>
  %p = graph.pad %x {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 2, 0>} : (tensor<1x4x4x3xf32>) -> tensor<1x5x6x3xf32>
  %c = graph.conv2d %p, %w {padding = array<i64: 1, 0, 1, 0>, layout = #graph<layout nhwc>} : (tensor<1x5x6x3xf32>, tensor<2x1x1x3xf32>) -> tensor<1x7x6x2xf32>
  func.return %c : tensor<1x7x6x2xf32>
}
// CHECK-LABEL: @padding_of_convolution
// CHECK:         graph.conv2d %x, %w {padding = array<i64: 2, 0, 1, 2>, layout = #graph<layout nhwc>}

// -----

// Channels and other values are no padding.

func.func @padding_of_channels(%x: tensor<1x4x4x3xf32>) -> tensor<1x4x4x2xf32> {
  %w = graph.weight @w : tensor<2x1x1x4xf32>
  %p = graph.pad %x {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 0, 0, 1>} : (tensor<1x4x4x3xf32>) -> tensor<1x4x4x4xf32>
  %c = graph.conv2d %p, %w {layout = #graph<layout nhwc>} : (tensor<1x4x4x4xf32>, tensor<2x1x1x4xf32>) -> tensor<1x4x4x2xf32>
  func.return %c : tensor<1x4x4x2xf32>
}
// CHECK-LABEL: @padding_of_channels
// CHECK:         graph.pad

// -----

func.func @products(%x: tensor<3x4xf32>, %y: tensor<3x5xf32>) -> tensor<4x5xf32> {
  %t = graph.transpose %x {permutation = array<i64: 1, 0>} : (tensor<3x4xf32>) -> tensor<4x3xf32>
  %z = graph.batch_matmul %t, %y : (tensor<4x3xf32>, tensor<3x5xf32>) -> tensor<4x5xf32>
  func.return %z : tensor<4x5xf32>
}
// CHECK-LABEL: @products
// CHECK-NEXT:    graph.gemm %x, %y {transpose_a = true}

// -----

// A product reads the keys' rows as columns, so that the transpose only moves rows: those of each head.

func.func @heads_of_product(%q: tensor<2x3x5x8xf32>, %k: tensor<2x6x3x8xf32>) -> tensor<2x3x5x6xf32> {
  %t = graph.transpose %k {permutation = array<i64: 0, 2, 3, 1>} : (tensor<2x6x3x8xf32>) -> tensor<2x3x8x6xf32>
  %p = graph.batch_matmul %q, %t : (tensor<2x3x5x8xf32>, tensor<2x3x8x6xf32>) -> tensor<2x3x5x6xf32>
  func.return %p : tensor<2x3x5x6xf32>
}
// CHECK-LABEL: @heads_of_product
// CHECK-NEXT:    [[K:%.*]] = graph.transpose %k {permutation = array<i64: 0, 2, 1, 3>}
// CHECK-NEXT:    graph.batch_matmul %q, [[K]] {transpose_b = true}

// -----

// Where something else needs the columns, a second transpose would cost more.

func.func @columns_are_needed(%q: tensor<2x3x5x8xf32>, %k: tensor<2x6x3x8xf32>) -> (tensor<2x3x5x6xf32>, tensor<2x3x8x6xf32>) {
  %t = graph.transpose %k {permutation = array<i64: 0, 2, 3, 1>} : (tensor<2x6x3x8xf32>) -> tensor<2x3x8x6xf32>
  %p = graph.batch_matmul %q, %t : (tensor<2x3x5x8xf32>, tensor<2x3x8x6xf32>) -> tensor<2x3x5x6xf32>
  func.return %p, %t : tensor<2x3x5x6xf32>, tensor<2x3x8x6xf32>
}
// CHECK-LABEL: @columns_are_needed
// CHECK-NEXT:    %t = graph.transpose %k {permutation = array<i64: 0, 2, 3, 1>}
// CHECK-NEXT:    %p = graph.batch_matmul %q, %t :

// -----

func.func @reductions(%x: tensor<2x3x4x1xf32>) -> (tensor<2x3x1x1xf32>, tensor<2x3x4x1xf32>) {
  %a = graph.reduce_mean %x {axes = array<i64: 2, -1>} : (tensor<2x3x4x1xf32>) -> tensor<2x3x1x1xf32>
  %b = graph.reduce_max %x {axes = array<i64: 3>} : (tensor<2x3x4x1xf32>) -> tensor<2x3x4x1xf32>
  func.return %a, %b : tensor<2x3x1x1xf32>, tensor<2x3x4x1xf32>
}
// CHECK-LABEL: @reductions
// CHECK-NEXT:    %a = graph.global_avg_pool2d %x
// CHECK-NEXT:    func.return %a, %x

// -----

// A cast to fewer bits goes behind what only moves elements: the kernel that moves them stores them, too.

func.func @narrowing_cast(%x: tensor<1x3x4x4xf32>) -> (tensor<4x4x3xf16>, tensor<1x3x5x4xf16>, tensor<1x4x4x3xf32>) {
  %a = graph.cast %x : (tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf16>
  %r = graph.reshape %a {shape_to = array<i64: 3, 4, 4>} : (tensor<1x3x4x4xf16>) -> tensor<3x4x4xf16>
  %b = graph.transpose %r {permutation = array<i64: 1, 2, 0>} : (tensor<3x4x4xf16>) -> tensor<4x4x3xf16>
  %c = graph.cast %x : (tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf16>
  %d = graph.pad %c {low = array<i64: 0, 0, 1, 0>, high = array<i64: 0, 0, 0, 0>} : (tensor<1x3x4x4xf16>) -> tensor<1x3x5x4xf16>
  %e = graph.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x3x4x4xf32>) -> tensor<1x4x4x3xf32>
  func.return %b, %d, %e : tensor<4x4x3xf16>, tensor<1x3x5x4xf16>, tensor<1x4x4x3xf32>
}
// CHECK-LABEL: @narrowing_cast
// CHECK-NEXT:    [[R:%.*]] = graph.reshape %x {{.*}} -> tensor<3x4x4xf32>
// CHECK-NEXT:    [[B:%.*]] = graph.transpose [[R]] {{.*}} -> tensor<4x4x3xf32>
// CHECK-NEXT:    [[B16:%.*]] = graph.cast [[B]]
// CHECK-NEXT:    [[D:%.*]] = graph.pad %x {{.*}} -> tensor<1x3x5x4xf32>
// CHECK-NEXT:    [[D16:%.*]] = graph.cast [[D]]

// -----

// Windows and images of one pixel pool nothing.

func.func @pixel_pooling(%x: tensor<1x2x3x4xf32>, %p: tensor<1x2x1x1xf32>) -> (tensor<1x2x3x4xf32>, tensor<1x2x2x2xf32>, tensor<1x2x1x1xf32>) {
  %a = graph.avg_pool2d %x {kernel = array<i64: 1, 1>} : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %b = graph.max_pool2d %x {kernel = array<i64: 1, 1>, strides = array<i64: 2, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x2x2x2xf32>
  %c = graph.global_avg_pool2d %p : (tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  func.return %a, %b, %c : tensor<1x2x3x4xf32>, tensor<1x2x2x2xf32>, tensor<1x2x1x1xf32>
}
// CHECK-LABEL: @pixel_pooling
// CHECK-NEXT:    %b = graph.max_pool2d %x
// CHECK-NEXT:    func.return %x, %b, %p

// -----

// Constants that are added one after the other are added to each other.

func.func @sums(%x: tensor<2x4x8xf32>) -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>) {
  %b = graph.weight @b : tensor<8xf32>
  %c = graph.weight @c : tensor<1x1x8xf32>
  %d = graph.weight @d : tensor<4x8xf32>
  %p = graph.bias_add %x, %b {axis = 2} : (tensor<2x4x8xf32>, tensor<8xf32>) -> tensor<2x4x8xf32>
  %q = graph.add %p, %c : (tensor<2x4x8xf32>, tensor<1x1x8xf32>) -> tensor<2x4x8xf32>
  %r = graph.add %x, %c : (tensor<2x4x8xf32>, tensor<1x1x8xf32>) -> tensor<2x4x8xf32>
  %s = graph.add %d, %r : (tensor<4x8xf32>, tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  func.return %q, %s : tensor<2x4x8xf32>, tensor<2x4x8xf32>
}
// CHECK-LABEL: @sums
// CHECK:         [[C:%.*]] = graph.reshape %c {shape_to = array<i64: 8>}
// CHECK-NEXT:    [[B:%.*]] = graph.add %b, [[C]] : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
// CHECK-NEXT:    graph.bias_add %x, [[B]] {axis = 2 : i64}
// CHECK-NEXT:    [[E:%.*]] = graph.reshape %c {shape_to = array<i64: 8>}
// CHECK-NEXT:    [[D:%.*]] = graph.add [[E]], %d : (tensor<8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
// CHECK-NEXT:    graph.add %x, [[D]]

// -----

// Two biased convolutions that meet need one bias.

func.func @shortcut(%x: tensor<1x2x4x4xf32>, %y: tensor<1x2x4x4xf32>, %w: tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %b = graph.weight @b : tensor<2xf32>
  %c = graph.weight @c : tensor<2xf32>
  %p = graph.conv2d %x, %w : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %q = graph.bias_add %p, %b : (tensor<1x2x4x4xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %r = graph.conv2d %y, %w : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %s = graph.bias_add %r, %c : (tensor<1x2x4x4xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %t = graph.add %q, %s : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  func.return %t : tensor<1x2x4x4xf32>
}
// CHECK-LABEL: @shortcut
// CHECK:         [[P:%.*]] = graph.conv2d %x
// CHECK-NEXT:    [[R:%.*]] = graph.conv2d %y
// CHECK-NEXT:    [[S:%.*]] = graph.add [[P]], [[R]]
// CHECK-NEXT:    [[B:%.*]] = graph.add %b, %c
// CHECK-NEXT:    graph.bias_add [[S]], [[B]]

// -----

// Not if their sum is larger than both.

func.func @larger_sum(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %b = graph.weight @b : tensor<8xf32>
  %c = graph.weight @c : tensor<4x1xf32>
  %p = graph.add %x, %b : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %q = graph.add %p, %c : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  func.return %q : tensor<4x8xf32>
}
// CHECK-LABEL: @larger_sum
// CHECK:         [[P:%.*]] = graph.add %x, %b
// CHECK-NEXT:    graph.add [[P]], %c

// -----

// A mask is computed on as few elements as it has, and broadcast where it is added.

func.func @mask(%scores: tensor<2x4x5x5xf32>, %seen: tensor<2x1x1x5xi1>) -> tensor<2x4x5x5xf32> {
  %zero = graph.constant dense<0.0> : tensor<f32>
  %lowest = graph.constant dense<-1.0> : tensor<1xf32>
  %wide = graph.broadcast_to %seen {shape_to = array<i64: 2, 1, 5, 5>} : (tensor<2x1x1x5xi1>) -> tensor<2x1x5x5xi1>
  %hidden = graph.not %wide : (tensor<2x1x5x5xi1>) -> tensor<2x1x5x5xi1>
  %mask = graph.where %hidden, %lowest, %zero : (tensor<2x1x5x5xi1>, tensor<1xf32>, tensor<f32>) -> tensor<2x1x5x5xf32>
  %sum = graph.add %scores, %mask : (tensor<2x4x5x5xf32>, tensor<2x1x5x5xf32>) -> tensor<2x4x5x5xf32>
  func.return %sum : tensor<2x4x5x5xf32>
}
// CHECK-LABEL: @mask
// CHECK:         [[HIDDEN:%.*]] = graph.not %seen : (tensor<2x1x1x5xi1>) -> tensor<2x1x1x5xi1>
// CHECK-NEXT:    [[MASK:%.*]] = graph.where [[HIDDEN]], %lowest, %zero
// CHECK-NEXT:    graph.add %scores, [[MASK]] : (tensor<2x4x5x5xf32>, tensor<2x1x1x5xf32>) -> tensor<2x4x5x5xf32>

// -----

// What is no elementwise operation reads the broadcast tensor, so one kernel computes it.

func.func @broadcast_is_needed(%x: tensor<1x4xf32>, %w: tensor<4x4xf32>) -> tensor<3x4xf32> {
  %a = graph.broadcast_to %x {shape_to = array<i64: 3, 4>} : (tensor<1x4xf32>) -> tensor<3x4xf32>
  %b = graph.tanh %a : (tensor<3x4xf32>) -> tensor<3x4xf32>
  %c = graph.gemm %b, %w : (tensor<3x4xf32>, tensor<4x4xf32>) -> tensor<3x4xf32>
  func.return %c : tensor<3x4xf32>
}
// CHECK-LABEL: @broadcast_is_needed
// CHECK-NEXT:    %a = graph.broadcast_to %x
// CHECK-NEXT:    %b = graph.tanh %a
