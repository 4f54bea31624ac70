// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_80} --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARK

// What a store is given: columns begin and count, zeros fill rows up to a length, and each dimension into which the
// rows and the columns split has a size and a stride. A general operand has strides over rows and columns, too.

// CHECK-LABEL: cutlass.kernel @gemm_0
// CHECK-SAME:    [f16, f16] epilogue [f16] [general] -> [f16, f16, f16] attributes {stores = [#cutlass.store<columns>, #cutlass.store<padded>, #cutlass.store<permuted<4, 2>>], general_rank = 3 : i64} {
// CHECK-LABEL: @stores
// CHECK:         cutlass.launch @gemm_0 <m = 256, n = 96, {{.*}}, size_0 = 2, size_1 = 128, size_2 = 96, e0_stride_0 = 0, e0_stride_1 = 1, e0_stride_2 = 0, r0_begin = 32, r0_columns = 64, r1_columns = 104, r2_size_0 = 2, r2_size_1 = 128, r2_size_2 = 4, r2_size_3 = 24, r2_stride_0 = 12288, r2_stride_1 = 24, r2_stride_2 = 3072, r2_stride_3 = 1>
func.func @stores(%x: tensor<2x128x64xf16>, %w: tensor<64x96xf16>, %e: tensor<128x1xf16>) -> (tensor<2x128x64xf16>, tensor<2x128x104xf16>, tensor<2x4x128x24xf16>) {
  %0, %1, %2 = fused.gemm(%x, %w : tensor<2x128x64xf16>, tensor<64x96xf16>) epilogue(%e : tensor<128x1xf16>) [general] {stores = [#fused.columns<32, 64>, #fused.padded<104>, #fused.permuted<[2, 128, 4, 24], [0, 2, 1, 3]>]} -> tensor<2x128x64xf16>, tensor<2x128x104xf16>, tensor<2x4x128x24xf16> {
  ^bb0(%acc: f32, %e0: f32):
    %3 = arith.addf %acc, %e0 : f32
    fused.yield %3, %3, %3 : f32, f32, f32
  }
  func.return %0, %1, %2 : tensor<2x128x64xf16>, tensor<2x128x104xf16>, tensor<2x4x128x24xf16>
}

// -----

// Each tile makes one value of its columns, which are f32; a reduction makes one of those. The rows are all in one tile,
// whose values are the result.

// CHECK-LABEL: @reduced
// CHECK:         %2 = cutlass.alloc : memref<64x{{.*}}xf32>
// CHECK:         cutlass.launch @gemm_0 <m = 64, n = 512, {{.*}}>(%x, %w : {{.*}}) outs(%2, %1 : {{.*}}memref<1x512xf16>)
// CHECK:         cutlass.launch @reduce_1 <outer = 64, reduce = {{.*}}>(%2 : {{.*}}) outs(%0 : memref<64x1xf16>)
func.func @reduced(%x: tensor<64x64xf16>, %w: tensor<64x512xf16>) -> (tensor<64x1xf16>, tensor<1x512xf16>) {
  %0, %1 = fused.gemm(%x, %w : tensor<64x64xf16>, tensor<64x512xf16>) {stores = [#fused.reduced<max, columns, 512>, #fused.reduced<sum, rows, 64>]} -> tensor<64x1xf16>, tensor<1x512xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc, %acc : f32, f32
  }
  func.return %0, %1 : tensor<64x1xf16>, tensor<1x512xf16>
}

// -----

// Both products write into the one buffer of the concat, each from the column on where its part begins.

// CHECK-LABEL: @in_place
// CHECK-NOT:     cutlass.alloc
// CHECK:         cutlass.launch @[[GEMM:.*]] <m = 128, n = 96, {{.*}}, r0_begin = 0, r0_pitch = 128, r0_batch_stride = 16384>{{.*}} outs(%0 : memref<128x128xf16>)
// CHECK-NEXT:    cutlass.launch @[[GEMM]] <m = 128, n = 32, {{.*}}, r0_begin = 96, r0_pitch = 128, r0_batch_stride = 16384>{{.*}} outs(%0 : memref<128x128xf16>)
// CHECK-NEXT:    func.return
func.func @in_place(%x: tensor<128x64xf16>, %v: tensor<64x96xf16>, %w: tensor<64x32xf16>) -> tensor<128x128xf16> {
  %0 = fused.gemm(%x, %v : tensor<128x64xf16>, tensor<64x96xf16>) -> tensor<128x96xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%x, %w : tensor<128x64xf16>, tensor<64x32xf16>) -> tensor<128x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %2 = fused.concat(%0, %1 : tensor<128x96xf16>, tensor<128x32xf16>) {axis = 1 : i64, in_place = [true, true]} -> tensor<128x128xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %2 : tensor<128x128xf16>
}

// -----

// Of two rows an ordinary kernel makes the product, which stores only elements: others do the rest.

// CHECK-LABEL: @taken_apart
// CHECK:         cutlass.launch @simt_gemm_0 {{.*}} outs(%[[ALL:.*]] : memref<2x24xf16>)
// CHECK-NEXT:    cutlass.launch @pointwise_1 {{.*}}%[[ALL]] : memref<2x24xf16>) outs(%0 : memref<2x8xf16>)
// CHECK-NEXT:    cutlass.launch @pad_2 {{.*}}%[[ALL]] : memref<2x24xf16>) outs(%1 : memref<2x32xf16>)
// REMARK: "message": "kernels of their own store columns<8, 8>, padded<32>"
func.func @taken_apart(%x: tensor<2x16xf16>, %w: tensor<16x24xf16>) -> (tensor<2x8xf16>, tensor<2x32xf16>) {
  %0, %1 = fused.gemm(%x, %w : tensor<2x16xf16>, tensor<16x24xf16>) {stores = [#fused.columns<8, 8>, #fused.padded<32>]} -> tensor<2x8xf16>, tensor<2x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc, %acc : f32, f32
  }
  func.return %0, %1 : tensor<2x8xf16>, tensor<2x32xf16>
}

// -----

// So are two products in one kernel, and a concat in place.

// CHECK-LABEL: @dual_gemm
// CHECK:         cutlass.launch @simt_gemm_0
// CHECK:         cutlass.launch @concat_
// REMARK: "message": "its inputs are not written in place: M = 2 leaves a tensor-core tile of 64 rows nearly idle"
// REMARK: "message": "one kernel multiplies, another pairs the products"
func.func @dual_gemm(%x: tensor<2x16xf16>, %v: tensor<16x8xf16>, %w: tensor<16x48xf16>) -> tensor<2x16xf16> {
  %0 = fused.gemm(%x, %v : tensor<2x16xf16>, tensor<16x8xf16>) -> tensor<2x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%x, %v : tensor<2x16xf16>, tensor<16x8xf16>) -> tensor<2x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %2 = fused.concat(%0, %1 : tensor<2x8xf16>, tensor<2x8xf16>) {axis = 1 : i64, in_place = [true, true]} -> tensor<2x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %3 = fused.dual_gemm(%2, %w : tensor<2x16xf16>, tensor<16x48xf16>) -> tensor<2x24xf16> {
  ^bb0(%a: f32, %b: f32):
    %4 = arith.mulf %a, %b : f32
    fused.yield %4 : f32
  }
  func.return %2 : tensor<2x16xf16>
}
