// RUN: bolt-opt %s -p fuse-epilogue{max_operands=2} --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARK

// An epilogue loads no more tensors than the limit says: the third addition starts a kernel of its own.

// CHECK:         %sum = fused.gemm(%a, %b : {{.*}}) epilogue(%p, %q : {{.*}}) [row, row]
// CHECK:         %y = fused.pointwise epilogue(%sum, %r : {{.*}}) [full, row]
// REMARK: "missed", {{.*}} "op": "fused.gemm", {{.*}} "message": "not fused with its consumer: the epilogue would load 3 operands, the limit is 2"

func.func @main(%a: tensor<8x16xf16>, %b: tensor<16x4xf16>, %p: tensor<4xf16>, %q: tensor<4xf16>, %r: tensor<4xf16>) -> tensor<8x4xf16> {
  %x = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  }
  %0 = fused.pointwise epilogue(%x, %p : tensor<8x4xf16>, tensor<4xf16>) [full, row] -> tensor<8x4xf16> {
  ^bb0(%90: f32, %91: f32):
    %1 = arith.addf %90, %91 : f32
    fused.yield %1 : f32
  }
  %sum = fused.pointwise epilogue(%0, %q : tensor<8x4xf16>, tensor<4xf16>) [full, row] -> tensor<8x4xf16> {
  ^bb0(%90: f32, %91: f32):
    %1 = arith.addf %90, %91 : f32
    fused.yield %1 : f32
  }
  %y = fused.pointwise epilogue(%sum, %r : tensor<8x4xf16>, tensor<4xf16>) [full, row] -> tensor<8x4xf16> {
  ^bb0(%90: f32, %91: f32):
    %1 = arith.addf %90, %91 : f32
    fused.yield %1 : f32
  }
  func.return %y : tensor<8x4xf16>
}
