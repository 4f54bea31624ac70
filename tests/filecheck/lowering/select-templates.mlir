// RUN: bolt-opt %s --split-input-file -p select-templates{target=sm_90a} | filecheck %s
// RUN: bolt-opt %s --split-input-file -p select-templates{target=sm_90a} --remarks=- -o /dev/null 2>&1 | filecheck %s --check-prefix REMARKS
// RUN: bolt-opt %s --split-input-file -p select-templates{target=sm_90a},convert-fused-to-cutlass{target=sm_90a} | filecheck %s --check-prefix LOWERED

// The choice is an attribute: the template, and the integers of its launch. The remark says what else was considered.

func.func @product(%x: tensor<1280x768xf16>, %w: tensor<768x768xf16>) -> tensor<1280x768xf16> {
  %0 = fused.gemm(%x, %w : tensor<1280x768xf16>, tensor<768x768xf16>) -> tensor<1280x768xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<1280x768xf16>
}
// CHECK-LABEL: @product
// CHECK:         fused.gemm
// CHECK-SAME:    {cutlass.choice = #cutlass.choice<#cutlass.gemm_sm90<math = f16, tile =
// CHECK-SAME:    <m = 1280, n = 768, k = 768, batch = 1, lda = 768, ldb = 768, ldd = 768, batch_stride_a = 983040, batch_stride_b = 589824, batch_stride_d = 983040>>}
// REMARKS:     passed: [select-templates] fused.gemm: uses #cutlass.gemm_sm90<math = f16, tile = [128, 64, 64], cluster = [1, 4, 1], schedule = warp_specialized,
// REMARKS:     note: [select-templates] fused.gemm: expected of {{[0-9]+}} templates: gemm_sm90 128x64x64 warp_specialized cluster 1x4 {{.*}} us, {{.*}}% of the roof, bound by {{.*}}; gemm_sm90
// LOWERED:     cutlass.kernel @gemm_sm90_0
// LOWERED:     cutlass.launch @gemm_sm90_0

// -----

// A choice that is there stays, and is what the kernel becomes.

func.func @given(%x: tensor<128x64xf16>, %w: tensor<64x64xf16>) -> tensor<128x64xf16> {
  %0 = fused.gemm(%x, %w : tensor<128x64xf16>, tensor<64x64xf16>) {cutlass.choice = #cutlass.choice<#cutlass.gemm_sm90<math = f16, tile = [128, 64, 64], cluster = [2, 1, 1], schedule = pingpong, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> <m = 128, n = 64, k = 64, batch = 1, lda = 64, ldb = 64, ldd = 64, batch_stride_a = 8192, batch_stride_b = 4096, batch_stride_d = 8192, swizzle = 2, raster = 1>>} -> tensor<128x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<128x64xf16>
}
// CHECK-LABEL: @given
// CHECK:         tile = [128, 64, 64], cluster = [2, 1, 1], schedule = pingpong,
// LOWERED:     cutlass.kernel @gemm_sm90_0 "sm_90a" #cutlass.gemm_sm90<math = f16, tile = [128, 64, 64], cluster = [2, 1, 1], schedule = pingpong,
// LOWERED:     cutlass.launch @gemm_sm90_0
// LOWERED-SAME:  swizzle = 2, raster = 1

// -----

// Every kernel gets one, also where there is nothing to rank.

func.func @softmax(%x: tensor<8x64xf16>) -> tensor<8x64xf16> {
  %0 = fused.softmax(%x : tensor<8x64xf16>) {axis = 1 : i64} -> tensor<8x64xf16> {
  ^bb0(%v: f32):
    fused.yield %v : f32
  }
  func.return %0 : tensor<8x64xf16>
}
// CHECK-LABEL: @softmax
// CHECK:         fused.softmax
// CHECK-SAME:    cutlass.choice = #cutlass.choice<#cutlass.softmax<
// LOWERED:     cutlass.kernel @softmax_0
