// RUN: bolt-opt %s --split-input-file --verify-diagnostics | filecheck %s

// What boltir's own kernel templates refuse, before nvcc or the results would.

// CHECK: vector must be a power of two up to 8, got 6
cutlass.kernel @vector "sm_80" #cutlass.softmax<vector = 6, rank = 0, general = [], algorithm = row, lanes = 32, elements = 6> [f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: operands [0] have the general broadcast, general lists []
cutlass.kernel @general "sm_80" #cutlass.pool2d<vector = 8, rank = 0, general = [], kernel_shape = [3, 3], strides = [2, 2], dilations = [1, 1], outputs = 2, kind = max, include_padding = false> [f16] epilogue [f16] [general] -> [f16] {
^bb0(%acc: f32, %e: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: rank must be 1 to 6 with general operands and 0 without, got 0 for 1 operands
cutlass.kernel @rank "sm_80" #cutlass.pool2d<vector = 8, rank = 0, general = [0], kernel_shape = [3, 3], strides = [2, 2], dilations = [1, 1], outputs = 2, kind = max, include_padding = false> [f16] epilogue [f16] [general] -> [f16] {
^bb0(%acc: f32, %e: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: operand 0 has the row broadcast and must be in strided
cutlass.kernel @strided "sm_80" #cutlass.pointwise<inputs = 0, vector = 8, rank = 1, strided = [], innermost = []> [] epilogue [f16] [row] -> [f16] {
^bb0(%x: f32):
  fused.yield %x : f32
}

// -----

// CHECK: the template computes on floating-point elements, not i32
cutlass.kernel @integers "sm_80" #cutlass.simt_gemm<vector = 4, rank = 0, general = [], transpose_a = false, transpose_b = false, algorithm = tiled, tile = [64, 64], output_vector = 4, rows = 0, lanes = 0> [i32, i32] -> [i32] {
^bb0(%acc: i32):
  fused.yield %acc : i32
}

// -----

// CHECK: tile 64x8 is no multiple of 256 threads with 4 outputs each
cutlass.kernel @tile "sm_80" #cutlass.direct_conv2d<vector = 1, rank = 0, general = [], transposed = false, tile = [64, 8], output_vector = 1> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: algorithm dot needs transpose_b = true
cutlass.kernel @dot "sm_80" #cutlass.simt_gemm<vector = 8, rank = 0, general = [], transpose_a = false, transpose_b = false, algorithm = dot, tile = [0, 0], output_vector = 1, rows = 1, lanes = 0> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: outputs and a row of the filter need 240 registers per thread, more than 160
cutlass.kernel @registers "sm_80" #cutlass.depthwise_conv2d<vector = 8, rank = 0, general = [], kernel_shape = [3, 25], strides = [1, 1], dilations = [1, 1], outputs = 4> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 65536 bytes of shared memory exceed 49152
cutlass.kernel @shared_memory "sm_80" #cutlass.transpose<vector = 4, rank = 0, general = [], channels = 0, outputs = 1> [f32] -> [f32] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: pooling takes max or mean, not sum
cutlass.kernel @pooling "sm_80" #cutlass.pool2d<vector = 8, rank = 0, general = [], kernel_shape = [3, 3], strides = [2, 2], dilations = [1, 1], outputs = 2, kind = sum, include_padding = false> [f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: lanes must be a power of two from 4 to 1024, got 48
cutlass.kernel @lanes "sm_80" #cutlass.layer_norm<vector = 8, rank = 0, general = [], lanes = 48, elements = 8> [f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: indices must be i32 or i64, not i8
cutlass.kernel @indices "sm_80" #cutlass.gather<vector = 8, rank = 0, general = []> [f16, i8] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: the template takes 3 inputs, not 2
cutlass.kernel @concat "sm_80" #cutlass.concat<vector = 8, rank = 0, general = [], count = 3> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: outputs must be 1 to 8, got 9
cutlass.kernel @outputs "sm_80" #cutlass.transpose<vector = 1, rank = 0, general = [], channels = 4, outputs = 9> [f32] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: kernel_shape must be 2 positive numbers, got [3]
cutlass.kernel @window "sm_80" #cutlass.pool2d<vector = 8, rank = 0, general = [], kernel_shape = [3], strides = [1, 1], dilations = [1, 1], outputs = 1, kind = max, include_padding = false> [f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: algorithm dot takes lanes (32, 64, 128, 256), got 16
cutlass.kernel @dot_lanes "sm_80" #cutlass.simt_gemm<vector = 8, rank = 0, general = [], transpose_a = false, transpose_b = true, algorithm = dot, tile = [0, 0], output_vector = 1, rows = 1, lanes = 16> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: channels must be positive, got 0
cutlass.kernel @no_channels "sm_80" #cutlass.unfold<vector = 8, rank = 0, general = [], kernel_shape = [2, 2], channels = 0> [f32] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: access must be a power of two up to 4, got 8
cutlass.kernel @pad "sm_80" #cutlass.pad<vector = 4, rank = 0, general = [], mode = constant, dimensions = 2, access = 8> [f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}
