// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass --remarks=%t | filecheck %s
// RUN: filecheck %s --check-prefix=REMARK < %t

// An epilogue has room for 16 operands and outputs. The last of 16 operands goes to a kernel behind the convolution.

// REMARK: "message": "the epilogue is split: an epilogue has at most 16 operands and outputs"

// CHECK:       cutlass.kernel @conv2d_0 "sm_80" #cutlass.conv2d<{{.*}}> [f16, f16] epilogue [f16] [scalar] -> [f16]
// CHECK:         arith.addf
// CHECK:       cutlass.kernel @pointwise_1 "sm_80" #cutlass.pointwise<{{.*}}> [] epilogue [f16, f16] [full, scalar] -> [f16]
// CHECK:         arith.mulf
// CHECK:       func.func @main
// CHECK:         [[T:%.*]] = cutlass.alloc : memref<2x16x16x64xf16>
// CHECK:         cutlass.launch @conv2d_0 {{.*}} outs([[T]] : memref<2x16x16x64xf16>)
// CHECK:         cutlass.launch @pointwise_1 {{.*}} epilogue([[T]], %s : {{.*}})

func.func @main(%x: tensor<2x16x16x64xf16>, %w: tensor<64x3x3x64xf16>, %s: tensor<1xf16>) -> tensor<2x16x16x64xf16> {
  %y = fused.conv2d(%x, %w : tensor<2x16x16x64xf16>, tensor<64x3x3x64xf16>)
      epilogue(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s : tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>, tensor<1xf16>)
      [scalar, scalar, scalar, scalar, scalar, scalar, scalar, scalar, scalar, scalar, scalar, scalar, scalar, scalar, scalar, scalar]
      {padding = array<i64: 1, 1, 1, 1>} -> tensor<2x16x16x64xf16> {
  ^bb0(%acc: f32, %s0: f32, %s1: f32, %s2: f32, %s3: f32, %s4: f32, %s5: f32, %s6: f32, %s7: f32, %s8: f32, %s9: f32, %s10: f32, %s11: f32, %s12: f32, %s13: f32, %s14: f32, %s15: f32):
    %0 = arith.addf %acc, %s0 : f32
    %1 = arith.mulf %0, %s15 : f32
    fused.yield %1 : f32
  }
  func.return %y : tensor<2x16x16x64xf16>
}

// -----

// A result that no kernel writes, or that is returned twice, is copied into the function's argument.

// CHECK:       func.func @main(%x: memref<8xf32>, {{%.*}}: memref<8xf32>, {{%.*}}: memref<8xf32>)
// CHECK-SAME:    cutlass.outputs = 2
// CHECK-COUNT-2: cutlass.launch @pointwise_0

func.func @main(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  func.return %x, %x : tensor<8xf32>, tensor<8xf32>
}
