// Kernels of dependent products. Without comments and blank lines this file is exactly what bolt-opt prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic > %t.mlir
// RUN: bolt-opt --print-op-generic %t.mlir | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic | diff %t.mlir -
builtin.module {

  // The first epilogue has one operand, the bias; the last one a bias and a matrix like the result.
  cutlass.kernel @registers "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [128, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16] epilogue [f16, f16, f16] [row, row, full] -> [f16] attributes {stage_operands = array<i64: 1>} stages {
  ^bb0(%acc: f32, %bias: f32):
    %0 = arith.addf %acc, %bias : f32
    fused.yield %0 : f32
  } then {
  ^bb0(%acc_1: f32, %bias_1: f32, %residual: f32):
    %1 = arith.addf %acc_1, %bias_1 : f32
    %2 = arith.addf %1, %residual : f32
    fused.yield %2 : f32
  }

  // Through shared memory warps may take other parts of the next product.
  cutlass.kernel @shared_memory "sm_80" #cutlass.chain_gemm<math = bf16, residence = smem, threadblock_m = 64, threadblock_n = [128, 64], threadblock_k = [32, 32], warp_m = [32, 32], warp_n = [64, 32], instruction = [16, 8, 16], stages = 3, layout_b = column> [bf16, bf16, bf16] -> [bf16] attributes {stage_operands = array<i64: 0>} stages {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  } then {
  ^bb0(%acc_1: f32):
    fused.yield %acc_1 : f32
  }

  // Three products have two stages before the last epilogue.
  cutlass.kernel @three "sm_80" #cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [64, 64, 64], threadblock_k = [32, 32, 32], warp_m = [16, 16, 16], warp_n = [64, 64, 64], instruction = [16, 8, 16], stages = 3, layout_b = column> [f16, f16, f16, f16] epilogue [f16] [row] -> [f16] attributes {stage_operands = array<i64: 0, 1>} stages {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  } {
  ^bb0(%acc_1: f32, %bias: f32):
    %0 = arith.addf %acc_1, %bias : f32
    fused.yield %0 : f32
  } then {
  ^bb0(%acc_2: f32):
    fused.yield %acc_2 : f32
  }

  // A convolution and one of single pixels.
  cutlass.kernel @windows "sm_80" #cutlass.chain_conv2d<math = f16, residence = rf, threadblock_m = 64, threadblock_n = [64, 64], threadblock_k = [32, 32], warp_m = [16, 16], warp_n = [64, 64], instruction = [16, 8, 16], stages = 3> [f16, f16, f16] -> [f16] attributes {stage_operands = array<i64: 0>} stages {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  } then {
  ^bb0(%acc_1: f32):
    fused.yield %acc_1 : f32
  }

  // The same for Hopper.
  cutlass.kernel @hopper "sm_90a" #cutlass.chain_gemm_sm90<math = f16, extents = [256, 64, 16], chunk = 64, consumers = 2, stages = 8, slots = 0, partners = 1, layout_b = column> [f16, f16, f16] -> [f16] attributes {stage_operands = array<i64: 0>} stages {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  } then {
  ^bb0(%acc_1: f32):
    fused.yield %acc_1 : f32
  }

  // Weights pass through shared memory, and two warpgroups share a tile.
  cutlass.kernel @partners "sm_90a" #cutlass.chain_gemm_sm90<math = f16, extents = [192, 768, 192], chunk = 64, consumers = 2, stages = 3, slots = 2, partners = 2, layout_b = column> [f16, f16, f16] -> [f16] attributes {stage_operands = array<i64: 0>} stages {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  } then {
  ^bb0(%acc_1: f32):
    fused.yield %acc_1 : f32
  }

  cutlass.kernel @hopper_windows "sm_90a" #cutlass.chain_conv2d_sm90<math = bf16, filter = [3, 3], channels = 64, tile_n = [64, 64], consumers = 3, input_stages = 9, weight_stages = 10, resident = true, store_stages = 2, cluster = 4> [bf16, bf16, bf16] -> [bf16] attributes {stage_operands = array<i64: 0>} stages {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  } then {
  ^bb0(%acc_1: f32):
    fused.yield %acc_1 : f32
  }

  func.func @main(%x: memref<128x64xf16>, %a: memref<128x64xf16>, %b: memref<64x128xf16>, %v: memref<128xf16>, %w: memref<64xf16>, %y: memref<128x64xf16>) attributes {cutlass.outputs = 1 : i64} {
    cutlass.launch @registers <m = 128, n0 = 128, k0 = 64, n1 = 64>(%x, %a, %b : memref<128x64xf16>, memref<128x64xf16>, memref<64x128xf16>) epilogue(%v, %w, %x : memref<128xf16>, memref<64xf16>, memref<128x64xf16>) outs(%y : memref<128x64xf16>)
    func.return
  }
}
