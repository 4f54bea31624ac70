// A template that cannot compute the chain to which it is attached is an error, not another template.
//
// RUN: bolt-opt %s --verify-diagnostics --split-input-file -p convert-fused-to-cutlass{target=sm_80} | filecheck %s

// CHECK: the template chosen for fused.chain cannot compute it on sm_80: it keeps intermediates in rf, not smem
func.func @main(%x: tensor<512x64xf16>, %a: tensor<64x64xf16>) -> tensor<512x64xf16> {
  %y = fused.chain(%x, %a : tensor<512x64xf16>, tensor<64x64xf16>) {residence = #fused<residence smem>, cutlass.choice = #cutlass.choice<#cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [64, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [64, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> <m = 512, n0 = 64, k0 = 64, n1 = 64>>} -> tensor<512x64xf16> {
  ^bb0(%0: tensor<512x64xf16>, %1: tensor<64x64xf16>):
    %2 = fused.gemm(%0, %1 : tensor<512x64xf16>, tensor<64x64xf16>) {transpose_b = true} -> tensor<512x64xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %3 = fused.gemm(%2, %1 : tensor<512x64xf16>, tensor<64x64xf16>) {transpose_b = true} -> tensor<512x64xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %3 : tensor<512x64xf16>
  }
  func.return %y : tensor<512x64xf16>
}

// -----

// CHECK: the template chosen for fused.chain cannot compute it on sm_80: launches of chain_gemm compute it with other integers
func.func @main(%x: tensor<512x64xf16>, %a: tensor<64x64xf16>) -> tensor<512x64xf16> {
  %y = fused.chain(%x, %a : tensor<512x64xf16>, tensor<64x64xf16>) {residence = #fused<residence rf>, cutlass.choice = #cutlass.choice<#cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [64, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [64, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> <m = 256, n0 = 64, k0 = 64, n1 = 64>>} -> tensor<512x64xf16> {
  ^bb0(%0: tensor<512x64xf16>, %1: tensor<64x64xf16>):
    %2 = fused.gemm(%0, %1 : tensor<512x64xf16>, tensor<64x64xf16>) {transpose_b = true} -> tensor<512x64xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %3 = fused.gemm(%2, %1 : tensor<512x64xf16>, tensor<64x64xf16>) {transpose_b = true} -> tensor<512x64xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %3 : tensor<512x64xf16>
  }
  func.return %y : tensor<512x64xf16>
}

// -----

// CHECK: the template chosen for fused.chain cannot compute it on sm_80: threadblock_n = [128, 64] must begin with the columns of the products, [64]
func.func @main(%x: tensor<512x64xf16>, %a: tensor<64x64xf16>) -> tensor<512x64xf16> {
  %y = fused.chain(%x, %a : tensor<512x64xf16>, tensor<64x64xf16>) {residence = #fused<residence rf>, cutlass.choice = #cutlass.choice<#cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> <m = 512, n0 = 64, k0 = 64, n1 = 64>>} -> tensor<512x64xf16> {
  ^bb0(%0: tensor<512x64xf16>, %1: tensor<64x64xf16>):
    %2 = fused.gemm(%0, %1 : tensor<512x64xf16>, tensor<64x64xf16>) {transpose_b = true} -> tensor<512x64xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %3 = fused.gemm(%2, %1 : tensor<512x64xf16>, tensor<64x64xf16>) {transpose_b = true} -> tensor<512x64xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %3 : tensor<512x64xf16>
  }
  func.return %y : tensor<512x64xf16>
}

// -----

// CHECK: the template chosen for fused.chain cannot compute it on sm_80: some second operands are row-major and others column-major
func.func @main(%x: tensor<512x64xf16>, %a: tensor<64x64xf16>) -> tensor<512x64xf16> {
  %y = fused.chain(%x, %a : tensor<512x64xf16>, tensor<64x64xf16>) {residence = #fused<residence rf>, cutlass.choice = #cutlass.choice<#cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [64, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [64, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> <m = 512, n0 = 64, k0 = 64, n1 = 64>>} -> tensor<512x64xf16> {
  ^bb0(%0: tensor<512x64xf16>, %1: tensor<64x64xf16>):
    %2 = fused.gemm(%0, %1 : tensor<512x64xf16>, tensor<64x64xf16>) -> tensor<512x64xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %3 = fused.gemm(%2, %1 : tensor<512x64xf16>, tensor<64x64xf16>) {transpose_b = true} -> tensor<512x64xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %3 : tensor<512x64xf16>
  }
  func.return %y : tensor<512x64xf16>
}

// -----

// CHECK: the template chosen for fused.chain cannot compute it on sm_80: sm_80 has no wgmma and TMA: use cutlass.chain_gemm
func.func @main(%x: tensor<512x64xf16>, %a: tensor<64x64xf16>) -> tensor<512x64xf16> {
  %y = fused.chain(%x, %a : tensor<512x64xf16>, tensor<64x64xf16>) {residence = #fused<residence rf>, cutlass.choice = #cutlass.choice<#cutlass.chain_gemm_sm90<math = f16, extents = [64, 64, 64], chunk = 64, consumers = 1, stages = 8, slots = 0, partners = 1, layout_b = column> <m = 512, n0 = 64, k0 = 64, n1 = 64>>} -> tensor<512x64xf16> {
  ^bb0(%0: tensor<512x64xf16>, %1: tensor<64x64xf16>):
    %2 = fused.gemm(%0, %1 : tensor<512x64xf16>, tensor<64x64xf16>) {transpose_b = true} -> tensor<512x64xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %3 = fused.gemm(%2, %1 : tensor<512x64xf16>, tensor<64x64xf16>) {transpose_b = true} -> tensor<512x64xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %3 : tensor<512x64xf16>
  }
  func.return %y : tensor<512x64xf16>
}
