// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass --remarks=%t | filecheck %s
// RUN: filecheck %s --check-prefix=REMARK < %t

// Where the tensor-core template refuses nothing but an operand of the epilogue, the epilogue is split behind it.

// REMARK: "message": "the epilogue is split: an epilogue operand broadcasts along inner dimensions"

// CHECK:       cutlass.kernel @conv2d_0 "sm_80" #cutlass.conv2d<{{.*}}> [f16, f16] -> [f16]
// CHECK:       cutlass.kernel @pointwise_1 "sm_80" #cutlass.pointwise<{{.*}}> [] epilogue [f16, f16] [full, general] -> [f16]
// CHECK:         arith.mulf
// CHECK:       func.func @main
// CHECK:         [[T:%.*]] = cutlass.alloc : memref<2x16x16x64xf16>
// CHECK:         cutlass.launch @conv2d_0 {{.*}} outs([[T]] : memref<2x16x16x64xf16>)
// CHECK:         cutlass.launch @pointwise_1 {{.*}} epilogue([[T]], %scale : {{.*}})

func.func @main(%x: tensor<2x16x16x64xf16>, %w: tensor<64x3x3x64xf16>, %scale: tensor<2x1x1x64xf16>) -> tensor<2x16x16x64xf16> {
  %y = fused.conv2d(%x, %w : tensor<2x16x16x64xf16>, tensor<64x3x3x64xf16>) epilogue(%scale : tensor<2x1x1x64xf16>) [general] {padding = array<i64: 1, 1, 1, 1>} -> tensor<2x16x16x64xf16> {
  ^bb0(%acc: f32, %s: f32):
    %r = arith.mulf %acc, %s : f32
    fused.yield %r : f32
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
