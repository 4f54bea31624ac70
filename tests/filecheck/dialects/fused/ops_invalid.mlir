// Every rule of the `fused` dialect, broken once.
//
// RUN: bolt-opt --verify-diagnostics --split-input-file %s | filecheck %s

// What every kernel must be.

// CHECK: 'fused.gemm': output type is tensor<8x5xf16>, the kernel computes shape [8, 4]
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x5xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': expected 2 inputs, got 1
func.func @main(%x: tensor<8x16xf16>) {
  %0 = fused.gemm(%x : tensor<8x16xf16>) -> tensor<8x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': dynamic shape in tensor<?x16xf16>; specialise the model to fixed shapes first
func.func @main(%x: tensor<?x16xf16>, %w: tensor<16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<?x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': tensor<0x16xf16> has no elements
func.func @main(%x: tensor<0x16xf16>, %w: tensor<16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<0x16xf16>, tensor<16x4xf16>) -> tensor<0x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': elements of f64 are not supported; supported are f32, f16, bf16, i64, i32, i8, ui8, i1
func.func @main(%x: tensor<8x16xf64>, %w: tensor<16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf64>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': unknown attribute 'transposed'; known are transpose_a, transpose_b, broadcasts
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) {transposed = true} -> tensor<8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': a kernel needs at least one output
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>) {
  "fused.gemm"(%x, %w) <{operandSegmentSizes = array<i32: 2, 0>}> ({
  ^bb0(%acc: f32):
    "fused.yield"() : () -> ()
  }) : (tensor<8x16xf16>, tensor<16x4xf16>) -> ()
  func.return
}

// -----

// Broadcast kinds are what the shapes say.

// CHECK: 'fused.gemm': broadcast kinds are [full], the shapes give [row]
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>, %b: tensor<4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) epilogue(%b : tensor<4xf16>) [full] -> tensor<8x4xf16> {
  ^bb0(%acc: f32, %s: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': broadcast kinds are [], the shapes give [row]
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>, %b: tensor<4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) epilogue(%b : tensor<4xf16>) [] -> tensor<8x4xf16> {
  ^bb0(%acc: f32, %s: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': shapes 3 and 8x4 do not broadcast
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>, %b: tensor<3xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) epilogue(%b : tensor<3xf16>) [row] -> tensor<8x4xf16> {
  ^bb0(%acc: f32, %s: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': an operand of shape [2, 8, 4] does not broadcast to [8, 4]
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>, %b: tensor<2x8x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) epilogue(%b : tensor<2x8x4xf16>) [full] -> tensor<8x4xf16> {
  ^bb0(%acc: f32, %s: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// The epilogue: arguments, results, scalar code.

// CHECK: 'fused.gemm': the epilogue takes (f16), this kernel gives (f32)
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%acc: f16):
    fused.yield %acc : f16
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': the epilogue yields 2 values for 1 outputs
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc, %acc : f32, f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': the epilogue yields f16, which is no compute type
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%acc: f32):
    %half = arith.truncf %acc : f32 to f16
    fused.yield %half : f16
  }
  func.return
}

// -----

// CHECK: 'arith.constant': Operation arith.constant terminates block in single-block region but is not a terminator
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%acc: f32):
    %t = arith.constant 1.000000e+00 : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': an epilogue is scalar code in arith and math; builtin.unrealized_conversion_cast is neither
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%acc: f32):
    %t = builtin.unrealized_conversion_cast %acc : f32 to f32
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': an epilogue computes on scalars; arith.constant gives index
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%acc: f32):
    %i = arith.constant 0 : index
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.yield': must end the region of a kernel, not of func.func
func.func @main(%x: tensor<8xf16>) {
  fused.yield %x : tensor<8xf16>
}

// -----

// Matrix products.

// CHECK: 'fused.gemm': a matrix product needs matrices, got shapes [16] and [16, 4]
func.func @main(%x: tensor<16xf16>, %w: tensor<16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<16xf16>, tensor<16x4xf16>) -> tensor<4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': inner dimensions differ: A has K = 16, B has K = 8
func.func @main(%x: tensor<8x16xf16>, %w: tensor<8x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<8x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': shapes 2 and 3 do not broadcast
func.func @main(%x: tensor<2x8x16xf16>, %w: tensor<3x16x4xf16>) {
  %0 = fused.gemm(%x, %w : tensor<2x8x16xf16>, tensor<3x16x4xf16>) -> tensor<2x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// Convolutions.

// CHECK: 'fused.conv2d': the input must have 4 dimensions, got tensor<8x8x4xf16>
func.func @main(%x: tensor<8x8x4xf16>, %w: tensor<6x3x3x4xf16>) {
  %0 = fused.conv2d(%x, %w : tensor<8x8x4xf16>, tensor<6x3x3x4xf16>) -> tensor<1x6x6x6xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.conv2d': the filter must have 4 dimensions, got tensor<3x3x4xf16>
func.func @main(%x: tensor<1x8x8x4xf16>, %w: tensor<3x3x4xf16>) {
  %0 = fused.conv2d(%x, %w : tensor<1x8x8x4xf16>, tensor<3x3x4xf16>) -> tensor<1x6x6x6xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.conv2d': the input has 4 channels, the filter takes 3 in 1 groups
func.func @main(%x: tensor<1x8x8x4xf16>, %w: tensor<6x3x3x3xf16>) {
  %0 = fused.conv2d(%x, %w : tensor<1x8x8x4xf16>, tensor<6x3x3x3xf16>) -> tensor<1x6x6x6xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.conv2d': 6 output channels do not divide into 4 groups
func.func @main(%x: tensor<1x8x8x4xf16>, %w: tensor<6x3x3x1xf16>) {
  %0 = fused.conv2d(%x, %w : tensor<1x8x8x4xf16>, tensor<6x3x3x1xf16>) {groups = 4 : i64} -> tensor<1x6x6x6xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.conv2d': strides must be 2 integers >= 1, got [0, 1]
func.func @main(%x: tensor<1x8x8x4xf16>, %w: tensor<6x3x3x4xf16>) {
  %0 = fused.conv2d(%x, %w : tensor<1x8x8x4xf16>, tensor<6x3x3x4xf16>) {strides = array<i64: 0, 1>} -> tensor<1x6x6x6xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.conv2d': padding must be 4 integers >= 0, got [1, 1]
func.func @main(%x: tensor<1x8x8x4xf16>, %w: tensor<6x3x3x4xf16>) {
  %0 = fused.conv2d(%x, %w : tensor<1x8x8x4xf16>, tensor<6x3x3x4xf16>) {padding = array<i64: 1, 1>} -> tensor<1x6x6x6xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.conv2d': a window of 9 does not fit into 8 elements with padding 0
func.func @main(%x: tensor<1x8x8x4xf16>, %w: tensor<6x9x3x4xf16>) {
  %0 = fused.conv2d(%x, %w : tensor<1x8x8x4xf16>, tensor<6x9x3x4xf16>) -> tensor<1x6x6x6xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.depthwise_conv2d': the input has 4 channels, the filter 5
func.func @main(%x: tensor<1x8x8x4xf16>, %w: tensor<3x3x5xf16>) {
  %0 = fused.depthwise_conv2d(%x, %w : tensor<1x8x8x4xf16>, tensor<3x3x5xf16>) -> tensor<1x6x6x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.conv_transpose2d': the input has 4 channels, the filter takes 5
func.func @main(%x: tensor<1x8x8x4xf16>, %w: tensor<5x2x2x4xf16>) {
  %0 = fused.conv_transpose2d(%x, %w : tensor<1x8x8x4xf16>, tensor<5x2x2x4xf16>) -> tensor<1x9x9x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.conv_transpose2d': output_padding 1 must be >= 0 and below stride 1 or dilation 1
func.func @main(%x: tensor<1x8x8x4xf16>, %w: tensor<4x2x2x4xf16>) {
  %0 = fused.conv_transpose2d(%x, %w : tensor<1x8x8x4xf16>, tensor<4x2x2x4xf16>) {output_padding = array<i64: 1, 0>} -> tensor<1x9x9x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.conv_transpose2d': padding 2 leaves nothing of a transposed convolution over 1 elements
func.func @main(%x: tensor<1x1x1x4xf16>, %w: tensor<4x2x2x4xf16>) {
  %0 = fused.conv_transpose2d(%x, %w : tensor<1x1x1x4xf16>, tensor<4x2x2x4xf16>) {padding = array<i64: 1, 1, 1, 1>} -> tensor<1x9x9x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// Pooling, reductions, normalisations.

// CHECK: 'fused.pool2d': pooling takes max or mean, not sum
func.func @main(%x: tensor<1x8x8x4xf16>) {
  %0 = fused.pool2d(%x : tensor<1x8x8x4xf16>) {kernel = array<i64: 2, 2>, kind = #fused<reduction_kind sum>} -> tensor<1x8x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.pool2d': kernel must be 2 integers >= 1, got [2]
func.func @main(%x: tensor<1x8x8x4xf16>) {
  %0 = fused.pool2d(%x : tensor<1x8x8x4xf16>) {kernel = array<i64: 2>, kind = #fused<reduction_kind max>} -> tensor<1x8x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.pool2d': padding must be smaller than the window: some windows would hold nothing
func.func @main(%x: tensor<1x8x8x4xf16>) {
  %0 = fused.pool2d(%x : tensor<1x8x8x4xf16>) {kernel = array<i64: 2, 2>, kind = #fused<reduction_kind max>, padding = array<i64: 2, 0, 0, 0>} -> tensor<1x8x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.reduce': axis 4 is outside a tensor of 4 dimensions
func.func @main(%x: tensor<1x8x8x4xf16>) {
  %0 = fused.reduce(%x : tensor<1x8x8x4xf16>) {axes = array<i64: 4>, kind = #fused<reduction_kind max>} -> tensor<1x8x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.reduce': axes [1, -3] name a dimension twice
func.func @main(%x: tensor<1x8x8x4xf16>) {
  %0 = fused.reduce(%x : tensor<1x8x8x4xf16>) {axes = array<i64: 1, -3>, kind = #fused<reduction_kind max>} -> tensor<1x8x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.reduce': expected numbers, got truth values: tensor<4xi1>
func.func @main(%x: tensor<4xi1>) {
  %0 = fused.reduce(%x : tensor<4xi1>) {axes = array<i64: 0>, kind = #fused<reduction_kind max>} -> tensor<1xi1> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.softmax': axis 4 is outside a tensor of 4 dimensions
func.func @main(%x: tensor<1x8x8x4xf16>) {
  %0 = fused.softmax(%x : tensor<1x8x8x4xf16>) {axis = 4 : i64} -> tensor<1x8x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.softmax': expected floating-point elements, got tensor<4xi32>
func.func @main(%x: tensor<4xi32>) {
  %0 = fused.softmax(%x : tensor<4xi32>) -> tensor<4xi32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.layer_norm': epsilon must be a number >= 0, got -1.0
func.func @main(%x: tensor<1x8x8x4xf16>) {
  %0 = fused.layer_norm(%x : tensor<1x8x8x4xf16>) {epsilon = -1.000000e+00 : f32} -> tensor<1x8x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// Pointwise kernels.

// CHECK: 'fused.pointwise': a pointwise kernel needs at least one operand
func.func @main() {
  %0 = fused.pointwise {shape_to = array<i64: 4>} -> tensor<4xf16> {
    %v = arith.constant 1.000000e+00 : f32
    fused.yield %v : f32
  }
  func.return
}

// -----

// CHECK: 'fused.pointwise': expected 0 inputs, got 1
func.func @main(%x: tensor<1x8x8x4xf16>) {
  %0 = fused.pointwise(%x : tensor<1x8x8x4xf16>) -> tensor<1x8x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.pointwise': shapes 4 and 3 do not broadcast
func.func @main(%x: tensor<4xf16>, %y: tensor<3xf16>) {
  %0 = fused.pointwise epilogue(%x, %y : tensor<4xf16>, tensor<3xf16>) [full, full] -> tensor<4xf16> {
  ^bb0(%a: f32, %b: f32):
    fused.yield %a : f32
  }
  func.return
}

// -----

// CHECK: 'fused.pointwise': shapes 4 and 2x3 do not broadcast
func.func @main(%x: tensor<4xf16>) {
  %0 = fused.pointwise epilogue(%x : tensor<4xf16>) [full] {shape_to = array<i64: 2, 3>} -> tensor<2x3xf16> {
  ^bb0(%a: f32):
    fused.yield %a : f32
  }
  func.return
}

// -----

// Movement.

// CHECK: 'fused.transpose': cannot append -1 zeros to a dimension of shape [8, 8]
func.func @main(%x: tensor<8x8xf16>) {
  %0 = fused.transpose(%x : tensor<8x8xf16>) {permutation = array<i64: 1, 0>, padding = -1 : i64} -> tensor<8x7xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.transpose': [0, 1, 2, 2] is not a permutation of 4 dimensions
func.func @main(%x: tensor<1x8x8x4xf16>) {
  %0 = fused.transpose(%x : tensor<1x8x8x4xf16>) {permutation = array<i64: 0, 1, 2, 2>} -> tensor<1x8x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.slice': offsets, sizes and strides need 4 entries, one per dimension
func.func @main(%x: tensor<1x8x8x4xf16>) {
  %0 = fused.slice(%x : tensor<1x8x8x4xf16>) {offsets = array<i64: 0>, sizes = array<i64: 1>, strides = array<i64: 1>} -> tensor<1x8x8x4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.slice': offset 4, size 4, stride 2 leave a dimension of 8
func.func @main(%x: tensor<8xf16>) {
  %0 = fused.slice(%x : tensor<8xf16>) {offsets = array<i64: 4>, sizes = array<i64: 4>, strides = array<i64: 2>} -> tensor<4xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.pad': low and high need 1 counts >= 0
func.func @main(%x: tensor<8xf16>) {
  %0 = fused.pad(%x : tensor<8xf16>) {low = array<i64: 1, 0>, high = array<i64: 0>} -> tensor<9xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.pad': reflection needs padding smaller than each dimension of [8]
func.func @main(%x: tensor<8xf16>) {
  %0 = fused.pad(%x : tensor<8xf16>) {low = array<i64: 8>, high = array<i64: 0>, mode = #graph<pad_mode reflect>} -> tensor<16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.pad': tensor<8xi32> cannot be padded with 0.5
func.func @main(%x: tensor<8xi32>) {
  %0 = fused.pad(%x : tensor<8xi32>) {low = array<i64: 1>, high = array<i64: 0>, value = 5.000000e-01 : f32} -> tensor<9xi32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gather': indices must be i32 or i64, got tensor<3xf16>
func.func @main(%x: tensor<8xf16>, %w: tensor<3xf16>) {
  %0 = fused.gather(%x, %w : tensor<8xf16>, tensor<3xf16>) -> tensor<3xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gather': axis 1 is outside a tensor of 1 dimensions
func.func @main(%x: tensor<8xf16>, %w: tensor<3xi64>) {
  %0 = fused.gather(%x, %w : tensor<8xf16>, tensor<3xi64>) {axis = 1 : i64} -> tensor<3xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.concat': concat needs at least one operand
func.func @main() {
  "fused.concat"() <{axis = 0 : i64, operandSegmentSizes = array<i32: 0, 0>}> ({
  ^bb0(%acc: f32):
    "fused.yield"(%acc) : (f32) -> ()
  }) : () -> tensor<2xf16>
  func.return
}

// -----

// CHECK: 'fused.concat': element types differ: f16 and f32
func.func @main(%x: tensor<8xf16>, %w: tensor<3xf32>) {
  %0 = fused.concat(%x, %w : tensor<8xf16>, tensor<3xf32>) {axis = 0 : i64} -> tensor<11xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.concat': shapes [8, 2] and [3, 3] differ outside axis 0
func.func @main(%x: tensor<8x2xf16>, %w: tensor<3x3xf16>) {
  %0 = fused.concat(%x, %w : tensor<8x2xf16>, tensor<3x3xf16>) {axis = 0 : i64} -> tensor<11x2xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.resize': sizes need 1 extents >= 1, one per dimension
func.func @main(%x: tensor<8xf16>) {
  %0 = fused.resize(%x : tensor<8xf16>) {sizes = array<i64: 9, 1>} -> tensor<9xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.resize': expected floating-point elements, got tensor<8xi32>
func.func @main(%x: tensor<8xi32>) {
  %0 = fused.resize(%x : tensor<8xi32>) {sizes = array<i64: 9>, mode = #graph<resize_mode linear>} -> tensor<9xi32> {
  ^bb0(%acc: i32):
    fused.yield %acc : i32
  }
  func.return
}

// -----

// CHECK: 'fused.reshape': tensor<9xf16> is no view of tensor<8xf16>
func.func @main(%x: tensor<8xf16>) {
  %0 = fused.reshape %x : tensor<8xf16> -> tensor<9xf16>
  func.return
}

// -----

// CHECK: 'fused.reshape': tensor<8xf32> is no view of tensor<8xf16>
func.func @main(%x: tensor<8xf16>) {
  %0 = fused.reshape %x : tensor<8xf16> -> tensor<8xf32>
  func.return
}

// -----

// Chains.

// CHECK: 'fused.chain': the chain's block arguments must have the types of its inputs
func.func @main(%x: tensor<64x32xf16>, %w: tensor<32x32xf16>) {
  %0 = fused.chain(%x, %w : tensor<64x32xf16>, tensor<32x32xf16>) {residence = #fused<residence rf>} -> tensor<64x32xf16> {
  ^bb0(%a: tensor<64x32xf16>, %b: tensor<32x32xf16>, %c: tensor<4xf16>):
    %1 = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %2 = fused.gemm(%1, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %2 : tensor<64x32xf16>
  }
  func.return
}

// -----

// CHECK: 'fused.chain': a chain must end with fused.yield of one value
func.func @main(%x: tensor<64x32xf16>, %w: tensor<32x32xf16>) {
  %0 = fused.chain(%x, %w : tensor<64x32xf16>, tensor<32x32xf16>) {residence = #fused<residence rf>} -> tensor<64x32xf16> {
  ^bb0(%a: tensor<64x32xf16>, %b: tensor<32x32xf16>):
    %1 = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %2 = fused.gemm(%1, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %1, %2 : tensor<64x32xf16>, tensor<64x32xf16>
  }
  func.return
}

// -----

// CHECK: 'fused.chain': a chain needs at least two anchors
func.func @main(%x: tensor<64x32xf16>, %w: tensor<32x32xf16>) {
  %0 = fused.chain(%x, %w : tensor<64x32xf16>, tensor<32x32xf16>) {residence = #fused<residence rf>} -> tensor<64x32xf16> {
  ^bb0(%a: tensor<64x32xf16>, %b: tensor<32x32xf16>):
    %1 = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %1 : tensor<64x32xf16>
  }
  func.return
}

// -----

// CHECK: 'fused.chain': a chain holds fused.gemm and fused.conv2d, not fused.pointwise
func.func @main(%x: tensor<64x32xf16>, %w: tensor<32x32xf16>) {
  %0 = fused.chain(%x, %w : tensor<64x32xf16>, tensor<32x32xf16>) {residence = #fused<residence rf>} -> tensor<64x32xf16> {
  ^bb0(%a: tensor<64x32xf16>, %b: tensor<32x32xf16>):
    %1 = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %r = fused.pointwise epilogue(%1 : tensor<64x32xf16>) [full] -> tensor<64x32xf16> {
    ^bb0(%v: f32):
      fused.yield %v : f32
    }
    fused.yield %r : tensor<64x32xf16>
  }
  func.return
}

// -----

// CHECK: 'fused.chain': each anchor of a chain must feed the next one's first input, and nothing else
func.func @main(%x: tensor<64x32xf16>, %w: tensor<32x32xf16>) {
  %0 = fused.chain(%x, %w : tensor<64x32xf16>, tensor<32x32xf16>) {residence = #fused<residence rf>} -> tensor<64x32xf16> {
  ^bb0(%a: tensor<64x32xf16>, %b: tensor<32x32xf16>):
    %1 = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %2 = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %2 : tensor<64x32xf16>
  }
  func.return
}

// -----

// CHECK: 'fused.chain': an anchor of a chain has one output, of which it stores all elements
func.func @main(%x: tensor<64x32xf16>, %w: tensor<32x32xf16>) {
  %0 = fused.chain(%x, %w : tensor<64x32xf16>, tensor<32x32xf16>) {residence = #fused<residence rf>} -> tensor<64x32xf16> {
  ^bb0(%a: tensor<64x32xf16>, %b: tensor<32x32xf16>):
    %p, %q = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16>, tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc, %acc : f32, f32
    }
    %2 = fused.gemm(%p, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %2 : tensor<64x32xf16>
  }
  func.return
}

// -----

// CHECK: 'fused.chain': a chain yields the result of its last anchor
func.func @main(%x: tensor<64x32xf16>, %w: tensor<32x32xf16>) {
  %0 = fused.chain(%x, %w : tensor<64x32xf16>, tensor<32x32xf16>) {residence = #fused<residence rf>} -> tensor<64x32xf16> {
  ^bb0(%a: tensor<64x32xf16>, %b: tensor<32x32xf16>):
    %1 = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %2 = fused.gemm(%1, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %a : tensor<64x32xf16>
  }
  func.return
}

// -----

// CHECK: 'fused.chain': each anchor of a chain must feed the next one's first input, and nothing else
func.func @columns_taken_apart(%x: tensor<64x32xf16>, %w: tensor<32x32xf16>) {
  %0 = fused.chain(%x, %w : tensor<64x32xf16>, tensor<32x32xf16>) {residence = #fused<residence rf>} -> tensor<32x32xf16> {
  ^bb0(%a: tensor<64x32xf16>, %b: tensor<32x32xf16>):
    %1 = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<32x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %2 = fused.reshape %1 : tensor<64x32xf16> -> tensor<2x32x32xf16>
    %3 = fused.reshape %2 : tensor<2x32x32xf16> -> tensor<32x64xf16>
    %4 = fused.gemm(%3, %3 : tensor<32x64xf16>, tensor<32x64xf16>) {transpose_b = true} -> tensor<32x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %4 : tensor<32x32xf16>
  }
  func.return
}

// -----

// CHECK: 'fused.chain': an anchor of a chain has one output, of which it stores all elements
func.func @stores(%x: tensor<64x32xf16>, %w: tensor<32x32xf16>, %v: tensor<16x32xf16>) {
  %0 = fused.chain(%x, %w, %v : tensor<64x32xf16>, tensor<32x32xf16>, tensor<16x32xf16>) {residence = #fused<residence rf>} -> tensor<64x32xf16> {
  ^bb0(%a: tensor<64x32xf16>, %b: tensor<32x32xf16>, %c: tensor<16x32xf16>):
    %1 = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<32x32xf16>) {stores = [#fused.columns<0, 16>]} -> tensor<64x16xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %2 = fused.gemm(%1, %c : tensor<64x16xf16>, tensor<16x32xf16>) -> tensor<64x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %2 : tensor<64x32xf16>
  }
  func.return
}
