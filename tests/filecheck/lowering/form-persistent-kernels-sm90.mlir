// RUN: bolt-opt %s --split-input-file -p form-persistent-kernels{target=sm_90a} --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARKS

// Hopper has kernels of its own, which the cost model compares with those of CUTLASS 2.x.

func.func @products(%x: tensor<16384x256xf16>, %a: tensor<64x256xf16>, %b: tensor<16x64xf16>) -> tensor<16384x16xf16> {
  %0 = fused.gemm(%x, %a : tensor<16384x256xf16>, tensor<64x256xf16>) {transpose_b = true} -> tensor<16384x64xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<16384x64xf16>, tensor<16x64xf16>) {transpose_b = true} -> tensor<16384x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<16384x16xf16>
}
// CHECK-LABEL: @products
// CHECK-NEXT:    fused.chain(%x, %a, %b :
// CHECK-SAME:      #cutlass.chain_gemm_sm90<math = f16, extents = [256, 64, 16],
// CHECK-SAME:      <m = 16384, n0 = 64, k0 = 256, n1 = 16>>, residence = #fused<residence rf>}
// REMARKS: "passed", "pass_name": "form-persistent-kernels", {{.*}} "message": "one kernel for 2 products: expected {{[0-9.]+}} us as chain_gemm_sm90 in rf, {{[0-9.]+}} us apart"

// -----

// Weights that do not fit pass through shared memory. There are as many tiles of rows as multiprocessors: two warpgroups share each.

func.func @mlp(%x: tensor<8192x192xf16>, %a: tensor<768x192xf16>, %b: tensor<192x768xf16>) -> tensor<8192x192xf16> {
  %0 = fused.gemm(%x, %a : tensor<8192x192xf16>, tensor<768x192xf16>) {transpose_b = true} -> tensor<8192x768xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<8192x768xf16>, tensor<192x768xf16>) {transpose_b = true} -> tensor<8192x192xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<8192x192xf16>
}
// CHECK-LABEL: @mlp
// CHECK-NEXT:    fused.chain(%x, %a, %b :
// CHECK-SAME:      #cutlass.chain_gemm_sm90<math = f16, extents = [192, 768, 192], chunk = 64, consumers = 2, stages = {{[0-9]+}}, slots = 2, partners = 2,

// -----

func.func @convolutions(%x: tensor<32x56x56x64xbf16>, %a: tensor<64x3x3x64xbf16>, %b: tensor<64x1x1x64xbf16>) -> tensor<32x56x56x64xbf16> {
  %0 = fused.conv2d(%x, %a : tensor<32x56x56x64xbf16>, tensor<64x3x3x64xbf16>) {padding = array<i64: 1, 1, 1, 1>} -> tensor<32x56x56x64xbf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.conv2d(%0, %b : tensor<32x56x56x64xbf16>, tensor<64x1x1x64xbf16>) -> tensor<32x56x56x64xbf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<32x56x56x64xbf16>
}
// CHECK-LABEL: @convolutions
// CHECK-NEXT:    fused.chain(%x, %a, %b :
// CHECK-SAME:      #cutlass.chain_conv2d_sm90<math = bf16, filter = [3, 3], channels = 64, tile_n = [64, 64],
// REMARKS: "passed", "pass_name": "form-persistent-kernels", {{.*}} as chain_conv2d_sm90 in rf,

// -----

// What no template holds, or a template holds too slowly, stays apart.

func.func @few_pixels(%x: tensor<32x7x7x512xf16>, %a: tensor<512x3x3x512xf16>, %b: tensor<512x1x1x512xf16>) -> tensor<32x7x7x512xf16> {
  %0 = fused.conv2d(%x, %a : tensor<32x7x7x512xf16>, tensor<512x3x3x512xf16>) {padding = array<i64: 1, 1, 1, 1>} -> tensor<32x7x7x512xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.conv2d(%0, %b : tensor<32x7x7x512xf16>, tensor<512x1x1x512xf16>) -> tensor<32x7x7x512xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<32x7x7x512xf16>
}
// CHECK-LABEL: @few_pixels
// CHECK-NEXT:    fused.conv2d
// CHECK:         fused.conv2d
// REMARKS: "missed", "pass_name": "form-persistent-kernels", {{.*}} "reason": "{{no template serves|it would be slower}}"
