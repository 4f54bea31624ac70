// One kernel of each of boltir's own families. Without comments and blank lines this file is exactly what bolt-opt prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
builtin.module {

  // [n, h, w, c] scaled by [n, 1, 1, c], which is read with strides, and by a scalar.
  cutlass.kernel @pointwise_0 "sm_80" #cutlass.pointwise<inputs = 0, vector = 8, rank = 3, strided = [1], innermost = [1]> [] epilogue [f16, f16, f32] [full, general, scalar] -> [f16] {
  ^bb0(%x: f32, %gate: f32, %scale: f32):
    %gated = arith.mulf %x, %gate : f32
    %scaled = arith.mulf %gated, %scale : f32
    fused.yield %scaled : f32
  }

  // A slice: the input is read from an offset on, with any strides.
  cutlass.kernel @pointwise_1 "sm_80" #cutlass.pointwise<inputs = 1, vector = 1, rank = 2, strided = [0], innermost = [-1]> [i64] -> [i64] {
  ^bb0(%x: i64):
    fused.yield %x : i64
  }

  cutlass.kernel @transpose_0 "sm_80" #cutlass.transpose<vector = 2, rank = 0, general = [], channels = 0, outputs = 1> [f16] epilogue [f16] [row] -> [f32] {
  ^bb0(%acc: f32, %bias: f32):
    %sum = arith.addf %acc, %bias : f32
    fused.yield %sum : f32
  }

  cutlass.kernel @depthwise_conv2d_0 "sm_80" #cutlass.depthwise_conv2d<vector = 8, rank = 0, general = [], kernel_shape = [3, 3], strides = [1, 1], dilations = [1, 1], outputs = 4> [f16, f16] -> [f16] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }

  // The general operand of this one is addressed over two dimensions of the result.
  cutlass.kernel @direct_conv2d_0 "sm_75" #cutlass.direct_conv2d<vector = 1, rank = 2, general = [0], transposed = true, tile = [64, 32], output_vector = 4> [f32, f32] epilogue [f32] [general] -> [f32] {
  ^bb0(%acc: f32, %bias: f32):
    %sum = arith.addf %acc, %bias : f32
    fused.yield %sum : f32
  }

  cutlass.kernel @simt_gemm_0 "sm_80" #cutlass.simt_gemm<vector = 4, rank = 0, general = [], transpose_a = false, transpose_b = false, algorithm = tiled, tile = [128, 128], output_vector = 4, rows = 0, lanes = 0> [f32, f32] -> [f32] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }

  cutlass.kernel @pool2d_0 "sm_80" #cutlass.pool2d<vector = 8, rank = 0, general = [], kernel_shape = [3, 3], strides = [2, 2], dilations = [1, 1], outputs = 2, kind = max, include_padding = false> [f16] -> [f16] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }

  cutlass.kernel @reduce_0 "sm_80" #cutlass.reduce<vector = 8, rank = 0, general = [], kind = mean, algorithm = column, lanes = 16> [f16] -> [f16] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }

  cutlass.kernel @softmax_0 "sm_80" #cutlass.softmax<vector = 8, rank = 0, general = [], algorithm = row, lanes = 32, elements = 32> [f16] -> [f16] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }

  cutlass.kernel @layer_norm_0 "sm_80" #cutlass.layer_norm<vector = 8, rank = 0, general = [], lanes = 512, elements = 0> [bf16] epilogue [bf16, bf16] [row, row] -> [bf16] {
  ^bb0(%acc: f32, %scale: f32, %bias: f32):
    %result = math.fma %acc, %scale, %bias : f32
    fused.yield %result : f32
  }

  cutlass.kernel @gather_0 "sm_80" #cutlass.gather<vector = 8, rank = 0, general = []> [f16, i64] -> [f16] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }

  cutlass.kernel @concat_0 "sm_80" #cutlass.concat<vector = 8, rank = 0, general = [], count = 3> [f16, f16, f16] -> [f16] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }

  cutlass.kernel @pad_0 "sm_80" #cutlass.pad<vector = 8, rank = 0, general = [], mode = edge, dimensions = 3, access = 8> [f16] -> [f16] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }

  cutlass.kernel @unfold_0 "sm_80" #cutlass.unfold<vector = 8, rank = 0, general = [], kernel_shape = [2, 7], channels = 3> [f32] -> [f16] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }

  cutlass.kernel @resize_0 "sm_80" #cutlass.resize<vector = 8, rank = 0, general = [], mode = linear, coordinates = half_pixel, rounding = round_prefer_floor, outputs = 4> [f16] -> [f16] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
}
