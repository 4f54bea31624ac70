// RUN: bolt-opt %s --split-input-file --verify-diagnostics | filecheck %s

// One broken rule of each kind; tests/unit/dialects/test_gemm_unaligned.py has every rule.

// CHECK: sm_75 has no mma of 16 x 8 x 16
cutlass.kernel @k "sm_75" #cutlass.gemm_unaligned<math = f16, alignment_c = 1, layout_a = row, layout_b = column> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: rows along K are read: A must be row-major, B column-major
cutlass.kernel @k "sm_80" #cutlass.gemm_unaligned<math = f16, alignment_c = 1, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}
