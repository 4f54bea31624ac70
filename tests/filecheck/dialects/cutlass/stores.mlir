// Kernels that store otherwise than all elements. Without comments and blank lines this file is exactly what bolt-opt
// prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic > %t.mlir
// RUN: bolt-opt --print-op-generic %t.mlir | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic | diff %t.mlir -
builtin.module {

  // Columns of the result, all of it in a larger buffer, all of it with zeros behind, by heads, and one value per tile.
  cutlass.kernel @stores "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 4, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16, f16, f16, f16, f32, f16] attributes {stores = [#cutlass.store<columns>, #cutlass.store<pitched>, #cutlass.store<padded>, #cutlass.store<permuted<4, 2>>, #cutlass.store<reduced<max, rows>>, #cutlass.store<elements>]} {
  ^bb0(%acc: f32):
    fused.yield %acc, %acc, %acc, %acc, %acc, %acc : f32, f32, f32, f32, f32, f32
  }

  // Two accumulators, and an operand that is repeated within rows.
  cutlass.kernel @dual "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 4, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] epilogue [f16] [general] -> [f16] attributes {accumulators = 2 : i64, general_rank = 3 : i64} {
  ^bb0(%a: f32, %b: f32, %e: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %0, %e : f32
    fused.yield %1 : f32
  }
  func.func @main(%x: memref<16x16xf16>, %w: memref<16x32xf16>, %e: memref<8x1xf16>, %a: memref<16x16xf16>, %b: memref<1024xf16>, %c: memref<16x40xf16>, %d: memref<2x4x8x8xf16>, %f: memref<1x32xf32>, %g: memref<16x32xf16>) {
    cutlass.launch @stores <m = 16, n = 32, k = 16, batch = 1, lda = 16, ldb = 32, ldd = 32, batch_stride_a = 256, batch_stride_b = 512, batch_stride_d = 512, r0_begin = 8, r0_columns = 16, r1_begin = 32, r1_pitch = 64, r1_batch_stride = 1024, r2_columns = 40, r3_size_0 = 2, r3_size_1 = 8, r3_size_2 = 4, r3_size_3 = 8, r3_stride_0 = 256, r3_stride_1 = 8, r3_stride_2 = 64, r3_stride_3 = 1>(%x, %w : memref<16x16xf16>, memref<16x32xf16>) outs(%a, %b, %c, %d, %f, %g : memref<16x16xf16>, memref<1024xf16>, memref<16x40xf16>, memref<2x4x8x8xf16>, memref<1x32xf32>, memref<16x32xf16>)
    cutlass.launch @dual <m = 16, n = 32, k = 16, batch = 1, lda = 16, ldb = 32, ldd = 16, batch_stride_a = 256, batch_stride_b = 512, batch_stride_d = 256, size_0 = 2, size_1 = 8, size_2 = 16, e0_stride_0 = 0, e0_stride_1 = 1, e0_stride_2 = 0>(%x, %w : memref<16x16xf16>, memref<16x32xf16>) epilogue(%e : memref<8x1xf16>) outs(%a : memref<16x16xf16>)
    func.return
  }
}
