// RUN: bolt-opt %s --split-input-file --verify-diagnostics | filecheck %s

// One broken rule of each kind; tests/unit/dialects/test_conv2d_sm90.py has every rule.

// CHECK: 'cutlass.kernel': sm_80 has no wgmma and TMA: use cutlass.conv2d
cutlass.kernel @k "sm_80" #cutlass.conv2d_sm90<math = f16, tile = [128, 64, 64], cluster = [1, 1, 1], schedule = pingpong, alignment_a = 8, alignment_b = 8, alignment_c = 8> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': TMA moves 16-byte rows: alignment of A must be 8 elements, got 4
cutlass.kernel @k "sm_90a" #cutlass.conv2d_sm90<math = f16, tile = [128, 64, 64], cluster = [1, 1, 1], schedule = pingpong, alignment_a = 4, alignment_b = 8, alignment_c = 8> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: cooperative takes tile M = 128, 256, got 64
cutlass.kernel @k "sm_90a" #cutlass.conv2d_sm90<math = f16, tile = [64, 64, 64], cluster = [1, 1, 1], schedule = cooperative, alignment_a = 8, alignment_b = 8, alignment_c = 8> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}
