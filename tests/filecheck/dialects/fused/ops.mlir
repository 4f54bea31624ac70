// Every operation of the `fused` dialect. Without comments and blank lines this file is exactly what bolt-opt prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
//
// The generic form is MLIR: mlir-opt reads it, and what mlir-opt writes is the same module.
// RUN: bolt-opt --print-op-generic %s | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic > %t.mlir
// RUN: bolt-opt --print-op-generic %t.mlir | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic | diff %t.mlir -
builtin.module {


  // A matrix product. The epilogue's first argument is the accumulator.
  func.func @gemm(%a: tensor<8x16xf16>, %b: tensor<16x4xf16>, %bt: tensor<4x16xf16>, %batch: tensor<3x8x16xf16>) {
    %plain = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %transposed = fused.gemm(%a, %bt : tensor<8x16xf16>, tensor<4x16xf16>) {transpose_b = true} -> tensor<8x4xf32> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %batched = fused.gemm(%batch, %b : tensor<3x8x16xf16>, tensor<16x4xf16>) -> tensor<3x8x4xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    func.return
  }

  // Every broadcast kind, relative to the result.
  func.func @broadcasts(%a: tensor<3x8x16xf16>, %b: tensor<16x4xf16>, %full: tensor<3x8x4xf16>, %row: tensor<4xf32>, %column: tensor<3x8x1xbf16>, %scalar: tensor<f16>, %general: tensor<8x4xi1>) {
    %0 = fused.gemm(%a, %b : tensor<3x8x16xf16>, tensor<16x4xf16>) epilogue(%full, %row, %column, %scalar, %general : tensor<3x8x4xf16>, tensor<4xf32>, tensor<3x8x1xbf16>, tensor<f16>, tensor<8x4xi1>) [full, row, column, scalar, general] -> tensor<3x8x4xf16> {
    ^bb0(%acc: f32, %f: f32, %r: f32, %c: f32, %s: f32, %g: i1):
      %1 = arith.addf %acc, %f : f32
      %2 = arith.mulf %1, %r : f32
      %3 = arith.addf %2, %c : f32
      %4 = arith.select %g, %3, %s : f32
      fused.yield %4 : f32
    }
    func.return
  }

  // Several results of one shape, each with its own element type.
  func.func @results(%a: tensor<8x16xf16>, %b: tensor<16x4xf16>) {
    %before, %after, %positive = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf32>, tensor<8x4xf16>, tensor<8x4xi1> {
    ^bb0(%acc: f32):
      %zero = arith.constant 0.000000e+00 : f32
      %relu = arith.maximumf %acc, %zero : f32
      %is = arith.cmpf ogt, %acc, %zero : f32
      fused.yield %acc, %relu, %is : f32, f32, i1
    }
    func.return
  }

  // Convolutions are NHWC.
  func.func @convolutions(%x: tensor<1x9x9x8xf16>, %w: tensor<16x3x3x8xf16>, %grouped: tensor<16x3x3x2xf16>, %window: tensor<3x3x8xf16>, %back: tensor<8x2x2x4xf16>) {
    %conv = fused.conv2d(%x, %w : tensor<1x9x9x8xf16>, tensor<16x3x3x8xf16>) {dilations = array<i64: 2, 2>, padding = array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 1>} -> tensor<1x3x6x16xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %groups = fused.conv2d(%x, %grouped : tensor<1x9x9x8xf16>, tensor<16x3x3x2xf16>) {groups = 4 : i64} -> tensor<1x7x7x16xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %depthwise = fused.depthwise_conv2d(%x, %window : tensor<1x9x9x8xf16>, tensor<3x3x8xf16>) {padding = array<i64: 1, 1, 1, 1>} -> tensor<1x9x9x8xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %transposed = fused.conv_transpose2d(%x, %back : tensor<1x9x9x8xf16>, tensor<8x2x2x4xf16>) {groups = 2 : i64, output_padding = array<i64: 1, 0>, strides = array<i64: 2, 2>} -> tensor<1x19x18x8xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    func.return
  }

  // Anchors that combine many elements.
  func.func @reductions(%x: tensor<1x8x8x4xf16>, %i: tensor<6x5xi32>, %scale: tensor<4xf16>) {
    %max = fused.pool2d(%x : tensor<1x8x8x4xf16>) {kernel = array<i64: 3, 3>, kind = #fused<reduction_kind max>, padding = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} -> tensor<1x4x4x4xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %mean = fused.pool2d(%x : tensor<1x8x8x4xf16>) {ceil_mode = true, count_include_pad = true, kernel = array<i64: 3, 3>, kind = #fused<reduction_kind mean>, strides = array<i64: 2, 2>} -> tensor<1x4x4x4xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %unfold = fused.unfold(%x : tensor<1x8x8x4xf16>) {channels = 32 : i64, kernel = array<i64: 2, 3>, strides = array<i64: 2, 1>} -> tensor<1x4x6x32xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %image = fused.reduce(%x : tensor<1x8x8x4xf16>) {axes = array<i64: 1, 2>, kind = #fused<reduction_kind mean>} -> tensor<1x1x1x4xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %sum = fused.reduce(%i : tensor<6x5xi32>) {axes = array<i64: -1>, keepdims = false, kind = #fused<reduction_kind sum>} -> tensor<6xi64> {
    ^bb0(%acc: i32):
      fused.yield %acc : i32
    }
    %softmax = fused.softmax(%x : tensor<1x8x8x4xf16>) {axis = 1 : i64} -> tensor<1x8x8x4xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %norm = fused.layer_norm(%x : tensor<1x8x8x4xf16>) epilogue(%scale : tensor<4xf16>) [row] {epsilon = 1.000000e-03 : f32} -> tensor<1x8x8x4xf16> {
    ^bb0(%acc: f32, %s: f32):
      %0 = arith.mulf %acc, %s : f32
      fused.yield %0 : f32
    }
    func.return
  }

  // No anchor, no accumulator. shape_to says what the operands do not.
  func.func @pointwise(%x: tensor<4x1xf16>, %y: tensor<1x5xf16>) {
    %sum = fused.pointwise epilogue(%x, %y : tensor<4x1xf16>, tensor<1x5xf16>) [column, row] {fused.origin = ["graph.add"]} -> tensor<4x5xf16> {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.addf %a, %b : f32
      fused.yield %0 : f32
    }
    %repeated = fused.pointwise epilogue(%x : tensor<4x1xf16>) [general] {shape_to = array<i64: 2, 4, 5>} -> tensor<2x4x5xf16> {
    ^bb0(%a: f32):
      fused.yield %a : f32
    }
    func.return
  }

  // Anchors that move elements: the accumulator is the element that arrives.
  func.func @movement(%x: tensor<2x3x4xf16>, %i: tensor<5xi64>) {
    %transpose = fused.transpose(%x : tensor<2x3x4xf16>) {permutation = array<i64: 2, 0, 1>} -> tensor<4x2x3xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %slice = fused.slice(%x : tensor<2x3x4xf16>) {offsets = array<i64: 0, 2, 0>, sizes = array<i64: 2, 3, 2>, strides = array<i64: 1, -1, 2>} -> tensor<2x3x2xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %pad = fused.pad(%x : tensor<2x3x4xf16>) {high = array<i64: 0, 0, 1>, low = array<i64: 0, 1, 0>, value = 1.500000e+00 : f32} -> tensor<2x4x5xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %edge = fused.pad(%x : tensor<2x3x4xf16>) {high = array<i64: 0, 0, 1>, low = array<i64: 0, 1, 0>, mode = #graph<pad_mode edge>} -> tensor<2x4x5xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %gather = fused.gather(%x, %i : tensor<2x3x4xf16>, tensor<5xi64>) {axis = 1 : i64} -> tensor<2x5x4xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %concat = fused.concat(%x, %x : tensor<2x3x4xf16>, tensor<2x3x4xf16>) {axis = 1 : i64} -> tensor<2x6x4xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %resize = fused.resize(%x : tensor<2x3x4xf16>) {coordinate_transform = #graph<coordinate_transform align_corners>, mode = #graph<resize_mode linear>, sizes = array<i64: 2, 6, 8>} -> tensor<2x6x8xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %nearest = fused.resize(%x : tensor<2x3x4xf16>) {nearest_mode = #graph<nearest_mode floor>, sizes = array<i64: 2, 6, 8>} -> tensor<2x6x8xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %view = fused.reshape %x : tensor<2x3x4xf16> -> tensor<6x4xf16>
    func.return
  }

  // A persistent kernel: the product between the two anchors stays on chip.
  func.func @chain(%x: tensor<64x32xf16>, %w0: tensor<32x16xf16>, %w1: tensor<16x8xf16>) {
    %0 = fused.chain(%x, %w0, %w1 : tensor<64x32xf16>, tensor<32x16xf16>, tensor<16x8xf16>) {residence = #fused<residence rf>} -> tensor<64x8xf16> {
    ^bb0(%a: tensor<64x32xf16>, %b: tensor<32x16xf16>, %c: tensor<16x8xf16>):
      %1 = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<32x16xf16>) -> tensor<64x16xf16> {
      ^bb0(%acc: f32):
        fused.yield %acc : f32
      }
      %2 = fused.gemm(%1, %c : tensor<64x16xf16>, tensor<16x8xf16>) -> tensor<64x8xf16> {
      ^bb0(%acc: f32):
        fused.yield %acc : f32
      }
      fused.yield %2 : tensor<64x8xf16>
    }
    func.return
  }

  // Between two anchors rows may be seen otherwise; columns stay.
  func.func @chain_of_shapes(%x: tensor<64x32xf16>, %w0: tensor<16x32xf16>, %w1: tensor<8x1x1x16xf16>) {
    %0 = fused.chain(%x, %w0, %w1 : tensor<64x32xf16>, tensor<16x32xf16>, tensor<8x1x1x16xf16>) {residence = #fused<residence smem>} -> tensor<1x8x8x8xf16> {
    ^bb0(%a: tensor<64x32xf16>, %b: tensor<16x32xf16>, %c: tensor<8x1x1x16xf16>):
      %1 = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<16x32xf16>) {transpose_b = true} -> tensor<64x16xf16> {
      ^bb0(%acc: f32):
        fused.yield %acc : f32
      }
      %2 = fused.reshape %1 : tensor<64x16xf16> -> tensor<1x8x8x16xf16>
      %3 = fused.conv2d(%2, %c : tensor<1x8x8x16xf16>, tensor<8x1x1x16xf16>) -> tensor<1x8x8x8xf16> {
      ^bb0(%acc: f32):
        fused.yield %acc : f32
      }
      fused.yield %3 : tensor<1x8x8x8xf16>
    }
    func.return
  }
}
