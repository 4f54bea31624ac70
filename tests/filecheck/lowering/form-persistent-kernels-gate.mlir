// RUN: bolt-opt %s -p form-persistent-kernels{target=sm_80} --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix GATED
// RUN: bolt-opt %s -p "form-persistent-kernels{target=sm_80 force=true}" --remarks=%t | filecheck %s --check-prefix FORCED
// RUN: filecheck %s --input-file %t --check-prefix STUDIED

// Two threadblocks that sum over all of K are slower than many that share it: the chain is not formed, unless it is
// to be studied. Either way the remark gives the numbers.

// CHECK-LABEL: @few_rows
// CHECK-NOT:     fused.chain(
// GATED:  "missed", {{.*}} "message": "not in one kernel with the product behind it: expected {{[0-9.]+}} us as chain_gemm in {{rf|smem}}, {{[0-9.]+}} us apart", "reason": "it would be slower"

// FORCED-LABEL: @few_rows
// FORCED-NEXT:    fused.chain(
// STUDIED: "passed", {{.*}} "message": "one kernel for 2 products: expected {{[0-9.]+}} us as chain_gemm in {{rf|smem}}, {{[0-9.]+}} us apart"

func.func @few_rows(%x: tensor<128x4096xf16>, %a: tensor<128x4096xf16>, %b: tensor<128x128xf16>) -> tensor<128x128xf16> {
  %0 = fused.gemm(%x, %a : tensor<128x4096xf16>, tensor<128x4096xf16>) {transpose_b = true} -> tensor<128x128xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %b : tensor<128x128xf16>, tensor<128x128xf16>) {transpose_b = true} -> tensor<128x128xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<128x128xf16>
}
