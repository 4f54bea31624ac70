// RUN: bolt-opt %s -p fuse-epilogue --split-input-file --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARK

// Bias, residual and activation, in this order, become the epilogue of the convolution. The residual is computed
// between the convolution and the addition, so the kernel moves to the place of its last part. Half precision between
// the parts is dropped. The anchor's location and properties stay.

// CHECK-LABEL: @residual
// CHECK:         %r = fused.softmax
// CHECK:         %y = fused.conv2d(%x, %w : tensor<1x8x8x4xf16>, tensor<4x3x3x4xf16>) epilogue(%b, %r : tensor<4xf16>, tensor<1x8x8x4xf16>) [row, full]
// CHECK-SAME:      {fused.origin = ["graph.conv2d", "graph.bias_add", "graph.add", "graph.relu"], padding = array<i64: 1, 1, 1, 1>} -> tensor<1x8x8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32, %2: f32):
// CHECK-NEXT:      %3 = arith.addf %0, %1 : f32
// CHECK-NEXT:      %4 = arith.addf %3, %2 : f32
// CHECK-NEXT:      %5 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %6 = arith.maximumf %4, %5 : f32
// CHECK-NEXT:      fused.yield %6 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y
// REMARK: "passed", "pass_name": "fuse-epilogue", "op": "fused.conv2d", "location": "conv_1", "message": "one kernel for graph.conv2d + graph.bias_add + graph.add + graph.relu"

func.func @residual(%x: tensor<1x8x8x4xf16>, %w: tensor<4x3x3x4xf16>, %b: tensor<4xf16>) -> tensor<1x8x8x4xf16> {
  %conv = fused.conv2d(%x, %w : tensor<1x8x8x4xf16>, tensor<4x3x3x4xf16>) {fused.origin = ["graph.conv2d"], padding = array<i64: 1, 1, 1, 1>} -> tensor<1x8x8x4xf16> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  } loc("conv_1")
  %biased = fused.pointwise epilogue(%conv, %b : tensor<1x8x8x4xf16>, tensor<4xf16>) [full, row] {fused.origin = ["graph.bias_add"]} -> tensor<1x8x8x4xf16> {
  ^bb0(%90: f32, %91: f32):
    %0 = arith.addf %90, %91 : f32
    fused.yield %0 : f32
  } loc("bias_1")
  %r = fused.softmax(%x : tensor<1x8x8x4xf16>) -> tensor<1x8x8x4xf16> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  }
  %sum = fused.pointwise epilogue(%biased, %r : tensor<1x8x8x4xf16>, tensor<1x8x8x4xf16>) [full, full] {fused.origin = ["graph.add"]} -> tensor<1x8x8x4xf16> {
  ^bb0(%90: f32, %91: f32):
    %0 = arith.addf %90, %91 : f32
    fused.yield %0 : f32
  }
  %y = fused.pointwise epilogue(%sum : tensor<1x8x8x4xf16>) [full] {fused.origin = ["graph.relu"]} -> tensor<1x8x8x4xf16> {
  ^bb0(%90: f32):
    %0 = arith.constant 0.000000e+00 : f32
    %1 = arith.maximumf %90, %0 : f32
    fused.yield %1 : f32
  }
  func.return %y : tensor<1x8x8x4xf16>
}

// -----

// A diamond: x * sigmoid(x) uses the product twice, but the kernel that holds both uses it once.

// CHECK-LABEL: @diamond
// CHECK-NEXT:    %y = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = math.tanh %0 : f32
// CHECK-NEXT:      %2 = arith.mulf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32

func.func @diamond(%a: tensor<8x16xf16>, %b: tensor<16x4xf16>) -> tensor<8x4xf16> {
  %x = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  }
  %gate = fused.pointwise epilogue(%x : tensor<8x4xf16>) [full] -> tensor<8x4xf16> {
  ^bb0(%90: f32):
    %0 = math.tanh %90 : f32
    fused.yield %0 : f32
  }
  %y = fused.pointwise epilogue(%x, %gate : tensor<8x4xf16>, tensor<8x4xf16>) [full, full] -> tensor<8x4xf16> {
  ^bb0(%90: f32, %91: f32):
    %0 = arith.mulf %90, %91 : f32
    fused.yield %0 : f32
  }
  func.return %y : tensor<8x4xf16>
}

// -----

// Pointwise kernels merge with each other. An operand of both is loaded once.

// CHECK-LABEL: @pointwise
// CHECK-NEXT:    %y = fused.pointwise epilogue(%x, %z : tensor<8x4xf16>, tensor<4xf16>) [full, row] -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.addf %0, %1 : f32
// CHECK-NEXT:      %3 = arith.mulf %2, %0 : f32
// CHECK-NEXT:      fused.yield %3 : f32

func.func @pointwise(%x: tensor<8x4xf16>, %z: tensor<4xf16>) -> tensor<8x4xf16> {
  %sum = fused.pointwise epilogue(%x, %z : tensor<8x4xf16>, tensor<4xf16>) [full, row] -> tensor<8x4xf16> {
  ^bb0(%90: f32, %91: f32):
    %0 = arith.addf %90, %91 : f32
    fused.yield %0 : f32
  }
  %y = fused.pointwise epilogue(%sum, %x : tensor<8x4xf16>, tensor<8x4xf16>) [full, full] -> tensor<8x4xf16> {
  ^bb0(%90: f32, %91: f32):
    %0 = arith.mulf %90, %91 : f32
    fused.yield %0 : f32
  }
  func.return %y : tensor<8x4xf16>
}

// -----

// Conversions to integers and truth values on the way are kept: they change the value.

// CHECK-LABEL: @conversions
// CHECK-NEXT:    %y = fused.gemm(%a, %b : {{.*}}) -> tensor<8x4xi1> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.fptosi %0 : f32 to i32
// CHECK-NEXT:      %2 = arith.sitofp %1 : i32 to f32
// CHECK-NEXT:      %3 = arith.cmpf oeq, %2, %0 : f32
// CHECK-NEXT:      fused.yield %3 : i1

func.func @conversions(%a: tensor<8x16xf16>, %b: tensor<16x4xf16>) -> tensor<8x4xi1> {
  %x = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  }
  %integer = fused.pointwise epilogue(%x : tensor<8x4xf16>) [full] -> tensor<8x4xi32> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  }
  %float = fused.pointwise epilogue(%integer : tensor<8x4xi32>) [full] -> tensor<8x4xf16> {
  ^bb0(%90: i32):
    fused.yield %90 : i32
  }
  %y = fused.pointwise epilogue(%float, %x : tensor<8x4xf16>, tensor<8x4xf16>) [full, full] -> tensor<8x4xi1> {
  ^bb0(%90: f32, %91: f32):
    %0 = arith.cmpf oeq, %90, %91 : f32
    fused.yield %0 : i1
  }
  func.return %y : tensor<8x4xi1>
}

// -----

// A reshape in between moves behind the kernel; full operands are viewed in its shape, rows stay rows.

// CHECK-LABEL: @reshape
// CHECK-NEXT:    %0 = fused.reshape %r : tensor<2x4x4xf16> -> tensor<8x4xf16>
// CHECK-NEXT:    %y = fused.gemm(%a, %b : {{.*}}) epilogue(%0, %bias : tensor<8x4xf16>, tensor<4xf16>) [full, row] -> tensor<8x4xf16> {
// CHECK:         }
// CHECK-NEXT:    %y_1 = fused.reshape %y : tensor<8x4xf16> -> tensor<2x4x4xf16>
// CHECK-NEXT:    func.return %y_1

func.func @reshape(%a: tensor<8x16xf16>, %b: tensor<16x4xf16>, %r: tensor<2x4x4xf16>, %bias: tensor<4xf16>) -> tensor<2x4x4xf16> {
  %x = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  }
  %view = fused.reshape %x : tensor<8x4xf16> -> tensor<2x4x4xf16>
  %y = fused.pointwise epilogue(%view, %r, %bias : tensor<2x4x4xf16>, tensor<2x4x4xf16>, tensor<4xf16>) [full, full, row] -> tensor<2x4x4xf16> {
  ^bb0(%90: f32, %91: f32, %92: f32):
    %0 = arith.addf %90, %91 : f32
    %1 = arith.addf %0, %92 : f32
    fused.yield %1 : f32
  }
  func.return %y : tensor<2x4x4xf16>
}

// -----

// Of two products, the later one takes the sum: the earlier one is there when it runs.

// CHECK-LABEL: @two_anchors
// CHECK-NEXT:    %p = fused.gemm(%a, %b : {{.*}}) -> tensor<8x4xf16> {
// CHECK:         %y = fused.gemm(%a, %c : {{.*}}) epilogue(%p : tensor<8x4xf16>) [full] -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.subf %1, %0 : f32
// REMARK: "missed", {{.*}} "location": "first", "message": "not fused with its consumer: its consumer is already part of fused.gemm"

func.func @two_anchors(%a: tensor<8x16xf16>, %b: tensor<16x4xf16>, %c: tensor<16x4xf16>) -> tensor<8x4xf16> {
  %p = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  } loc("first")
  %q = fused.gemm(%a, %c : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  } loc("second")
  %y = fused.pointwise epilogue(%p, %q : tensor<8x4xf16>, tensor<8x4xf16>) [full, full] -> tensor<8x4xf16> {
  ^bb0(%90: f32, %91: f32):
    %0 = arith.subf %90, %91 : f32
    fused.yield %0 : f32
  }
  func.return %y : tensor<8x4xf16>
}

// -----

// Squeeze and excitation: the image is needed by the reduction and by the multiplication, and the gates have another
// shape. What follows the multiplication is fused with it.

// CHECK-LABEL: @squeeze_and_excitation
// CHECK-NEXT:    %x = fused.depthwise_conv2d
// CHECK:         %mean = fused.reduce
// CHECK:         %gate = fused.conv2d{{.*}} -> tensor<1x1x1x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = math.tanh %0 : f32
// CHECK:         %y = fused.pointwise epilogue(%x, %gate : tensor<1x8x8x4xf16>, tensor<1x1x1x4xf16>) [full, row]
// CHECK:           arith.mulf
// CHECK:           math.absf
// REMARK: "missed", {{.*}} "location": "depthwise", "message": "not fused with its consumer: its result is needed before its consumer can run"
// REMARK: "missed", {{.*}} "op": "fused.conv2d", {{.*}} "message": "not fused with its consumer: the shape changes from 1x1x1x4 to 1x8x8x4", "reason": "the shape changes"

func.func @squeeze_and_excitation(%i: tensor<1x8x8x4xf16>, %w: tensor<1x1x4xf16>, %v: tensor<4x1x1x4xf16>) -> tensor<1x8x8x4xf16> {
  %x = fused.depthwise_conv2d(%i, %w : tensor<1x8x8x4xf16>, tensor<1x1x4xf16>) -> tensor<1x8x8x4xf16> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  } loc("depthwise")
  %mean = fused.reduce(%x : tensor<1x8x8x4xf16>) {axes = array<i64: 1, 2>, kind = #fused<reduction_kind mean>} -> tensor<1x1x1x4xf16> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  }
  %linear = fused.conv2d(%mean, %v : tensor<1x1x1x4xf16>, tensor<4x1x1x4xf16>) -> tensor<1x1x1x4xf16> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  }
  %gate = fused.pointwise epilogue(%linear : tensor<1x1x1x4xf16>) [full] -> tensor<1x1x1x4xf16> {
  ^bb0(%90: f32):
    %0 = math.tanh %90 : f32
    fused.yield %0 : f32
  }
  %scaled = fused.pointwise epilogue(%x, %gate : tensor<1x8x8x4xf16>, tensor<1x1x1x4xf16>) [full, row] -> tensor<1x8x8x4xf16> {
  ^bb0(%90: f32, %91: f32):
    %0 = arith.mulf %90, %91 : f32
    fused.yield %0 : f32
  }
  %y = fused.pointwise epilogue(%scaled : tensor<1x8x8x4xf16>) [full] -> tensor<1x8x8x4xf16> {
  ^bb0(%90: f32):
    %0 = math.absf %90 : f32
    fused.yield %0 : f32
  }
  func.return %y : tensor<1x8x8x4xf16>
}

// -----

// Behind this reshape the bias runs along another dimension: the kernels stay apart.

// CHECK-LABEL: @reshape_in_the_way
// CHECK:         fused.gemm(%a, %b : {{.*}}) -> tensor<8x4xf16> {
// CHECK:         fused.reshape
// CHECK:         fused.pointwise
// REMARK: "missed", {{.*}} "message": "not fused with its consumer: its consumer sees another shape of it, in which the other operands broadcast"

func.func @reshape_in_the_way(%a: tensor<8x16xf16>, %b: tensor<16x4xf16>, %bias: tensor<8xf16>) -> tensor<4x8xf16> {
  %x = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16> {
  ^bb0(%90: f32):
    fused.yield %90 : f32
  }
  %view = fused.reshape %x : tensor<8x4xf16> -> tensor<4x8xf16>
  %y = fused.pointwise epilogue(%view, %bias : tensor<4x8xf16>, tensor<8xf16>) [full, row] -> tensor<4x8xf16> {
  ^bb0(%90: f32, %91: f32):
    %0 = arith.addf %90, %91 : f32
    fused.yield %0 : f32
  }
  func.return %y : tensor<4x8xf16>
}

// -----

// Of a kernel with two results, the one that nothing needs is not stored any more.

// CHECK-LABEL: @unused_result
// CHECK-NEXT:    %y = fused.gemm(%a, %b : {{.*}}) -> tensor<8x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = math.absf %0 : f32
// CHECK-NEXT:      fused.yield %1 : f32

func.func @unused_result(%a: tensor<8x16xf16>, %b: tensor<16x4xf16>) -> tensor<8x4xf16> {
  %x, %aux = fused.gemm(%a, %b : tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16>, tensor<8x4xf32> {
  ^bb0(%90: f32):
    fused.yield %90, %90 : f32, f32
  }
  %y = fused.pointwise epilogue(%x : tensor<8x4xf16>) [full] -> tensor<8x4xf16> {
  ^bb0(%90: f32):
    %0 = math.absf %90 : f32
    fused.yield %0 : f32
  }
  func.return %y : tensor<8x4xf16>
}
