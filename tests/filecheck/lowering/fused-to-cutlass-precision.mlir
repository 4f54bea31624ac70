// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_75} --remarks=- 2>&1 | filecheck %s --check-prefix SM75
// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_80} | filecheck %s --check-prefixes CHECK,SM80
// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_90a} | filecheck %s --check-prefixes CHECK,SM90

// Tensor cores multiply f32 operands as tf32, four of which fill 16 bytes. wgmma wants both operands along K.

func.func @along_k(%x: tensor<512x256xf32>, %w: tensor<256x256xf32>) -> tensor<512x256xf32> {
  %0 = fused.gemm(%x, %w : tensor<512x256xf32>, tensor<256x256xf32>) {transpose_b = true} -> tensor<512x256xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<512x256xf32>
}
// SM75:  #cutlass.simt_gemm<
// SM80:  #cutlass.gemm<math = tf32, threadblock = {{.*}}, instruction = [16, 8, 8], stages = {{[3-9]|10}}, swizzle = 1, alignment_a = 4, alignment_b = 4, alignment_c = 4,
// SM90:  #cutlass.gemm_sm90<math = tf32, tile = [{{[0-9]+}}, {{[0-9]+}}, {{32|64}}], {{.*}} alignment_a = 4, alignment_b = 4,
// CHECK-SAME:  [f32, f32] -> [f32]

// -----

// A row-major B lies along N: Hopper runs the kernel of Ampere.

func.func @along_n(%x: tensor<512x256xf32>, %w: tensor<256x256xf32>) -> tensor<512x256xf32> {
  %0 = fused.gemm(%x, %w : tensor<512x256xf32>, tensor<256x256xf32>) -> tensor<512x256xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<512x256xf32>
}
// CHECK: #cutlass.gemm<math = tf32, {{.*}} layout_a = row, layout_b = row> [f32, f32] -> [f32]

// -----

// One f32 is as much as cp.async moves at least: odd extents need no second path through registers.

func.func @odd_extents(%x: tensor<100x65xf32>, %w: tensor<65x33xf32>) -> tensor<100x33xf32> {
  %0 = fused.gemm(%x, %w : tensor<100x65xf32>, tensor<65x33xf32>) -> tensor<100x33xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<100x33xf32>
}
// CHECK: #cutlass.gemm<math = tf32, {{.*}} stages = {{[3-9]|10}}, swizzle = 1, alignment_a = 1, alignment_b = 1, alignment_c = 1,

// -----

func.func @convolution(%x: tensor<1x16x16x8xf32>, %w: tensor<16x3x3x8xf32>) -> tensor<1x14x14x16xf32> {
  %0 = fused.conv2d(%x, %w : tensor<1x16x16x8xf32>, tensor<16x3x3x8xf32>) -> tensor<1x14x14x16xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<1x14x14x16xf32>
}
// SM75:  #cutlass.direct_conv2d<
// CHECK: #cutlass.conv2d<math = tf32, {{.*}} alignment_a = 4, alignment_b = 4, {{.*}}iterator_algorithm = optimized> [f32, f32] -> [f32]

// -----

func.func @bfloat(%x: tensor<512x256xbf16>, %w: tensor<256x256xbf16>) -> tensor<512x256xbf16> {
  %0 = fused.gemm(%x, %w : tensor<512x256xbf16>, tensor<256x256xbf16>) -> tensor<512x256xbf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<512x256xbf16>
}
// SM75:  #cutlass.simt_gemm<
// SM80:  #cutlass.gemm<math = bf16, {{.*}} instruction = [16, 8, 16],
// SM90:  #cutlass.gemm_sm90<math = bf16, tile = [{{[0-9]+}}, {{[0-9]+}}, {{64|128}}],
// CHECK-SAME: [bf16, bf16] -> [bf16]

// SM75: missed: [select-templates] fused.gemm: sm_75 has no tf32 tensor cores
// SM75: missed: [select-templates] fused.conv2d: sm_75 has no tf32 tensor cores
// SM75: missed: [select-templates] fused.gemm: sm_75 has no bf16 tensor cores
