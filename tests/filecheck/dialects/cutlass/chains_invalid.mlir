// What kernels of dependent products are not. The rules of tiles and warps: tests/unit/dialects.
//
// RUN: bolt-opt --verify-diagnostics --split-input-file %s | filecheck %s

// CHECK: 'cutlass.kernel': the template chain_gemm has 2 epilogues, the kernel 1
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': the template chain_gemm has 2 epilogues, the kernel 3
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] -> [f16] attributes {stage_operands = array<i64: 0, 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': 1 stages need as many stage_operands, got []
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] -> [f16] stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': stage_operands = [2] take more than the 1 epilogue operands
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] epilogue [f16] [row] -> [f16] attributes {stage_operands = array<i64: 2>} stages {
^bb0(%acc: f32, %e: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': stage_operands = [-1] take more than the 1 epilogue operands
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] epilogue [f16] [row] -> [f16] attributes {stage_operands = array<i64: -1>} stages {
^bb0(%acc: f32, %e: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': the epilogue takes (f32), this kernel gives (f32, f32)
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] epilogue [f16] [row] -> [f16] attributes {stage_operands = array<i64: 1>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': the epilogue yields 2 values for 1 outputs
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] -> [f16] attributes {stage_operands = array<i64: 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc, %acc : f32, f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': 2 products take 3 inputs of f16, got (f16, f16)
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16] -> [f16] attributes {stage_operands = array<i64: 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': 2 products take 3 inputs of f16, got (f16, bf16, f16)
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, bf16, f16] -> [f16] attributes {stage_operands = array<i64: 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': a chain multiplies f16 and bf16: its intermediates are rounded to 16 bits
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = tf32, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f32, f32, f32] -> [f32] attributes {stage_operands = array<i64: 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': sm_75 has no bf16 tensor cores
cutlass.kernel @k "sm_75" #cutlass.chain_gemm<math = bf16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 8], stages = 2, layout_b = column> [bf16, bf16, bf16] -> [bf16] attributes {stage_operands = array<i64: 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': a chain stores one output, got 2
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] -> [f16, f16] attributes {stage_operands = array<i64: 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc, %acc : f32, f32
}

// -----

// CHECK: 'cutlass.kernel': the template chain_gemm has no padded store
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] -> [f16] attributes {stage_operands = array<i64: 0>, stores = [#cutlass.store<padded>]} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': full operands are for the last epilogue of a chain only
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] epilogue [f16] [full] -> [f16] attributes {stage_operands = array<i64: 1>} stages {
^bb0(%acc: f32, %e: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': a chain's epilogues have no general operands
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] epilogue [f16] [general] -> [f16] attributes {stage_operands = array<i64: 0>, general_rank = 2 : i64} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32, %e: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': a chain's epilogues read and store f16, bf16 and f32, not i8
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] -> [i8] attributes {stage_operands = array<i64: 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  %0 = arith.fptosi %acc : f32 to i32
  fused.yield %0 : i32
}

// -----

// CHECK: 'cutlass.kernel': the template gemm has 1 epilogues, the kernel 2
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 4, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] attributes {stage_operands = array<i64: 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: each slot holds the weights of one partner: slots are even, got 3
cutlass.kernel @k "sm_90a" #cutlass.chain_gemm_sm90<math = f16, extents = [192, 768, 192], chunk = 64, consumers = 2, stages = 3, slots = 3, partners = 2, layout_b = column> [f16, f16, f16] -> [f16] attributes {stage_operands = array<i64: 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}
