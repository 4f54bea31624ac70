// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_90a} | filecheck %s

// One Hopper kernel holds several outputs, whatever becomes of them, and operands of any type and broadcast. What all of
// that begins at bounds the accesses of the epilogue: here columns begin at a multiple of 4.

func.func @stores(%x: tensor<512x256xf16>, %w: tensor<256x96xf16>, %e: tensor<512x1xi8>)
    -> (tensor<512x36xf16>, tensor<512x96xf16>, tensor<512x104xf32>) {
  %0, %1, %2 = fused.gemm(%x, %w : tensor<512x256xf16>, tensor<256x96xf16>)
      epilogue(%e : tensor<512x1xi8>) [column]
      {stores = [#fused.columns<4, 36>, #fused.elements, #fused.padded<104>]} -> tensor<512x36xf16>, tensor<512x96xf16>, tensor<512x104xf32> {
  ^bb0(%acc: f32, %i: i8):
    %f = arith.sitofp %i : i8 to f32
    %y = arith.mulf %acc, %f : f32
    fused.yield %y, %acc, %y : f32, f32, f32
  }
  func.return %0, %1, %2 : tensor<512x36xf16>, tensor<512x96xf16>, tensor<512x104xf32>
}
// CHECK:       cutlass.kernel @gemm_sm90_0 {{.*}} alignment_c = 4, {{.*}} epilogue [i8] [column] -> [f16, f16, f32]
// CHECK-SAME:  {stores = [#cutlass.store<columns>, #cutlass.store<elements>, #cutlass.store<padded>]
// CHECK-LABEL: @stores
// CHECK:         r0_begin = 4, r0_columns = 36, r2_columns = 104>

// -----

// An odd number of columns.

func.func @odd(%x: tensor<512x256xf16>, %w: tensor<33x256xf16>, %r: tensor<512x33xf16>) -> tensor<512x33xf16> {
  %0 = fused.gemm(%x, %w : tensor<512x256xf16>, tensor<33x256xf16>) epilogue(%r : tensor<512x33xf16>) [full]
      {transpose_b = true} -> tensor<512x33xf16> {
  ^bb0(%acc: f32, %e: f32):
    %y = arith.addf %acc, %e : f32
    fused.yield %y : f32
  }
  func.return %0 : tensor<512x33xf16>
}
// CHECK: cutlass.kernel @gemm_sm90_0 {{.*}} alignment_c = 1,

// -----

// Two convolutions write their channels in place. The second one's rows begin at a multiple of 4 elements.

func.func @in_place(%x: tensor<2x16x16x64xf16>, %v: tensor<36x3x3x64xf16>, %w: tensor<44x3x3x64xf16>) -> tensor<2x14x14x80xf16> {
  %0 = fused.conv2d(%x, %v : tensor<2x16x16x64xf16>, tensor<36x3x3x64xf16>) -> tensor<2x14x14x36xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.conv2d(%x, %w : tensor<2x16x16x64xf16>, tensor<44x3x3x64xf16>) -> tensor<2x14x14x44xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %2 = fused.concat(%0, %1 : tensor<2x14x14x36xf16>, tensor<2x14x14x44xf16>) {axis = 3 : i64, in_place = [true, true]} -> tensor<2x14x14x80xf16> {
  ^bb0(%e: f32):
    fused.yield %e : f32
  }
  func.return %2 : tensor<2x14x14x80xf16>
}
// CHECK:       cutlass.kernel @conv2d_sm90_0 {{.*}} alignment_c = 4> {{.*}}{stores = [#cutlass.store<pitched>]
// CHECK-LABEL: @in_place
// CHECK:         r0_begin = 0, r0_pitch = 80, r0_batch_stride = 1120>
// CHECK:         r0_begin = 36, r0_pitch = 80, r0_batch_stride = 1120>

// -----

// Tiles of a reduction along the rows do not span matrices: theirs are of 64 rows, as no other tile divides them.

func.func @batched(%x: tensor<8x192x256xf16>, %w: tensor<8x256x64xf16>) -> tensor<24x64xf32> {
  %0 = fused.gemm(%x, %w : tensor<8x192x256xf16>, tensor<8x256x64xf16>) {stores = [#fused.reduced<sum, rows, 64>]} -> tensor<24x64xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<24x64xf32>
}
// CHECK: cutlass.kernel @gemm_sm90_0 "sm_90a" #cutlass.gemm_sm90<math = f16, tile = [64,

// -----

// Two products in one kernel: n counts the columns of both.

func.func @dual(%x: tensor<512x256xf16>, %w: tensor<256x256xf16>, %r: tensor<512x128xf16>) -> tensor<512x128xf16> {
  %0 = fused.dual_gemm(%x, %w : tensor<512x256xf16>, tensor<256x256xf16>) epilogue(%r : tensor<512x128xf16>) [full] -> tensor<512x128xf16> {
  ^bb0(%gate: f32, %up: f32, %e: f32):
    %y = arith.mulf %gate, %up : f32
    %z = arith.addf %y, %e : f32
    fused.yield %z : f32
  }
  func.return %0 : tensor<512x128xf16>
}
// CHECK:       cutlass.kernel @gemm_sm90_0 {{.*}} epilogue [f16] [full] -> [f16] attributes {accumulators = 2 : i64}
// CHECK-LABEL: @dual
// CHECK:         <m = 512, n = 256, k = 256, batch = 1, lda = 256, ldb = 256, ldd = 128,
