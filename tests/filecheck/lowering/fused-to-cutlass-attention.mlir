// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_90a} --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARK
// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_75} | filecheck %s --check-prefix TURING

// One tensor for Q, K and V is passed three times. Long sequences get Hopper's template.

func.func @long(%x: tensor<1x197x2304xf16>) -> tensor<1x197x768xf16> {
  %y = fused.attention(%x, %x, %x : tensor<1x197x2304xf16>, tensor<1x197x2304xf16>, tensor<1x197x2304xf16>) {heads = 12 : i64, head_dim = 64 : i64, offsets = array<i64: 0, 768, 1536>, scale = 0.125 : f32} -> tensor<1x197x768xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x197x768xf16>
}
// CHECK:       cutlass.kernel @attention_sm90_0 "sm_90a" #cutlass.attention_sm90<queries_per_block = 128, keys_per_block = 128, head_dim = 64, schedule = pingpong> [f16, f16, f16] -> [f16]
// CHECK-LABEL: @long(
// CHECK-NEXT:    cutlass.launch @attention_sm90_0 <batch = 1, heads = 12, queries = 197, keys = 197, head_dim = 64, q_width = 2304, k_width = 2304, v_width = 2304, q_offset = 0, k_offset = 768, v_offset = 1536, scale = 1040187392>(%x, %x, %x : {{.*}}) outs(%y :
// TURING:      cutlass.kernel @attention_0 "sm_75" #cutlass.attention<queries_per_block = 64, keys_per_block = 64, head_dim = 64>

// -----

// Short ones get boltir's own, which waits less; so do masks and epilogues.

func.func @short(%x: tensor<2x40x192xf16>) -> tensor<2x40x64xf16> {
  %y = fused.attention(%x, %x, %x : tensor<2x40x192xf16>, tensor<2x40x192xf16>, tensor<2x40x192xf16>) {heads = 1 : i64, head_dim = 64 : i64, offsets = array<i64: 0, 64, 128>, scale = 0.125 : f32} -> tensor<2x40x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<2x40x64xf16>
}
// CHECK:       #cutlass.attention_sm80<vector = 2, rank = 0, general = [], queries_per_block = 64, keys_per_block = 64, head_dim = 64, warps = 4, mask = none>
// CHECK-LABEL: @short

// -----

func.func @mask_per_key(%q: tensor<2x600x80xf16>, %m: tensor<2x1x1x600xf16>) -> tensor<2x600x80xf16> {
  %y = fused.attention(%q, %q, %q, %m : tensor<2x600x80xf16>, tensor<2x600x80xf16>, tensor<2x600x80xf16>, tensor<2x1x1x600xf16>) {heads = 2 : i64, head_dim = 40 : i64, scale = 0.125 : f32} -> tensor<2x600x80xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<2x600x80xf16>
}
// CHECK:       #cutlass.attention_sm80<vector = 2, rank = 0, general = [], queries_per_block = 128, keys_per_block = 64, head_dim = 48, warps = 4, mask = keys> [f16, f16, f16, f16]
// CHECK-LABEL: @mask_per_key
// CHECK-NEXT:    cutlass.launch {{.*}} scale = 1040187392, mask_batch_stride = 600, mask_head_stride = 0, mask_key_stride = 1>(%q, %q, %q, %m :
// TURING-LABEL: @mask_per_key
// TURING:        cutlass.launch @softmax

// -----

func.func @mask_per_score(%q: tensor<2x197x64xbf16>, %m: tensor<1x197x197xbf16>, %r: tensor<2x197x64xbf16>) -> tensor<2x197x64xbf16> {
  %m4 = fused.reshape %m : tensor<1x197x197xbf16> -> tensor<1x1x197x197xbf16>
  %y = fused.attention(%q, %q, %q, %m4 : tensor<2x197x64xbf16>, tensor<2x197x64xbf16>, tensor<2x197x64xbf16>, tensor<1x1x197x197xbf16>) epilogue(%r : tensor<2x197x64xbf16>) [full] {heads = 1 : i64, head_dim = 64 : i64, scale = 0.125 : f32} -> tensor<2x197x64xbf16> {
  ^bb0(%acc: f32, %e: f32):
    %sum = arith.addf %acc, %e : f32
    fused.yield %sum : f32
  }
  func.return %y : tensor<2x197x64xbf16>
}
// CHECK:       #cutlass.attention_sm80<vector = 2, rank = 0, general = [], queries_per_block = 64, keys_per_block = 64, head_dim = 64, warps = 4, mask = scores> [bf16, bf16, bf16, bf16] epilogue [bf16] [full]
// CHECK-LABEL: @mask_per_score
// CHECK:         cutlass.launch {{.*}} mask_batch_stride = 0, mask_head_stride = 0, mask_query_stride = 197, mask_key_stride = 1>(%q, %q, %q, %{{.*}} epilogue(%r

// -----

// What no template takes becomes products and a softmax.

func.func @odd_heads(%q: tensor<1x100x30xf16>) -> tensor<1x100x30xf16> {
  %y = fused.attention(%q, %q, %q : tensor<1x100x30xf16>, tensor<1x100x30xf16>, tensor<1x100x30xf16>) {heads = 2 : i64, head_dim = 15 : i64, scale = 0.25 : f32} -> tensor<1x100x30xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x100x30xf16>
}
// CHECK-LABEL: @odd_heads
// CHECK-NOT:     cutlass.launch @attention
// CHECK:         cutlass.launch @gemm
// CHECK:         cutlass.launch @softmax
// CHECK:         cutlass.launch @gemm

// REMARK:      "message": "uses #cutlass.attention_sm90<{{.*}}>"
// REMARK-NEXT: "message": "uses #cutlass.attention_sm80<{{.*}}>"
// REMARK-NEXT: "message": "attention_sm90 takes no mask"
// REMARK-NEXT: "message": "uses #cutlass.attention_sm80<{{.*}}>"
// REMARK-NEXT: "message": "attention_sm90 takes no mask"
// REMARK-NEXT: "message": "uses #cutlass.attention_sm80<{{.*}}>"
// REMARK-NEXT: "message": "head_dim = 15 is no multiple of 8, which one access moves"
// REMARK-NEXT: "message": "head_dim = 15 is no multiple of 8, which one access moves"
// REMARK-NEXT: "message": "head_dim = 15 is no multiple of 8, which one access moves"
// REMARK-NEXT: "message": "no fused attention: its products and its softmax are kernels of their own"
