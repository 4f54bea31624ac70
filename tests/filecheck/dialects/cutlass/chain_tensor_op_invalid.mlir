// RUN: bolt-opt %s --split-input-file --verify-diagnostics | filecheck %s

// One broken rule of each kind; tests/unit/dialects/test_chain_tensor_op.py has every rule.

// CHECK: 'cutlass.kernel': sm_75 has no cp.async: exactly 2 stages, not 3
cutlass.kernel @k "sm_75" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [64, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [64, 64], instruction = [16, 8, 8], stages = 3, layout_b = column> [f16, f16, f16] -> [f16] attributes {stage_operands = array<i64: 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: in registers a warp holds whole rows: warp_n = [32, 32] must be threadblock_n = [64, 64]
cutlass.kernel @k "sm_80" #cutlass.chain_conv2d<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [64, 64], threadblock_k = [32, 32], warp_m = [32, 32], warp_n = [32, 32], instruction = [16, 8, 16], stages = 3> [f16, f16, f16] -> [f16] attributes {stage_operands = array<i64: 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': 1 warps cannot store rows of a threadblock 96 columns wide in accesses of 8 elements
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [32, 96], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [32, 96], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] -> [f16] attributes {stage_operands = array<i64: 0>} stages {
^bb0(%acc: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': epilogue 0 reads a value per row, only the last one can
cutlass.kernel @k "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [64, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [64, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] epilogue [f16] [column] -> [f16] attributes {stage_operands = array<i64: 1>} stages {
^bb0(%acc: f32, %e: f32):
  fused.yield %acc : f32
} then {
^bb0(%acc: f32):
  fused.yield %acc : f32
}
