// RUN: bolt-opt %s --split-input-file -p form-persistent-kernels{target=sm_80} --remarks=- -o /dev/null 2>&1 | filecheck %s
// RUN: bolt-opt %s --split-input-file -p form-persistent-kernels{target=sm_80} | filecheck %s --check-prefix NONE

// NONE:     func.func @other_use
// NONE-NOT: fused.chain(

// Intermediates with other uses.

func.func @other_use(%x: tensor<16384x256xf16>, %a: tensor<64x256xf16>, %b: tensor<32x64xf16>) -> (tensor<16384x64xf16>, tensor<16384x32xf16>) {
  %0 = fused.gemm(%x, %a : tensor<16384x256xf16>, tensor<64x256xf16>) {transpose_b = true} -> tensor<16384x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<16384x64xf16>, tensor<32x64xf16>) {transpose_b = true} -> tensor<16384x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0, %1 : tensor<16384x64xf16>, tensor<16384x32xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: its result is read 2 times

// -----

// A reshape is a use, even if nothing reads it.

func.func @unread_reshape(%x: tensor<16384x256xf16>, %a: tensor<64x256xf16>, %b: tensor<32x64xf16>) -> tensor<16384x32xf16> {
  %0 = fused.gemm(%x, %a : tensor<16384x256xf16>, tensor<64x256xf16>) {transpose_b = true} -> tensor<16384x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.reshape %0 : tensor<16384x64xf16> -> tensor<4x4096x64xf16>
  %2 = fused.gemm(%0, %b : tensor<16384x64xf16>, tensor<32x64xf16>) {transpose_b = true} -> tensor<16384x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %2 : tensor<16384x32xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: its result is read 2 times

// -----

// Windows of several pixels reach into rows of other tiles.

func.func @halo(%x: tensor<8x56x56x64xf16>, %a: tensor<64x1x1x64xf16>, %b: tensor<64x3x3x64xf16>) -> tensor<8x54x54x64xf16> {
  %0 = fused.conv2d(%x, %a : tensor<8x56x56x64xf16>, tensor<64x1x1x64xf16>) -> tensor<8x56x56x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.conv2d(%0, %b : tensor<8x56x56x64xf16>, tensor<64x3x3x64xf16>) -> tensor<8x54x54x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<8x54x54x64xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.conv2d: not in one kernel with the product behind it: windows of more than one pixel need neighbours of a tile's rows

// -----

// So do windows of one pixel that skip others.

func.func @strides(%x: tensor<8x56x56x64xf16>, %a: tensor<64x1x1x64xf16>, %b: tensor<64x1x1x64xf16>) -> tensor<8x28x28x64xf16> {
  %0 = fused.conv2d(%x, %a : tensor<8x56x56x64xf16>, tensor<64x1x1x64xf16>) -> tensor<8x56x56x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.conv2d(%0, %b : tensor<8x56x56x64xf16>, tensor<64x1x1x64xf16>) {strides = array<i64: 2, 2>} -> tensor<8x28x28x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<8x28x28x64xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.conv2d: not in one kernel with the product behind it: windows that skip pixels compute other rows

// -----

func.func @groups(%x: tensor<8x56x56x64xf16>, %a: tensor<64x1x1x64xf16>, %b: tensor<64x1x1x32xf16>) -> tensor<8x56x56x64xf16> {
  %0 = fused.conv2d(%x, %a : tensor<8x56x56x64xf16>, tensor<64x1x1x64xf16>) -> tensor<8x56x56x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.conv2d(%0, %b : tensor<8x56x56x64xf16>, tensor<64x1x1x32xf16>) {groups = 2 : i64} -> tensor<8x56x56x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<8x56x56x64xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.conv2d: not in one kernel with the product behind it: a convolution of 2 groups

// -----

// Dimensions that do not match: the columns of one product must be what the next sums over.

func.func @mismatch(%x: tensor<16384x256xf16>, %a: tensor<64x256xf16>, %b: tensor<32x128xf16>) -> tensor<8192x32xf16> {
  %0 = fused.gemm(%x, %a : tensor<16384x256xf16>, tensor<64x256xf16>) {transpose_b = true} -> tensor<16384x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %v = fused.reshape %0 : tensor<16384x64xf16> -> tensor<8192x128xf16>
  %1 = fused.gemm(%v, %b : tensor<8192x128xf16>, tensor<32x128xf16>) {transpose_b = true} -> tensor<8192x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<8192x32xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: a reshape takes its 64 columns apart

// -----

func.func @second_operand(%x: tensor<64x256xf16>, %a: tensor<128x256xf16>, %y: tensor<4096x64xf16>) -> tensor<4096x128xf16> {
  %0 = fused.gemm(%x, %a : tensor<64x256xf16>, tensor<128x256xf16>) {transpose_b = true} -> tensor<64x128xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%y, %0 : tensor<4096x64xf16>, tensor<64x128xf16>) -> tensor<4096x128xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<4096x128xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: that does not read it as its first operand

// -----

func.func @transposed(%x: tensor<64x256xf16>, %a: tensor<128x256xf16>, %b: tensor<32x64xf16>) -> tensor<128x32xf16> {
  %0 = fused.gemm(%x, %a : tensor<64x256xf16>, tensor<128x256xf16>) {transpose_b = true} -> tensor<64x128xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<64x128xf16>, tensor<32x64xf16>) {transpose_a = true, transpose_b = true} -> tensor<128x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<128x32xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: its first operand is read transposed

// -----

func.func @batches(%x: tensor<4x1024x256xf16>, %a: tensor<64x256xf16>, %b: tensor<4x32x64xf16>) -> tensor<4x1024x32xf16> {
  %0 = fused.gemm(%x, %a : tensor<4x1024x256xf16>, tensor<64x256xf16>) {transpose_b = true} -> tensor<4x1024x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<4x1024x64xf16>, tensor<4x32x64xf16>) {transpose_b = true} -> tensor<4x1024x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<4x1024x32xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: it multiplies with a batch of matrices

// -----

// A product that stores something else than its elements leaves them nowhere for the next one.

func.func @store(%x: tensor<16384x256xf16>, %a: tensor<64x256xf16>, %b: tensor<32x64xf16>) -> tensor<16384x16xf16> {
  %0 = fused.gemm(%x, %a : tensor<16384x256xf16>, tensor<64x256xf16>) {transpose_b = true} -> tensor<16384x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<16384x64xf16>, tensor<32x64xf16>) {transpose_b = true, stores = [#fused.columns<0, 16>]} -> tensor<16384x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<16384x16xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: that stores other than all elements in their order

// -----

func.func @results(%x: tensor<16384x256xf16>, %a: tensor<64x256xf16>, %b: tensor<32x64xf16>) -> (tensor<16384x64xf16>, tensor<16384x32xf16>) {
  %0, %2 = fused.gemm(%x, %a : tensor<16384x256xf16>, tensor<64x256xf16>) {transpose_b = true} -> tensor<16384x64xf16>, tensor<16384x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc, %acc : f32, f32
  }
  %1 = fused.gemm(%0, %b : tensor<16384x64xf16>, tensor<32x64xf16>) {transpose_b = true} -> tensor<16384x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %2, %1 : tensor<16384x64xf16>, tensor<16384x32xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: it stores 2 results

// -----

// A matrix like the intermediate would have to be read by every tile of it.

func.func @inner_residual(%x: tensor<16384x256xf16>, %a: tensor<64x256xf16>, %b: tensor<32x64xf16>, %r: tensor<16384x64xf16>) -> tensor<16384x32xf16> {
  %0 = fused.gemm(%x, %a : tensor<16384x256xf16>, tensor<64x256xf16>) epilogue(%r : tensor<16384x64xf16>) [full] {transpose_b = true} -> tensor<16384x64xf16> {
  ^bb0(%acc: f32, %e: f32):
    %s = arith.addf %acc, %e : f32
    fused.yield %s : f32
  }
  %1 = fused.gemm(%0, %b : tensor<16384x64xf16>, tensor<32x64xf16>) {transpose_b = true} -> tensor<16384x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<16384x32xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: no template serves: full operands are for the last epilogue of a chain only

// -----

func.func @tf32(%x: tensor<16384x256xf32>, %a: tensor<64x256xf32>, %b: tensor<32x64xf32>) -> tensor<16384x32xf32> {
  %0 = fused.gemm(%x, %a : tensor<16384x256xf32>, tensor<64x256xf32>) {transpose_b = true} -> tensor<16384x64xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<16384x64xf32>, tensor<32x64xf32>) {transpose_b = true} -> tensor<16384x32xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<16384x32xf32>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: no template serves: a chain multiplies f16 and bf16: its intermediates are rounded to 16 bits

// -----

// Rows of all matrices are multiples of 16 bytes.

func.func @alignment(%x: tensor<16384x252xf16>, %a: tensor<64x252xf16>, %b: tensor<32x64xf16>) -> tensor<16384x32xf16> {
  %0 = fused.gemm(%x, %a : tensor<16384x252xf16>, tensor<64x252xf16>) {transpose_b = true} -> tensor<16384x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<16384x64xf16>, tensor<32x64xf16>) {transpose_b = true} -> tensor<16384x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<16384x32xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: no template serves: {{.*}}k0 = 252 is no multiple of 8, which one access moves

// -----

// A threadblock computes all columns of each product.

func.func @wide(%x: tensor<4096x1024xf16>, %a: tensor<4096x1024xf16>, %b: tensor<1024x4096xf16>) -> tensor<4096x1024xf16> {
  %0 = fused.gemm(%x, %a : tensor<4096x1024xf16>, tensor<4096x1024xf16>) {transpose_b = true} -> tensor<4096x4096xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<4096x4096xf16>, tensor<1024x4096xf16>) {transpose_b = true} -> tensor<4096x1024xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<4096x1024xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: no template serves: {{.*}} rejected: accumulators take {{[0-9]+}} registers per thread, more than the 192

// -----

// What has a template attached becomes that.

func.func @chosen(%x: tensor<16384x256xf16>, %a: tensor<64x256xf16>, %b: tensor<32x64xf16>) -> tensor<16384x32xf16> {
  %0 = fused.gemm(%x, %a : tensor<16384x256xf16>, tensor<64x256xf16>) {transpose_b = true, cutlass.choice = #cutlass.choice<#cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 4, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = column> <m = 16384, n = 64, k = 256, batch = 1, lda = 256, ldb = 256, ldd = 64, batch_stride_a = 4194304, batch_stride_b = 16384, batch_stride_d = 1048576>>} -> tensor<16384x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<16384x64xf16>, tensor<32x64xf16>) {transpose_b = true} -> tensor<16384x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<16384x32xf16>
}
// CHECK: missed: [form-persistent-kernels] fused.gemm: not in one kernel with the product behind it: a template is attached to one of them
