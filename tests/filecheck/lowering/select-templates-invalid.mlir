// RUN: not bolt-opt %s -p select-templates{target=sm_80} 2>&1 | filecheck %s --check-prefix SHAPES
// RUN: not bolt-opt %s -p select-templates{target=sm_75} 2>&1 | filecheck %s --check-prefix TARGET
// RUN: not bolt-opt %s -p select-templates{source=guess} 2>&1 | filecheck %s --check-prefix SOURCE
// RUN: not bolt-opt %s -p select-templates{source=database} 2>&1 | filecheck %s --check-prefix NOTHING

// A choice must compute this operation (here m is 64 in the choice and 128 in the operation) on this target.

// SHAPES: the template chosen for fused.gemm cannot compute it on sm_80: launches of gemm compute this with other parameters or integers (remove the attribute cutlass.choice, or run select-templates for this target)
// TARGET: the template chosen for fused.gemm cannot compute it on sm_75:
// SOURCE: unknown source of templates 'guess'
// NOTHING: there is nothing to take database templates from
func.func @main(%x: tensor<128x64xf16>, %w: tensor<64x64xf16>) -> tensor<128x64xf16> {
  %0 = fused.gemm(%x, %w : tensor<128x64xf16>, tensor<64x64xf16>) {cutlass.choice = #cutlass.choice<#cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 4, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> <m = 64, n = 64, k = 64, batch = 1, lda = 64, ldb = 64, ldd = 64, batch_stride_a = 8192, batch_stride_b = 4096, batch_stride_d = 8192>>} -> tensor<128x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<128x64xf16>
}
