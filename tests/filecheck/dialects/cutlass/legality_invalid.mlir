// RUN: bolt-opt %s --split-input-file --verify-diagnostics | filecheck %s

// A kernel that nvcc could not build, or whose results would be wrong, does not verify: the message names the rule.
// Every rule is in tests/unit/dialects/test_cutlass_legality.py; here is one of each kind.

// CHECK: 196608 bytes of shared memory exceed the 166912 of sm_80
cutlass.kernel @shared_memory "sm_80" #cutlass.gemm<math = f16, threadblock = [128, 128, 32], warp = [64, 64, 32], instruction = [16, 8, 16], stages = 12, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: sm_75 has no cp.async: exactly 2 stages, not 3
cutlass.kernel @stages "sm_75" #cutlass.conv2d<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 8], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, iterator_algorithm = optimized> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: threadblock tile [64, 64, 32] is not divisible by warp tile [48, 32, 32]
cutlass.kernel @tiles "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [48, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: a reduced store makes f16, bf16 or f32, not i8
cutlass.kernel @rows "sm_80" #cutlass.conv2d<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, iterator_algorithm = optimized> [f16, f16] -> [i8] attributes {stores = [#cutlass.store<reduced<max, rows>>]} {
^bb0(%acc: f32):
  %0 = arith.fptosi %acc : f32 to i8
  fused.yield %0 : i8
}

// -----

// CHECK: sm_89 has no wgmma and TMA: use cutlass.gemm
cutlass.kernel @hopper "sm_89" #cutlass.gemm_sm90<math = f16, tile = [128, 128, 64], cluster = [1, 1, 1], schedule = pingpong, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: alignment of B must be 8 elements, got 4
cutlass.kernel @tma "sm_90a" #cutlass.gemm_sm90<math = f16, tile = [128, 128, 64], cluster = [1, 1, 1], schedule = pingpong, alignment_a = 8, alignment_b = 4, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: cooperative takes tile M = 128, 256, got 64
cutlass.kernel @schedule "sm_90a" #cutlass.gemm_sm90<math = f16, tile = [64, 128, 64], cluster = [1, 1, 1], schedule = cooperative, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// Measured on an H100: this tile stores wrong values for problems of several threadblocks.

// CHECK: warp tile K = 32 must be threadblock K = 64: the epilogue does not add up partial sums
cutlass.kernel @sliced_k "sm_75" #cutlass.gemm<math = f16, threadblock = [64, 128, 64], warp = [64, 64, 32], instruction = [16, 8, 8], stages = 2, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = column> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// Measured on an H100: this tile reads outside its memory.

// CHECK: a row-major B is swizzled by 64 elements, which threadblock extent 32 is no multiple of
cutlass.kernel @narrow_row_major "sm_80" #cutlass.gemm<math = f16, threadblock = [128, 32, 32], warp = [64, 16, 32], instruction = [16, 8, 16], stages = 5, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 4, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}
