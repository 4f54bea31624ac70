// RUN: bolt-opt %s --split-input-file -p convert-graph-to-fused,fuse-epilogue{always=true},canonicalize | filecheck %s

// Whatever is computed per element between a product and what is stored becomes one epilogue.

// Two residuals, one before the activation and one behind it.

// CHECK-LABEL: @two_residuals(
// CHECK-NEXT:    %y = fused.gemm(%a, %b : {{.*}}) epilogue(%r, %s : tensor<8x8xf16>, tensor<8x8xf16>) [full, full] {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32, %2: f32):
// CHECK-NEXT:      %3 = arith.addf %1, %0 : f32
// CHECK-NEXT:      %4 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %5 = arith.maximumf %3, %4 : f32
// CHECK-NEXT:      %6 = arith.addf %5, %2 : f32
// CHECK-NEXT:      fused.yield %6 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<8x8xf16>

func.func @two_residuals(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %r: tensor<8x8xf16>, %s: tensor<8x8xf16>) -> tensor<8x8xf16> {
  %p = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %0 = graph.add %r, %p : (tensor<8x8xf16>, tensor<8x8xf16>) -> tensor<8x8xf16>
  %1 = graph.relu %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %y = graph.add %1, %s : (tensor<8x8xf16>, tensor<8x8xf16>) -> tensor<8x8xf16>
  func.return %y : tensor<8x8xf16>
}

// -----

// Gating: the later product takes the activation of the other one as an operand.

// CHECK-LABEL: @gate(
// CHECK-NEXT:    %up = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = fused.gemm(%a, %c : {{.*}}) epilogue(%up : tensor<8x8xf16>) [full] {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = math.tanh %0 : f32
// CHECK-NEXT:      %3 = arith.mulf %1, %2 : f32
// CHECK-NEXT:      fused.yield %3 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<8x8xf16>

func.func @gate(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %c: tensor<16x8xf16>) -> tensor<8x8xf16> {
  %up = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %gate = graph.gemm %a, %c : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %0 = graph.tanh %gate : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %y = graph.mul %up, %0 : (tensor<8x8xf16>, tensor<8x8xf16>) -> tensor<8x8xf16>
  func.return %y : tensor<8x8xf16>
}

// -----

// Branches that part and meet, with one operand in both.

// CHECK-LABEL: @diamond(
// CHECK-NEXT:    %y = fused.conv2d(%x, %f : {{.*}}) epilogue(%c : tensor<8xf16>) [row] {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.addf %0, %1 : f32
// CHECK-NEXT:      %3 = math.exp %2 : f32
// CHECK-NEXT:      %4 = arith.mulf %2, %1 : f32
// CHECK-NEXT:      %5 = arith.subf %3, %4 : f32
// CHECK-NEXT:      fused.yield %5 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<1x4x4x8xf16>

func.func @diamond(%x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>, %c: tensor<8xf16>) -> tensor<1x4x4x8xf16> {
  %p = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %0 = graph.bias_add %p, %c {axis = 3 : i64} : (tensor<1x4x4x8xf16>, tensor<8xf16>) -> tensor<1x4x4x8xf16>
  %1 = graph.exp %0 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  %2 = graph.mul %0, %c : (tensor<1x4x4x8xf16>, tensor<8xf16>) -> tensor<1x4x4x8xf16>
  %y = graph.sub %1, %2 : (tensor<1x4x4x8xf16>, tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %y : tensor<1x4x4x8xf16>
}

// -----

// Conversions between floats only choose what is loaded and stored: an f32 operand, an f32 result.

// CHECK-LABEL: @conversions(
// CHECK-NEXT:    %y = fused.gemm(%a, %b : {{.*}}) epilogue(%c : tensor<8xf32>) [row] {{.*}} -> tensor<8x8xf32> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.addf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<8x8xf32>

func.func @conversions(%a: tensor<8x16xbf16>, %b: tensor<16x8xbf16>, %c: tensor<8xf32>) -> tensor<8x8xf32> {
  %p = graph.gemm %a, %b : (tensor<8x16xbf16>, tensor<16x8xbf16>) -> tensor<8x8xbf16>
  %0 = graph.cast %p : (tensor<8x8xbf16>) -> tensor<8x8xf32>
  %y = graph.add %0, %c : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
  func.return %y : tensor<8x8xf32>
}

// -----

// A result that is read in two element types is stored in both.

// CHECK-LABEL: @two_types(
// CHECK-NEXT:    %z, %y = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf32>, tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %2 = arith.maximumf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2, %2 : f32, f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y, %z : tensor<8x8xf16>, tensor<8x8xf32>

func.func @two_types(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>) -> (tensor<8x8xf16>, tensor<8x8xf32>) {
  %p = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %y = graph.relu %p : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %z = graph.cast %y : (tensor<8x8xf16>) -> tensor<8x8xf32>
  func.return %y, %z : tensor<8x8xf16>, tensor<8x8xf32>
}
