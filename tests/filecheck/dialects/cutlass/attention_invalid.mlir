// RUN: bolt-opt %s --split-input-file --verify-diagnostics | filecheck %s

// What CUTLASS 2.x refuses.

// CHECK: keys_per_block is a multiple of the warp tile's 32, got 48
cutlass.kernel @k "sm_80" #cutlass.attention<queries_per_block = 64, keys_per_block = 48, head_dim = 32> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 1 warps are too few for 32 queries per block
cutlass.kernel @k "sm_80" #cutlass.attention<queries_per_block = 32, keys_per_block = 32, head_dim = 32> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 6 warps load 48 rows at once, queries_per_block is 64
cutlass.kernel @k "sm_80" #cutlass.attention<queries_per_block = 64, keys_per_block = 96, head_dim = 64> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: outputs stay in registers for heads up to keys_per_block = 64, not 128
cutlass.kernel @k "sm_80" #cutlass.attention<queries_per_block = 64, keys_per_block = 64, head_dim = 128> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: the template takes 3 inputs, not 4
cutlass.kernel @k "sm_80" #cutlass.attention<queries_per_block = 64, keys_per_block = 64, head_dim = 64> [f16, f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: attention is fused for f16 and bf16, not f32
cutlass.kernel @k "sm_80" #cutlass.attention<queries_per_block = 64, keys_per_block = 64, head_dim = 64> [f32, f32, f32] -> [f32] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: Q, K, V and the mask have one element type
cutlass.kernel @k "sm_80" #cutlass.attention<queries_per_block = 64, keys_per_block = 64, head_dim = 64> [f16, f16, bf16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: sm_75 has no bf16 tensor cores
cutlass.kernel @k "sm_75" #cutlass.attention<queries_per_block = 64, keys_per_block = 64, head_dim = 64> [bf16, bf16, bf16] -> [bf16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: the result has the element type of Q, K and V
cutlass.kernel @k "sm_80" #cutlass.attention<queries_per_block = 64, keys_per_block = 64, head_dim = 64> [f16, f16, f16] -> [f32] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: the template stores its result as it is
cutlass.kernel @k "sm_80" #cutlass.attention<queries_per_block = 64, keys_per_block = 64, head_dim = 64> [f16, f16, f16] epilogue [f16] [full] -> [f16] {
^bb0(%acc: f32, %e: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: the template attention stores its result as it is, without an epilogue
cutlass.kernel @k "sm_80" #cutlass.attention<queries_per_block = 64, keys_per_block = 64, head_dim = 64> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  %0 = arith.negf %acc : f32
  fused.yield %0 : f32
}

// -----

// What the Hopper template refuses.

// CHECK: sm_80 has no wgmma and TMA: use cutlass.attention_sm80
cutlass.kernel @k "sm_80" #cutlass.attention_sm90<queries_per_block = 128, keys_per_block = 128, head_dim = 64, schedule = pingpong> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: two warpgroups of 64 rows compute 128 queries per block, not 64
cutlass.kernel @k "sm_90a" #cutlass.attention_sm90<queries_per_block = 64, keys_per_block = 128, head_dim = 64, schedule = pingpong> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: keys_per_block is 64 or 128, got 96
cutlass.kernel @k "sm_90a" #cutlass.attention_sm90<queries_per_block = 128, keys_per_block = 96, head_dim = 64, schedule = pingpong> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: head_dim is 32, 64 or 128, got 80
cutlass.kernel @k "sm_90a" #cutlass.attention_sm90<queries_per_block = 128, keys_per_block = 128, head_dim = 80, schedule = pingpong> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// What boltir's own template refuses.

// CHECK: warps must be 1 to 16, got 0
cutlass.kernel @k "sm_80" #cutlass.attention_sm80<vector = 2, rank = 0, general = [], queries_per_block = 64, keys_per_block = 64, head_dim = 64, warps = 0, mask = none> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 4 warps of 16 rows do not divide 96 queries
cutlass.kernel @k "sm_80" #cutlass.attention_sm80<vector = 2, rank = 0, general = [], queries_per_block = 96, keys_per_block = 64, head_dim = 64, warps = 4, mask = none> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: head_dim is a multiple of the instruction's 16, got 40
cutlass.kernel @k "sm_80" #cutlass.attention_sm80<vector = 2, rank = 0, general = [], queries_per_block = 64, keys_per_block = 64, head_dim = 40, warps = 4, mask = none> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: a thread holds two neighbouring outputs: vector is 2, not 4
cutlass.kernel @k "sm_80" #cutlass.attention_sm80<vector = 4, rank = 0, general = [], queries_per_block = 64, keys_per_block = 64, head_dim = 64, warps = 4, mask = none> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: scores, outputs and queries need 256 registers, more than 180
cutlass.kernel @k "sm_80" #cutlass.attention_sm80<vector = 2, rank = 0, general = [], queries_per_block = 128, keys_per_block = 64, head_dim = 128, warps = 4, mask = none> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: sm_75 has no cp.async: use cutlass.attention
cutlass.kernel @k "sm_75" #cutlass.attention_sm80<vector = 2, rank = 0, general = [], queries_per_block = 64, keys_per_block = 64, head_dim = 64, warps = 4, mask = none> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: the template takes 4 inputs, not 3
cutlass.kernel @k "sm_80" #cutlass.attention_sm80<vector = 2, rank = 0, general = [], queries_per_block = 64, keys_per_block = 64, head_dim = 64, warps = 4, mask = keys> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 141312 bytes of shared memory exceed the 101376 of sm_86
cutlass.kernel @k "sm_86" #cutlass.attention_sm80<vector = 2, rank = 0, general = [], queries_per_block = 256, keys_per_block = 64, head_dim = 176, warps = 16, mask = none> [f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: a thread loads the mask of one key: 1 warps are too few for a block of them
cutlass.kernel @k "sm_80" #cutlass.attention_sm80<vector = 2, rank = 0, general = [], queries_per_block = 16, keys_per_block = 64, head_dim = 64, warps = 1, mask = keys> [f16, f16, f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}
