// The attention templates. Without comments and blank lines this file is exactly what bolt-opt prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
builtin.module {

  // CUTLASS 2.x, also on sm_75.
  cutlass.kernel @attention_0 "sm_75" #cutlass.attention<queries_per_block = 64, keys_per_block = 64, head_dim = 64> [f16, f16, f16] -> [f16] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }

  // CUTLASS 3.x for Hopper.
  cutlass.kernel @attention_sm90_0 "sm_90a" #cutlass.attention_sm90<queries_per_block = 128, keys_per_block = 128, head_dim = 64, schedule = pingpong> [bf16, bf16, bf16] -> [bf16] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }

  // boltir's own: a mask per key, and an epilogue.
  cutlass.kernel @attention_sm80_0 "sm_86" #cutlass.attention_sm80<vector = 2, rank = 0, general = [], queries_per_block = 64, keys_per_block = 64, head_dim = 80, warps = 4, mask = keys> [f16, f16, f16, f16] epilogue [f16] [full] -> [f32] {
  ^bb0(%acc: f32, %residual: f32):
    %sum = arith.addf %acc, %residual : f32
    fused.yield %sum : f32
  }
  func.func @main(%x: memref<2x40x192xf16>, %y: memref<2x40x64xf16>) attributes {cutlass.outputs = 1 : i64} {
    cutlass.launch @attention_0 <batch = 2, heads = 1, queries = 40, keys = 40, head_dim = 64, q_width = 192, k_width = 192, v_width = 192, q_offset = 0, k_offset = 64, v_offset = 128, scale = 1040187392>(%x, %x, %x : memref<2x40x192xf16>, memref<2x40x192xf16>, memref<2x40x192xf16>) outs(%y : memref<2x40x64xf16>)
    func.return
  }
}
