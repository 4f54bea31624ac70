// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_80} --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARKS

// The epilogues of a chain become the stages and the epilogue of one kernel; a launch has A, each B, and the operands
// of all epilogues in their order.

func.func @chain(%x: tensor<512x64xf16>, %a: tensor<128x64xf16>, %b: tensor<64x128xf16>, %v: tensor<128xf16>, %r: tensor<512x64xf16>) -> tensor<512x64xf16> {
  %y = fused.chain(%x, %v, %a, %r, %b : tensor<512x64xf16>, tensor<128xf16>, tensor<128x64xf16>, tensor<512x64xf16>, tensor<64x128xf16>) {residence = #fused<residence rf>, cutlass.choice = #cutlass.choice<#cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> <m = 512, n0 = 128, k0 = 64, n1 = 64>>} -> tensor<512x64xf16> {
  ^bb0(%0: tensor<512x64xf16>, %1: tensor<128xf16>, %2: tensor<128x64xf16>, %3: tensor<512x64xf16>, %4: tensor<64x128xf16>):
    %5 = fused.gemm(%0, %2 : tensor<512x64xf16>, tensor<128x64xf16>) epilogue(%1 : tensor<128xf16>) [row] {transpose_b = true} -> tensor<512x128xf16> {
    ^bb0(%acc: f32, %bias: f32):
      %sum = arith.addf %acc, %bias : f32
      fused.yield %sum : f32
    }
    %6 = fused.gemm(%5, %4 : tensor<512x128xf16>, tensor<64x128xf16>) epilogue(%3 : tensor<512x64xf16>) [full] {transpose_b = true} -> tensor<512x64xf16> {
    ^bb0(%acc: f32, %residual: f32):
      %product = arith.mulf %acc, %residual : f32
      fused.yield %product : f32
    }
    fused.yield %6 : tensor<512x64xf16>
  }
  func.return %y : tensor<512x64xf16>
}
// CHECK:       cutlass.kernel @chain_gemm_0 "sm_80" #cutlass.chain_gemm<{{.*}}> [f16, f16, f16] epilogue [f16, f16] [row, full] -> [f16] attributes {stage_operands = array<i64: 1>} stages {
// CHECK:         arith.addf
// CHECK:       } then {
// CHECK:         arith.mulf
// CHECK-LABEL: func.func @chain(
// CHECK-NEXT:    cutlass.launch @chain_gemm_0 <m = 512, n0 = 128, k0 = 64, n1 = 64>(%x, %a, %b : memref<512x64xf16>, memref<128x64xf16>, memref<64x128xf16>) epilogue(%v, %r : memref<128xf16>, memref<512x64xf16>) outs(%y : memref<512x64xf16>)

// -----

// A chain without a template becomes its products.

func.func @apart(%x: tensor<512x64xf16>, %a: tensor<64x64xf16>) -> tensor<512x64xf16> {
  %y = fused.chain(%x, %a : tensor<512x64xf16>, tensor<64x64xf16>) {residence = #fused<residence rf>} -> tensor<512x64xf16> {
  ^bb0(%0: tensor<512x64xf16>, %1: tensor<64x64xf16>):
    %2 = fused.gemm(%0, %1 : tensor<512x64xf16>, tensor<64x64xf16>) -> tensor<512x64xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %3 = fused.gemm(%2, %1 : tensor<512x64xf16>, tensor<64x64xf16>) -> tensor<512x64xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    fused.yield %3 : tensor<512x64xf16>
  }
  func.return %y : tensor<512x64xf16>
}
// CHECK-LABEL: func.func @apart(
// CHECK:         cutlass.launch @gemm_0
// CHECK:         cutlass.launch @gemm_0
// REMARKS: "missed", "pass_name": "select-templates", "op": "fused.chain", {{.*}} "message": "no template is attached: its anchors run apart"
