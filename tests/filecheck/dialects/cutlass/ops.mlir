// Every operation of the `cutlass` dialect; each template family has its own file. Without comments and blank lines this file is exactly what bolt-opt prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
//
// The generic form is MLIR: mlir-opt reads it, and what mlir-opt writes is the same module.
// RUN: bolt-opt --print-op-generic %s | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic > %t.mlir
// RUN: bolt-opt --print-op-generic %t.mlir | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic | diff %t.mlir -
builtin.module {

  // A matrix product with a bias, a residual and relu, as shape-generic code for one target.
  cutlass.kernel @gemm_0 "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] epilogue [f16, f16] [row, full] -> [f16] {
  ^bb0(%acc: f32, %bias: f32, %residual: f32):
    %biased = arith.addf %acc, %bias : f32
    %sum = arith.addf %biased, %residual : f32
    %zero = arith.constant 0.000000e+00 : f32
    %relu = arith.maximumf %sum, %zero : f32
    fused.yield %relu : f32
  }

  // Without epilogue operands the bracketed lists are left out.
  cutlass.kernel @gemm_1 "sm_75" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 8], stages = 2, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 4, layout_a = row, layout_b = column> [f16, f16] -> [f32] {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }

  // A kernel without an accumulator has no input list to compute one from.
  cutlass.kernel @pointwise_0 "sm_80" #cutlass.pointwise<inputs = 0, vector = 8, rank = 1, strided = [], innermost = []> [] epilogue [f16, f16] [full, full] -> [f16] {
  ^bb0(%lhs: f32, %rhs: f32):
    %product = arith.mulf %lhs, %rhs : f32
    fused.yield %product : f32
  }

  // Before plan-memory every buffer is its own allocation.
  func.func @unplanned(%x: memref<128x64xf16>, %y: memref<128x32xf16>) attributes {cutlass.outputs = 1 : i64} {
    %w = cutlass.weight @fc.weight : memref<64x32xf16>
    %b = cutlass.weight @fc.bias : memref<32xf16>
    %t = cutlass.alloc : memref<128x32xf16>
    cutlass.launch @gemm_0 <m = 128, n = 32, k = 64, batch = 1, lda = 64, ldb = 32, ldd = 32, batch_stride_a = 0, batch_stride_b = 0, batch_stride_d = 0>(%x, %w : memref<128x64xf16>, memref<64x32xf16>) epilogue(%b, %t : memref<32xf16>, memref<128x32xf16>) outs(%y : memref<128x32xf16>)
    func.return
  }

  // After it, they are views of the arena.
  func.func @planned(%x: memref<128x64xf16>, %y: memref<4096xf16>) attributes {cutlass.outputs = 1 : i64} {
    %arena = cutlass.arena : memref<16384xi8>
    %w = cutlass.weight @fc.weight : memref<64x32xf16>
    %t = cutlass.view %arena {offset = 8192 : i64} : memref<16384xi8> -> memref<128x32xf16>
    %flat = cutlass.reinterpret %t : memref<128x32xf16> -> memref<4096xf16>
    cutlass.launch @pointwise_0 <size_0 = 4096> epilogue(%flat, %flat : memref<4096xf16>, memref<4096xf16>) outs(%y : memref<4096xf16>)
    func.return
  }
}
