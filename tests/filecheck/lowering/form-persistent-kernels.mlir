// RUN: bolt-opt %s --split-input-file -p form-persistent-kernels{target=sm_80} | filecheck %s
// RUN: bolt-opt %s --split-input-file -p form-persistent-kernels{target=sm_80} --remarks=- -o /dev/null 2>&1 | filecheck %s --check-prefix REMARKS

// Two products become a chain with its template; what the epilogues read becomes operands of the chain.

func.func @biases(%x: tensor<16384x256xf16>, %a: tensor<64x256xf16>, %b: tensor<32x64xf16>, %v: tensor<64xf16>, %w: tensor<32xf16>) -> tensor<16384x32xf16> {
  %0 = fused.gemm(%x, %a : tensor<16384x256xf16>, tensor<64x256xf16>) epilogue(%v : tensor<64xf16>) [row] {transpose_b = true} -> tensor<16384x64xf16> {
  ^bb0(%acc: f32, %e: f32):
    %s = arith.addf %acc, %e : f32
    fused.yield %s : f32
  }
  %1 = fused.gemm(%0, %b : tensor<16384x64xf16>, tensor<32x64xf16>) epilogue(%w : tensor<32xf16>) [row] {transpose_b = true} -> tensor<16384x32xf16> {
  ^bb0(%acc: f32, %e: f32):
    %s = arith.addf %acc, %e : f32
    fused.yield %s : f32
  }
  func.return %1 : tensor<16384x32xf16>
}
// CHECK-LABEL: @biases
// CHECK-NEXT:    %0 = fused.chain(%x, %a, %v, %b, %w : tensor<16384x256xf16>, tensor<64x256xf16>, tensor<64xf16>, tensor<32x64xf16>, tensor<32xf16>)
// CHECK-SAME:      {cutlass.choice = #cutlass.choice<#cutlass.chain_gemm<math = f16, residence = rf, threadblock_m = {{[0-9]+}}, threadblock_n = [64, 32],
// CHECK-SAME:      <m = 16384, n0 = 64, k0 = 256, n1 = 32>>, residence = #fused<residence rf>} -> tensor<16384x32xf16> {
// CHECK-NEXT:    ^bb0(%1: tensor<16384x256xf16>, %2: tensor<64x256xf16>, %3: tensor<64xf16>, %4: tensor<32x64xf16>, %5: tensor<32xf16>):
// CHECK-NEXT:      %6 = fused.gemm(%1, %2 : tensor<16384x256xf16>, tensor<64x256xf16>) epilogue(%3 : tensor<64xf16>) [row]
// CHECK:           %7 = fused.gemm(%6, %4 : tensor<16384x64xf16>, tensor<32x64xf16>) epilogue(%5 : tensor<32xf16>) [row]
// CHECK:           fused.yield %7 : tensor<16384x32xf16>
// CHECK:         func.return %0
// REMARKS:     passed: [form-persistent-kernels] fused.chain: one kernel for 2 products: expected {{.*}} us as chain_gemm in rf, {{.*}} us apart

// -----

// The last product may add a matrix like its result.

func.func @residual(%x: tensor<16384x256xf16>, %a: tensor<64x256xf16>, %b: tensor<32x64xf16>, %r: tensor<16384x32xf16>) -> tensor<16384x32xf16> {
  %0 = fused.gemm(%x, %a : tensor<16384x256xf16>, tensor<64x256xf16>) {transpose_b = true} -> tensor<16384x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<16384x64xf16>, tensor<32x64xf16>) epilogue(%r : tensor<16384x32xf16>) [full] {transpose_b = true} -> tensor<16384x32xf16> {
  ^bb0(%acc: f32, %e: f32):
    %s = arith.addf %acc, %e : f32
    fused.yield %s : f32
  }
  func.return %1 : tensor<16384x32xf16>
}
// CHECK-LABEL: @residual
// CHECK-NEXT:    fused.chain(%x, %a, %b, %r : tensor<16384x256xf16>, tensor<64x256xf16>, tensor<32x64xf16>, tensor<16384x32xf16>)

// -----

// Accumulators that exceed the registers pass through shared memory.

func.func @shared_memory(%x: tensor<65536x64xf16>, %a: tensor<384x64xf16>, %b: tensor<64x384xf16>) -> tensor<65536x64xf16> {
  %0 = fused.gemm(%x, %a : tensor<65536x64xf16>, tensor<384x64xf16>) {transpose_b = true} -> tensor<65536x384xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<65536x384xf16>, tensor<64x384xf16>) {transpose_b = true} -> tensor<65536x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<65536x64xf16>
}
// CHECK-LABEL: @shared_memory
// CHECK-NEXT:    fused.chain
// CHECK-SAME:      residence = smem, {{.*}} residence = #fused<residence smem>}
// REMARKS:     passed: [form-persistent-kernels] fused.chain: one kernel for 2 products: expected {{.*}} us as chain_gemm in smem, {{.*}} us apart

// -----

// Chains may be longer.

func.func @three(%x: tensor<16384x64xf16>, %a: tensor<32x64xf16>, %b: tensor<32x32xf16>, %c: tensor<64x32xf16>) -> tensor<16384x64xf16> {
  %0 = fused.gemm(%x, %a : tensor<16384x64xf16>, tensor<32x64xf16>) {transpose_b = true} -> tensor<16384x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<16384x32xf16>, tensor<32x32xf16>) {transpose_b = true} -> tensor<16384x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %2 = fused.gemm(%1, %c : tensor<16384x32xf16>, tensor<64x32xf16>) {transpose_b = true} -> tensor<16384x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %2 : tensor<16384x64xf16>
}
// CHECK-LABEL: @three
// CHECK-NEXT:    fused.chain(%x, %a, %b, %c :
// CHECK-SAME:      threadblock_n = [32, 32, 64],
// CHECK-SAME:      <m = 16384, n0 = 32, k0 = 64, n1 = 32, n2 = 64>>
// REMARKS:     passed: [form-persistent-kernels] fused.chain: one kernel for 3 products:

// -----

// A convolution and one of single pixels behind it.

func.func @convolutions(%x: tensor<32x56x56x32xf16>, %a: tensor<32x3x3x32xf16>, %b: tensor<32x1x1x32xf16>) -> tensor<32x56x56x32xf16> {
  %0 = fused.conv2d(%x, %a : tensor<32x56x56x32xf16>, tensor<32x3x3x32xf16>) {padding = array<i64: 1, 1, 1, 1>} -> tensor<32x56x56x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.conv2d(%0, %b : tensor<32x56x56x32xf16>, tensor<32x1x1x32xf16>) -> tensor<32x56x56x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<32x56x56x32xf16>
}
// CHECK-LABEL: @convolutions
// CHECK-NEXT:    fused.chain(%x, %a, %b :
// CHECK-SAME:      #cutlass.chain_conv2d<math = f16, residence = rf,
// CHECK-SAME:      threadblock_n = [32, 32],
// CHECK-SAME:      <n = 32, h = 56, w = 56, c = 32, k = 32, r = 3, s = 3, p = 56, q = 56, pad_top = 1, pad_left = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1, n1 = 32>>

// -----

// Convolutions of single pixels are products, also behind a product that is seen as an image.

func.func @pixels(%x: tensor<25088x256xf16>, %a: tensor<64x256xf16>, %b: tensor<32x1x1x64xf16>) -> tensor<8x56x56x32xf16> {
  %0 = fused.gemm(%x, %a : tensor<25088x256xf16>, tensor<64x256xf16>) {transpose_b = true} -> tensor<25088x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %i = fused.reshape %0 : tensor<25088x64xf16> -> tensor<8x56x56x64xf16>
  %1 = fused.conv2d(%i, %b : tensor<8x56x56x64xf16>, tensor<32x1x1x64xf16>) -> tensor<8x56x56x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<8x56x56x32xf16>
}
// CHECK-LABEL: @pixels
// CHECK-NEXT:    fused.chain(%x, %a, %b :
// CHECK-SAME:      #cutlass.chain_gemm<
// CHECK:           fused.gemm
// CHECK:           fused.reshape
// CHECK-NEXT:      fused.conv2d

// -----

// All second operands of a chain lie alike: a row-major weight is transposed beside a column-major matrix, which
// fold-constants does at compile time.

func.func @weights(%x: tensor<16384x256xf16>, %a: tensor<64x256xf16>) -> tensor<16384x32xf16> {
  %b = graph.weight @b : tensor<64x32xf16>
  %0 = fused.gemm(%x, %a : tensor<16384x256xf16>, tensor<64x256xf16>) {transpose_b = true} -> tensor<16384x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<16384x64xf16>, tensor<64x32xf16>) -> tensor<16384x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<16384x32xf16>
}
// CHECK-LABEL: @weights
// CHECK:         %0 = graph.transpose %b {permutation = array<i64: 1, 0>} : (tensor<64x32xf16>) -> tensor<32x64xf16>
// CHECK:         fused.chain(%x, %a, %0 :
// CHECK-SAME:      layout_b = column
// CHECK:           fused.gemm{{.*}} {transpose_b = true}
// CHECK:           fused.gemm{{.*}} {transpose_b = true}
