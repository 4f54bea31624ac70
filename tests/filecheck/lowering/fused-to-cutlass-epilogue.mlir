// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_80} | filecheck %s

// What the epilogue of a 2.x kernel reads and stores bounds its accesses. Here columns begin at a multiple of 4.

func.func @columns(%x: tensor<512x256xf16>, %w: tensor<256x96xf16>) -> (tensor<512x36xf16>, tensor<512x60xf16>) {
  %0, %1 = fused.gemm(%x, %w : tensor<512x256xf16>, tensor<256x96xf16>)
      {stores = [#fused.columns<0, 36>, #fused.columns<36, 60>]} -> tensor<512x36xf16>, tensor<512x60xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc, %acc : f32, f32
  }
  func.return %0, %1 : tensor<512x36xf16>, tensor<512x60xf16>
}
// CHECK:       cutlass.kernel @gemm_0 {{.*}} alignment_c = 4, {{.*}}{stores = [#cutlass.store<columns>, #cutlass.store<columns>]
// CHECK-LABEL: @columns
// CHECK:         r0_begin = 0, r0_columns = 36, r1_begin = 36, r1_columns = 60>

// -----

// A transposed head of 12 columns: accesses do not leave it.

func.func @heads(%x: tensor<2x128x256xf16>, %w: tensor<256x48xf16>) -> tensor<2x4x128x12xf16> {
  %0 = fused.gemm(%x, %w : tensor<2x128x256xf16>, tensor<256x48xf16>)
      {stores = [#fused.permuted<[2, 128, 4, 12], [0, 2, 1, 3]>]} -> tensor<2x4x128x12xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<2x4x128x12xf16>
}
// CHECK:       alignment_c = 4, {{.*}}{stores = [#cutlass.store<permuted<4, 2>>]
// CHECK-LABEL: @heads
// CHECK:         r0_size_0 = 2, r0_size_1 = 128, r0_size_2 = 4, r0_size_3 = 12, r0_stride_0 = 6144, r0_stride_1 = 12, r0_stride_2 = 1536, r0_stride_3 = 1>

// -----

// Where the last dimension moves, an access would be torn apart: a kernel of its own transposes.

func.func @transposed(%x: tensor<2x128x256xf16>, %w: tensor<256x48xf16>) -> tensor<2x48x128xf16> {
  %0 = fused.gemm(%x, %w : tensor<2x128x256xf16>, tensor<256x48xf16>)
      {stores = [#fused.permuted<[2, 128, 48], [0, 2, 1]>]} -> tensor<2x48x128xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<2x48x128xf16>
}
// CHECK:       cutlass.kernel @gemm_0 {{.*}} [f16, f16] -> [f16] {
// CHECK:       cutlass.kernel @transpose_1
// CHECK-LABEL: @transposed

// -----

// A convolution reads operands of any broadcast and stores several outputs of several types.

func.func @gated(%x: tensor<2x16x16x64xf16>, %w: tensor<64x3x3x64xf16>, %gate: tensor<2x1x1x64xf16>) -> (tensor<2x14x14x64xf16>, tensor<2x14x14x64xf32>) {
  %0, %1 = fused.conv2d(%x, %w : tensor<2x16x16x64xf16>, tensor<64x3x3x64xf16>)
      epilogue(%gate : tensor<2x1x1x64xf16>) [general] -> tensor<2x14x14x64xf16>, tensor<2x14x14x64xf32> {
  ^bb0(%acc: f32, %g: f32):
    %y = arith.mulf %acc, %g : f32
    fused.yield %y, %acc : f32, f32
  }
  func.return %0, %1 : tensor<2x14x14x64xf16>, tensor<2x14x14x64xf32>
}
// CHECK:       cutlass.kernel @conv2d_0 "sm_80" #cutlass.conv2d<{{.*}}> [f16, f16] epilogue [f16] [general] -> [f16, f32] attributes {general_rank = 3 : i64}
// CHECK-NOT:   cutlass.kernel
// CHECK-LABEL: @gated
// CHECK:         size_0 = 2, size_1 = 196, size_2 = 64, e0_stride_0 = 64, e0_stride_1 = 0, e0_stride_2 = 1>

// -----

// Two products in one kernel: n counts the columns of both.

func.func @dual(%x: tensor<512x256xf16>, %w: tensor<256x256xf16>) -> tensor<512x128xf16> {
  %0 = fused.dual_gemm(%x, %w : tensor<512x256xf16>, tensor<256x256xf16>) -> tensor<512x128xf16> {
  ^bb0(%gate: f32, %up: f32):
    %y = arith.mulf %gate, %up : f32
    fused.yield %y : f32
  }
  func.return %0 : tensor<512x128xf16>
}
// CHECK:       cutlass.kernel @gemm_0 {{.*}}{accumulators = 2
// CHECK-LABEL: @dual
// CHECK:         cutlass.launch @gemm_0 <m = 512, n = 256, k = 256, batch = 1, lda = 256, ldb = 256, ldd = 128,

// -----

// Partial results along rows: the tile divides the rows of each matrix of a batch.

func.func @rows(%x: tensor<8x192x256xf16>, %w: tensor<8x256x128xf16>) -> tensor<1x128xf32> {
  %0 = fused.gemm(%x, %w : tensor<8x192x256xf16>, tensor<8x256x128xf16>)
      {stores = [#fused.reduced<max, rows, 1536>]} -> tensor<1x128xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<1x128xf32>
}
// CHECK:       cutlass.kernel @gemm_0 "sm_80" #cutlass.gemm<math = f16, threadblock = [64, {{.*}}{stores = [#cutlass.store<reduced<max, rows>>]
// CHECK-LABEL: @rows
// CHECK:         [[PARTIAL:%.*]] = cutlass.alloc : memref<24x128xf32>
// CHECK:         cutlass.launch @gemm_0 {{.*}} outs([[PARTIAL]] :
// CHECK:         cutlass.launch @reduce_1 {{.*}}([[PARTIAL]] :

// -----

// Where none does, the reduction is a kernel of its own.

func.func @left_over(%x: tensor<8x100x256xf16>, %w: tensor<8x256x128xf16>) -> tensor<1x128xf32> {
  %0 = fused.gemm(%x, %w : tensor<8x100x256xf16>, tensor<8x256x128xf16>)
      {stores = [#fused.reduced<max, rows, 800>]} -> tensor<1x128xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<1x128xf32>
}
// CHECK:       cutlass.kernel @gemm_0 {{.*}} [f16, f16] -> [f32] {
// CHECK-LABEL: @left_over
// CHECK:         [[ALL:%.*]] = cutlass.alloc : memref<8x100x128xf32>
// CHECK:         cutlass.launch @gemm_0 {{.*}} outs([[ALL]] :
// CHECK:         cutlass.launch @reduce_1
