// Every rule of the `graph` dialect, broken once.
//
// RUN: bolt-opt --verify-diagnostics --split-input-file %s | filecheck %s

// Tensors.

// CHECK: 'graph.relu': dynamic shape in tensor<?x4xf32>; specialise the model to fixed shapes first
func.func @main(%x: tensor<?x4xf32>) {
  %y = graph.relu %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  func.return
}

// -----

// CHECK: 'graph.weight': dynamic shape in tensor<?xf32>; specialise the model to fixed shapes first
func.func @main() {
  %y = graph.weight @w : tensor<?xf32>
  func.return
}

// -----

// CHECK: tensor<*xf32> should be of base attribute tensor
func.func @main(%x: tensor<*xf32>) {
  %y = graph.relu %x : (tensor<*xf32>) -> tensor<*xf32>
  func.return
}

// -----

// CHECK: 'graph.relu': tensor<0x4xf32> has no elements
func.func @main(%x: tensor<0x4xf32>) {
  %y = graph.relu %x : (tensor<0x4xf32>) -> tensor<0x4xf32>
  func.return
}

// -----

// CHECK: 'graph.relu': tensor<65536x32768xf32> has more than 2147483647 elements
func.func @main(%x: tensor<65536x32768xf32>) {
  %y = graph.relu %x : (tensor<65536x32768xf32>) -> tensor<65536x32768xf32>
  func.return
}

// -----

// CHECK: 'graph.relu': elements of f64 are not supported; supported are f32, f16, bf16, i64, i32, i8, ui8, i1
func.func @main(%x: tensor<4xf64>) {
  %y = graph.relu %x : (tensor<4xf64>) -> tensor<4xf64>
  func.return
}

// -----

// CHECK: 'graph.cast': elements of ui16 are not supported; supported are
func.func @main(%x: tensor<4xf32>) {
  %y = graph.cast %x : (tensor<4xf32>) -> tensor<4xui16>
  func.return
}

// -----

// CHECK: 'graph.relu': tensor<4xf32, "csr"> has an encoding; tensors are dense and row-major
func.func @main(%x: tensor<4xf32, "csr">) {
  %y = graph.relu %x : (tensor<4xf32, "csr">) -> tensor<4xf32, "csr">
  func.return
}

// -----

// CHECK: 'graph.relu': result type is tensor<4xf16>, the operands and attributes give tensor<4xf32>
func.func @main(%x: tensor<4xf32>) {
  %y = graph.relu %x : (tensor<4xf32>) -> tensor<4xf16>
  func.return
}

// -----

// Attributes.

// CHECK: 'graph.conv2d': unknown attribute 'stride'; known are strides, padding, dilations, groups, layout
func.func @main(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) {
  %y = graph.conv2d %x, %w {stride = array<i64: 2, 2>} : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.relu': unknown attribute 'alpha'
func.func @main(%x: tensor<4xf32>) {
  %y = graph.relu %x {alpha = 1.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

// CHECK: 'graph.transpose': property 'permutation' expected in operation 'graph.transpose'
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.transpose %x : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: expected a number such as 1.0 : f32.
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.elu %x {alpha = 1.0 : f64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: expected an integer such as 1 : i64.
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.softmax %x {axis = 1 : i32} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: expected integers such as array<i64: 1, 2>.
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.transpose %x {permutation = [1, 0]} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: expected true or false.
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.gemm %x, %x {transpose_a = 1 : i64} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// Values.

// CHECK: 'graph.weight': a weight's symbol is one name, got @module::@w
func.func @main() {
  %y = graph.weight @module::@w : tensor<4xf32>
  func.return
}

// -----

// CHECK: 'graph.constant': a constant is a tensor, got vector<2xf32>
func.func @main() {
  %y = graph.constant dense<[1.0, 2.0]> : vector<2xf32>
  func.return
}

// -----

// Elementwise.

// CHECK: 'graph.exp': expected floating-point elements, got tensor<4xi32>
func.func @main(%x: tensor<4xi32>) {
  %y = graph.exp %x : (tensor<4xi32>) -> tensor<4xi32>
  func.return
}

// -----

// CHECK: 'graph.neg': expected numbers, got truth values: tensor<4xi1>
func.func @main(%x: tensor<4xi1>) {
  %y = graph.neg %x : (tensor<4xi1>) -> tensor<4xi1>
  func.return
}

// -----

// CHECK: 'graph.not': expected truth values (i1), got tensor<4xi32>
func.func @main(%x: tensor<4xi32>) {
  %y = graph.not %x : (tensor<4xi32>) -> tensor<4xi32>
  func.return
}

// -----

// CHECK: 'graph.clip': min 6.0 must not be above max 0.0
func.func @main(%x: tensor<4xf32>) {
  %y = graph.clip %x {min = 6.0 : f32, max = 0.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

// CHECK: 'graph.clip': min nan must not be above max inf
func.func @main(%x: tensor<4xf32>) {
  %y = graph.clip %x {min = 0x7fc00000 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

// CHECK: 'graph.cast': cannot cast tensor<4xf32> to elements of index
func.func @main(%x: tensor<4xf32>) {
  %y = graph.cast %x : (tensor<4xf32>) -> tensor<4xindex>
  func.return
}

// -----

// CHECK: 'graph.add': element types differ: f32 and f16
func.func @main(%x: tensor<4xf32>, %y: tensor<4xf16>) {
  %z = graph.add %x, %y : (tensor<4xf32>, tensor<4xf16>) -> tensor<4xf32>
  func.return
}

// -----

// CHECK: 'graph.add': shapes 2x3 and 2x4 do not broadcast
func.func @main(%x: tensor<2x3xf32>, %y: tensor<2x4xf32>) {
  %z = graph.add %x, %y : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return
}

// -----

// CHECK: 'graph.mul': expected numbers, got truth values: tensor<4xi1>
func.func @main(%x: tensor<4xi1>, %y: tensor<4xi1>) {
  %z = graph.mul %x, %y : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}

// -----

// CHECK: 'graph.pow': expected floating-point elements, got i32
func.func @main(%x: tensor<4xi32>, %y: tensor<4xi32>) {
  %z = graph.pow %x, %y : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  func.return
}

// -----

// CHECK: 'graph.less': expected numbers, got truth values: tensor<4xi1>
func.func @main(%x: tensor<4xi1>, %y: tensor<4xi1>) {
  %z = graph.less %x, %y : (tensor<4xi1>, tensor<4xi1>) -> tensor<4xi1>
  func.return
}

// -----

// CHECK: 'graph.equal': result type is tensor<4xf32>, the operands and attributes give tensor<4xi1>
func.func @main(%x: tensor<4xf32>, %y: tensor<4xf32>) {
  %z = graph.equal %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

// CHECK: 'graph.and': expected truth values (i1), got i32
func.func @main(%x: tensor<4xi32>, %y: tensor<4xi32>) {
  %z = graph.and %x, %y : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  func.return
}

// -----

// CHECK: 'graph.where': the condition must hold truth values (i1), got tensor<4xf32>
func.func @main(%x: tensor<4xf32>) {
  %y = graph.where %x, %x, %x : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return
}

// -----

// Quantisation.

// CHECK: 'graph.quantize': expected floating-point elements, got tensor<4xi32>
func.func @main(%x: tensor<4xi32>, %s: tensor<f32>, %z: tensor<i8>) {
  %y = graph.quantize %x, %s, %z : (tensor<4xi32>, tensor<f32>, tensor<i8>) -> tensor<4xi8>
  func.return
}

// -----

// CHECK: 'graph.quantize': the zero point has the result's type, which must be i8 or ui8, not i32
func.func @main(%x: tensor<4xf32>, %s: tensor<f32>, %z: tensor<i32>) {
  %y = graph.quantize %x, %s, %z : (tensor<4xf32>, tensor<f32>, tensor<i32>) -> tensor<4xi32>
  func.return
}

// -----

// CHECK: 'graph.dequantize': expected i8, ui8 or i32 and a zero point of that type, got i8 and i32
func.func @main(%x: tensor<4xi8>, %s: tensor<f32>, %z: tensor<i32>) {
  %y = graph.dequantize %x, %s, %z : (tensor<4xi8>, tensor<f32>, tensor<i32>) -> tensor<4xf32>
  func.return
}

// -----

// CHECK: 'graph.dequantize': shapes 4 and 3 and scalar do not broadcast
func.func @main(%x: tensor<4xi8>, %s: tensor<3xf32>, %z: tensor<i8>) {
  %y = graph.dequantize %x, %s, %z : (tensor<4xi8>, tensor<3xf32>, tensor<i8>) -> tensor<4xf32>
  func.return
}

// -----

// Matrix products.

// CHECK: 'graph.gemm': A must have 2 dimensions, got tensor<1x8x8xf32>
func.func @main(%x: tensor<1x8x8xf32>, %y: tensor<8x8xf32>) {
  %z = graph.gemm %x, %y : (tensor<1x8x8xf32>, tensor<8x8xf32>) -> tensor<1x8x8xf32>
  func.return
}

// -----

// CHECK: 'graph.gemm': inner dimensions differ: A has K = 8, B has K = 4
func.func @main(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) {
  %z = graph.gemm %x, %y : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  func.return
}

// -----

// CHECK: 'graph.batch_matmul': a matrix product needs matrices, got shapes [8] and [8, 8]
func.func @main(%x: tensor<8xf32>, %y: tensor<8x8xf32>) {
  %z = graph.batch_matmul %x, %y : (tensor<8xf32>, tensor<8x8xf32>) -> tensor<8xf32>
  func.return
}

// -----

// CHECK: 'graph.batch_matmul': shapes 2 and 3 do not broadcast
func.func @main(%x: tensor<2x4x4xf32>, %y: tensor<3x4x4xf32>) {
  %z = graph.batch_matmul %x, %y : (tensor<2x4x4xf32>, tensor<3x4x4xf32>) -> tensor<3x4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.gemm': expected numbers, got truth values: tensor<4x4xi1>
func.func @main(%x: tensor<4x4xi1>, %y: tensor<4x4xi1>) {
  %z = graph.gemm %x, %y : (tensor<4x4xi1>, tensor<4x4xi1>) -> tensor<4x4xi1>
  func.return
}

// -----

// CHECK: 'graph.bias_add': the bias must have 1 dimensions, got tensor<1x4xf32>
func.func @main(%x: tensor<4x4xf32>, %y: tensor<1x4xf32>) {
  %z = graph.bias_add %x, %y : (tensor<4x4xf32>, tensor<1x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.bias_add': the bias has 3 values, axis 1 of tensor<4x4xf32> has 4
func.func @main(%x: tensor<4x4xf32>, %y: tensor<3xf32>) {
  %z = graph.bias_add %x, %y : (tensor<4x4xf32>, tensor<3xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.bias_add': axis 2 is outside a tensor of 2 dimensions
func.func @main(%x: tensor<4x4xf32>, %y: tensor<4xf32>) {
  %z = graph.bias_add %x, %y {axis = 2 : i64} : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// Convolutions.

// CHECK: 'graph.conv2d': expected floating-point elements, got tensor<1x8x6x6xi8>
func.func @main(%x: tensor<1x8x6x6xi8>, %y: tensor<16x8x3x3xi8>) {
  %z = graph.conv2d %x, %y : (tensor<1x8x6x6xi8>, tensor<16x8x3x3xi8>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv2d': strides must be 2 integers >= 1, got [2]
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<16x8x3x3xf16>) {
  %z = graph.conv2d %x, %y {strides = array<i64: 2>} : (tensor<1x8x6x6xf16>, tensor<16x8x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv2d': padding must be 4 integers >= 0, got [1, -1, 0, 0]
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<16x8x3x3xf16>) {
  %z = graph.conv2d %x, %y {padding = array<i64: 1, -1, 0, 0>} : (tensor<1x8x6x6xf16>, tensor<16x8x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv2d': dilations must be 2 integers >= 1, got [0, 1]
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<16x8x3x3xf16>) {
  %z = graph.conv2d %x, %y {dilations = array<i64: 0, 1>} : (tensor<1x8x6x6xf16>, tensor<16x8x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv2d': groups must be >= 1, got 0
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<16x8x3x3xf16>) {
  %z = graph.conv2d %x, %y {groups = 0 : i64} : (tensor<1x8x6x6xf16>, tensor<16x8x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv2d': the input must have 4 dimensions, got tensor<8x6x6xf16>
func.func @main(%x: tensor<8x6x6xf16>, %y: tensor<16x8x3x3xf16>) {
  %z = graph.conv2d %x, %y : (tensor<8x6x6xf16>, tensor<16x8x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv2d': the filter must have 4 dimensions, got tensor<16x8x9xf16>
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<16x8x9xf16>) {
  %z = graph.conv2d %x, %y : (tensor<1x8x6x6xf16>, tensor<16x8x9xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv2d': the input has 8 channels, the filter takes 4 in 1 groups
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<16x4x3x3xf16>) {
  %z = graph.conv2d %x, %y : (tensor<1x8x6x6xf16>, tensor<16x4x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv2d': 15 output channels do not divide into 2 groups
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<15x4x3x3xf16>) {
  %z = graph.conv2d %x, %y {groups = 2 : i64} : (tensor<1x8x6x6xf16>, tensor<15x4x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv2d': a window of 7 does not fit into 6 elements with padding 0
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<16x8x3x3xf16>) {
  %z = graph.conv2d %x, %y {dilations = array<i64: 3, 1>} : (tensor<1x8x6x6xf16>, tensor<16x8x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv2d': the input has 6 channels, the filter takes 8 in 1 groups
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<16x3x3x8xf16>) {
  %z = graph.conv2d %x, %y {layout = #graph<layout nhwc>} : (tensor<1x8x6x6xf16>, tensor<16x3x3x8xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv_transpose2d': the input has 8 channels, the filter takes 6
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<6x4x3x3xf16>) {
  %z = graph.conv_transpose2d %x, %y : (tensor<1x8x6x6xf16>, tensor<6x4x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv_transpose2d': 8 input channels do not divide into 3 groups
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<8x4x3x3xf16>) {
  %z = graph.conv_transpose2d %x, %y {groups = 3 : i64} : (tensor<1x8x6x6xf16>, tensor<8x4x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv_transpose2d': output_padding must be 2 integers >= 0, got [1]
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<8x4x3x3xf16>) {
  %z = graph.conv_transpose2d %x, %y {output_padding = array<i64: 1>} : (tensor<1x8x6x6xf16>, tensor<8x4x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv_transpose2d': output_padding 2 must be >= 0 and below stride 2 or dilation 1
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<8x4x3x3xf16>) {
  %z = graph.conv_transpose2d %x, %y {strides = array<i64: 2, 2>, output_padding = array<i64: 0, 2>} : (tensor<1x8x6x6xf16>, tensor<8x4x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// CHECK: 'graph.conv_transpose2d': padding 8 leaves nothing of a transposed convolution over 6 elements
func.func @main(%x: tensor<1x8x6x6xf16>, %y: tensor<8x4x3x3xf16>) {
  %z = graph.conv_transpose2d %x, %y {padding = array<i64: 4, 0, 4, 0>} : (tensor<1x8x6x6xf16>, tensor<8x4x3x3xf16>) -> tensor<1x16x4x4xf16>
  func.return
}

// -----

// Pooling and reductions.

// CHECK: 'graph.max_pool2d': kernel must be 2 integers >= 1, got [3, 3, 3]
func.func @main(%x: tensor<1x8x6x6xf32>) {
  %y = graph.max_pool2d %x {kernel = array<i64: 3, 3, 3>} : (tensor<1x8x6x6xf32>) -> tensor<1x8x4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.max_pool2d': strides must be 2 integers >= 1, got [0, 1]
func.func @main(%x: tensor<1x8x6x6xf32>) {
  %y = graph.max_pool2d %x {kernel = array<i64: 3, 3>, strides = array<i64: 0, 1>} : (tensor<1x8x6x6xf32>) -> tensor<1x8x4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.max_pool2d': padding must be smaller than the window: some windows would hold nothing
func.func @main(%x: tensor<1x8x6x6xf32>) {
  %y = graph.max_pool2d %x {kernel = array<i64: 3, 3>, padding = array<i64: 3, 0, 0, 0>} : (tensor<1x8x6x6xf32>) -> tensor<1x8x4x4xf32>
  func.return
}

// -----

// The first row and column of windows have taps before and behind the one pixel.
// CHECK: 'graph.max_pool2d': padding must be smaller than the window: some windows would hold nothing
func.func @main(%x: tensor<1x8x1x1xf32>) {
  %y = graph.max_pool2d %x {kernel = array<i64: 2, 2>, dilations = array<i64: 2, 2>, padding = array<i64: 1, 1, 2, 2>} : (tensor<1x8x1x1xf32>) -> tensor<1x8x2x2xf32>
  func.return
}

// -----

// CHECK: 'graph.avg_pool2d': a window of 7 does not fit into 6 elements with padding 0
func.func @main(%x: tensor<1x8x6x6xf32>) {
  %y = graph.avg_pool2d %x {kernel = array<i64: 7, 7>} : (tensor<1x8x6x6xf32>) -> tensor<1x8x4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.max_pool2d': expected floating-point elements, got tensor<1x8x6x6xi32>
func.func @main(%x: tensor<1x8x6x6xi32>) {
  %y = graph.max_pool2d %x {kernel = array<i64: 3, 3>} : (tensor<1x8x6x6xi32>) -> tensor<1x8x4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.global_avg_pool2d': the input must have 4 dimensions, got tensor<8x6x6xf32>
func.func @main(%x: tensor<8x6x6xf32>) {
  %y = graph.global_avg_pool2d %x : (tensor<8x6x6xf32>) -> tensor<1x8x4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.reduce_sum': axis 2 is outside a tensor of 2 dimensions
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.reduce_sum %x {axes = array<i64: 2>} : (tensor<4x4xf32>) -> tensor<1x1xf32>
  func.return
}

// -----

// CHECK: 'graph.reduce_sum': axes [1, -1] name a dimension twice
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.reduce_sum %x {axes = array<i64: 1, -1>} : (tensor<4x4xf32>) -> tensor<1x1xf32>
  func.return
}

// -----

// CHECK: 'graph.reduce_max': expected numbers, got truth values: tensor<4xi1>
func.func @main(%x: tensor<4xi1>) {
  %y = graph.reduce_max %x {axes = array<i64: 0>} : (tensor<4xi1>) -> tensor<1x1xf32>
  func.return
}

// -----

// Normalisations.

// CHECK: 'graph.batch_norm': scale must have 4 values, one per channel, got tensor<3xf32>
func.func @main(%x: tensor<4x4xf32>, %s: tensor<3xf32>, %v: tensor<4xf32>) {
  %y = graph.batch_norm %x, %s, %v, %v, %v : (tensor<4x4xf32>, tensor<3xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.layer_norm': scale must have the normalised shape 4x4, got tensor<4xf32>
func.func @main(%x: tensor<4x4xf32>, %s: tensor<4xf32>) {
  %y = graph.layer_norm %x, %s, %s {axis = 0 : i64} : (tensor<4x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.layer_norm': epsilon must be a number >= 0, got -1.0
func.func @main(%x: tensor<4x4xf32>, %s: tensor<4xf32>) {
  %y = graph.layer_norm %x, %s, %s {epsilon = -1.0 : f32} : (tensor<4x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.softmax': axis 0 is outside a tensor of 0 dimensions
func.func @main(%x: tensor<f32>) {
  %y = graph.softmax %x {axis = 0 : i64} : (tensor<f32>) -> tensor<f32>
  func.return
}

// -----

// Movement.

// CHECK: 'graph.reshape': tensor<4x4xf32> does not have the elements of shape [3, 5]
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.reshape %x {shape_to = array<i64: 3, 5>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.reshape': tensor<4x4xf32> does not have the elements of shape [-2, -8]
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.reshape %x {shape_to = array<i64: -2, -8>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.transpose': [0, 0] is not a permutation of 2 dimensions
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.transpose %x {permutation = array<i64: 0, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.broadcast_to': tensor<4x4xf32> does not broadcast to shape [4]
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.broadcast_to %x {shape_to = array<i64: 4>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.broadcast_to': tensor<1xf32> does not broadcast to shape [-1]
func.func @main(%x: tensor<1xf32>) {
  %y = graph.broadcast_to %x {shape_to = array<i64: -1>} : (tensor<1xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.concat': concat needs at least one operand
func.func @main() {
  %y = "graph.concat"() <{axis = 0 : i64}> : () -> tensor<4xf32>
  func.return
}

// -----

// CHECK: 'graph.concat': shapes [4, 4] and [4] differ outside axis 1
func.func @main(%x: tensor<4x4xf32>, %z: tensor<4xf32>) {
  %y = graph.concat %x, %z {axis = 1 : i64} : (tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x8xf32>
  func.return
}

// -----

// CHECK: 'graph.slice': offsets, sizes and strides need 2 entries, one per dimension
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.slice %x {offsets = array<i64: 0>, sizes = array<i64: 4, 4>, strides = array<i64: 1, 1>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.slice': offset 2, size 3, stride 1 leave a dimension of 4
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.slice %x {offsets = array<i64: 0, 2>, sizes = array<i64: 4, 3>, strides = array<i64: 1, 1>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.slice': offset 0, size 4, stride 0 leave a dimension of 4
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.slice %x {offsets = array<i64: 0, 0>, sizes = array<i64: 4, 4>, strides = array<i64: 1, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.pad': low and high need 2 counts >= 0, one per dimension
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.pad %x {low = array<i64: 0, -1>, high = array<i64: 0, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.pad': reflection needs padding smaller than each dimension of [4, 4]
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.pad %x {low = array<i64: 0, 4>, high = array<i64: 0, 0>, mode = #graph<pad_mode reflect>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.pad': tensor<4xi32> cannot be padded with 0.5
func.func @main(%x: tensor<4xi32>) {
  %y = graph.pad %x {low = array<i64: 1>, high = array<i64: 0>, value = 0.5 : f32} : (tensor<4xi32>) -> tensor<5xi32>
  func.return
}

// -----

// CHECK: 'graph.gather': indices must be i32 or i64, got tensor<4x4xf32>
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.gather %x, %x : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.gather': axis 0 is outside a tensor of 0 dimensions
func.func @main(%x: tensor<f32>, %i: tensor<2xi64>) {
  %y = graph.gather %x, %i : (tensor<f32>, tensor<2xi64>) -> tensor<2xf32>
  func.return
}

// -----

// CHECK: 'graph.resize': sizes need 2 extents >= 1, one per dimension
func.func @main(%x: tensor<4x4xf32>) {
  %y = graph.resize %x {sizes = array<i64: 4, 0>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return
}

// -----

// CHECK: 'graph.resize': expected floating-point elements, got tensor<4xi32>
func.func @main(%x: tensor<4xi32>) {
  %y = graph.resize %x {sizes = array<i64: 8>, mode = #graph<resize_mode linear>} : (tensor<4xi32>) -> tensor<8xi32>
  func.return
}

// -----

// CHECK: 'graph.unfold': 8 channels do not hold the 12 elements of a window
func.func @main(%x: tensor<1x3x4x4xf32>) {
  %y = graph.unfold %x {kernel = array<i64: 2, 2>, channels = 8 : i64} : (tensor<1x3x4x4xf32>) -> tensor<1x3x3x8xf32>
  func.return
}
