// Products of rows that no access of 16 bytes fits. Without comments and blank lines this file is exactly what bolt-opt prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
builtin.module {

  // Rows of A and B have 333 elements; pairs of results are stored at once.
  cutlass.kernel @gemm_unaligned_0 "sm_90a" #cutlass.gemm_unaligned<math = f16, alignment_c = 2, layout_a = row, layout_b = column> [f16, f16] epilogue [f16] [row] -> [f16] {
  ^bb0(%acc: f32, %bias: f32):
    %biased = arith.addf %acc, %bias : f32
    fused.yield %biased : f32
  }
  func.func @main(%x: memref<77x333xf16>, %w: memref<46x333xf16>, %b: memref<46xf16>, %y: memref<77x46xf16>) attributes {cutlass.outputs = 1 : i64} {
    cutlass.launch @gemm_unaligned_0 <m = 77, n = 46, k = 333, batch = 1, lda = 333, ldb = 333, ldd = 46, batch_stride_a = 0, batch_stride_b = 0, batch_stride_d = 0>(%x, %w : memref<77x333xf16>, memref<46x333xf16>) epilogue(%b : memref<46xf16>) outs(%y : memref<77x46xf16>)
    func.return
  }
}
