// RUN: bolt-opt %s -p inline-chains --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARK

// CHECK-LABEL: @main
// CHECK-NEXT:    %0 = fused.gemm(%x, %w0 : tensor<64x32xf16>, tensor<32x16xf16>) -> tensor<64x16xf16> {
// CHECK:         %y = fused.gemm(%0, %w1 : tensor<64x16xf16>, tensor<16x8xf16>) epilogue(%bias : tensor<8xf16>) [row] -> tensor<64x8xf16> {
// CHECK:         func.return %y

// REMARK: "kind": "missed", "pass_name": "inline-chains", "op": "fused.chain", "location": "", "message": "no persistent kernel: its 2 anchors run apart"

func.func @main(%x: tensor<64x32xf16>, %w0: tensor<32x16xf16>, %w1: tensor<16x8xf16>, %bias: tensor<8xf16>) -> tensor<64x8xf16> {
  %y = fused.chain(%x, %w0, %w1, %bias : tensor<64x32xf16>, tensor<32x16xf16>, tensor<16x8xf16>, tensor<8xf16>) {residence = #fused<residence rf>} -> tensor<64x8xf16> {
  ^bb0(%a: tensor<64x32xf16>, %b: tensor<32x16xf16>, %c: tensor<16x8xf16>, %d: tensor<8xf16>):
    %1 = fused.gemm(%a, %b : tensor<64x32xf16>, tensor<32x16xf16>) -> tensor<64x16xf16> {
    ^bb0(%acc: f32):
      fused.yield %acc : f32
    }
    %2 = fused.gemm(%1, %c : tensor<64x16xf16>, tensor<16x8xf16>) epilogue(%d : tensor<8xf16>) [row] -> tensor<64x8xf16> {
    ^bb0(%acc: f32, %e: f32):
      %3 = arith.addf %acc, %e : f32
      fused.yield %3 : f32
    }
    fused.yield %2 : tensor<64x8xf16>
  }
  func.return %y : tensor<64x8xf16>
}
