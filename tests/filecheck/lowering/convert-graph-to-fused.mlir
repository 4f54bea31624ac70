// RUN: bolt-opt %s -p convert-graph-to-fused --split-input-file | filecheck %s

// Elementwise operations have no anchor. Their scalar code computes in f32 and stores in the result's element type.

// CHECK-LABEL: @elementwise
// CHECK-NEXT:    %y = fused.pointwise epilogue(%x, %row : tensor<2x4xf16>, tensor<4xf16>) [full, row] {fused.origin = ["graph.add"]} -> tensor<2x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.addf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %z = fused.pointwise epilogue(%y : tensor<2x4xf16>) [full] {fused.origin = ["graph.silu"]} -> tensor<2x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:      %2 = arith.negf %0 : f32
// CHECK-NEXT:      %3 = math.exp %2 : f32
// CHECK-NEXT:      %4 = arith.addf %1, %3 : f32
// CHECK-NEXT:      %5 = arith.divf %0, %4 : f32
// CHECK-NEXT:      fused.yield %5 : f32

func.func @elementwise(%x: tensor<2x4xf16>, %row: tensor<4xf16>) -> tensor<2x4xf16> {
  %y = graph.add %x, %row : (tensor<2x4xf16>, tensor<4xf16>) -> tensor<2x4xf16>
  %z = graph.silu %y : (tensor<2x4xf16>) -> tensor<2x4xf16>
  func.return %z : tensor<2x4xf16>
}

// -----

// An operand that an operation uses twice is loaded once. Integers keep their type; a comparison stores truth values.

// CHECK-LABEL: @types
// CHECK:         fused.pointwise epilogue(%i : tensor<4xi64>) [full] {{.*}} -> tensor<4xi64> {
// CHECK-NEXT:    ^bb0(%0: i64):
// CHECK-NEXT:      %1 = arith.muli %0, %0 : i64
// CHECK:         fused.pointwise {{.*}} {fused.origin = ["graph.less"]} -> tensor<4xi1> {
// CHECK-NEXT:    ^bb0(%0: i64, %1: i64):
// CHECK-NEXT:      %2 = arith.cmpi slt, %0, %1 : i64
// CHECK-NEXT:      fused.yield %2 : i1

func.func @types(%i: tensor<4xi64>) -> tensor<4xi1> {
  %r0 = graph.mul %i, %i : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
  %r1 = graph.less %i, %r0 : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi1>
  func.return %r1 : tensor<4xi1>
}

// -----

// A cast is the store of another type.

// CHECK-LABEL: @cast
// CHECK:         fused.pointwise epilogue(%x : tensor<4xf32>) [full] {fused.origin = ["graph.cast"]} -> tensor<4xi8> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32

func.func @cast(%x: tensor<4xf32>) -> tensor<4xi8> {
  %r0 = graph.cast %x : (tensor<4xf32>) -> tensor<4xi8>
  func.return %r0 : tensor<4xi8>
}

// -----

// A constant with equal elements is part of the scalar code. The shape that it gave the result is stated.

// CHECK-LABEL: @constants
// CHECK-NEXT:    %c = graph.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf16>
// CHECK-NEXT:    fused.pointwise epilogue(%x : tensor<2xf16>) [row] {fused.origin = ["graph.maximum"], shape_to = array<i64: 3, 2>} -> tensor<3x2xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 5.000000e-01 : f32
// CHECK-NEXT:      %2 = arith.maximumf %0, %1 : f32
// CHECK:         fused.pointwise epilogue(%r0, %c : {{.*}}) [full, row]

func.func @constants(%x: tensor<2xf16>) -> tensor<3x2xf16> {
  %half = graph.constant dense<5.000000e-01> : tensor<3x2xf16>
  %c = graph.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf16>
  %r0 = graph.maximum %x, %half : (tensor<2xf16>, tensor<3x2xf16>) -> tensor<3x2xf16>
  %r1 = graph.mul %r0, %c : (tensor<3x2xf16>, tensor<2xf16>) -> tensor<3x2xf16>
  func.return %r1 : tensor<3x2xf16>
}

// -----

// A bias along the last dimension is a row; along another one it is viewed so that it broadcasts.

// CHECK-LABEL: @bias
// CHECK-NEXT:    fused.pointwise epilogue(%x, %last : {{.*}}) [full, row]
// CHECK:         %[[VIEW:.*]] = fused.reshape %second : tensor<3xf16> -> tensor<3x1xf16>
// CHECK-NEXT:    fused.pointwise epilogue(%{{.*}}, %[[VIEW]] : {{.*}}) [full, general]

func.func @bias(%x: tensor<2x3x4xf16>, %last: tensor<4xf16>, %second: tensor<3xf16>) -> tensor<2x3x4xf16> {
  %r0 = graph.bias_add %x, %last {axis = 2 : i64} : (tensor<2x3x4xf16>, tensor<4xf16>) -> tensor<2x3x4xf16>
  %r1 = graph.bias_add %r0, %second {axis = 1 : i64} : (tensor<2x3x4xf16>, tensor<3xf16>) -> tensor<2x3x4xf16>
  func.return %r1 : tensor<2x3x4xf16>
}

// -----

// CHECK-LABEL: @broadcast
// CHECK-NEXT:    fused.pointwise epilogue(%x : tensor<3x1xf16>) [general] {fused.origin = ["graph.broadcast_to"], shape_to = array<i64: 2, 3, 4>} -> tensor<2x3x4xf16> {

func.func @broadcast(%x: tensor<3x1xf16>) -> tensor<2x3x4xf16> {
  %r0 = graph.broadcast_to %x {shape_to = array<i64: 2, 3, 4>} : (tensor<3x1xf16>) -> tensor<2x3x4xf16>
  func.return %r0 : tensor<2x3x4xf16>
}

// -----

// A layer norm's anchor normalises; scale and bias are its epilogue.

// CHECK-LABEL: @layer_norm
// CHECK-NEXT:    fused.layer_norm(%x : tensor<2x4xf16>) epilogue(%s, %b : tensor<4xf16>, tensor<4xf16>) [row, row] {fused.origin = ["graph.layer_norm"], epsilon = 1.000000e-03 : f32} -> tensor<2x4xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32, %2: f32):
// CHECK-NEXT:      %3 = arith.mulf %0, %1 : f32
// CHECK-NEXT:      %4 = arith.addf %3, %2 : f32

func.func @layer_norm(%x: tensor<2x4xf16>, %s: tensor<4xf16>, %b: tensor<4xf16>) -> tensor<2x4xf16> {
  %r0 = graph.layer_norm %x, %s, %b {epsilon = 1.000000e-03 : f32} : (tensor<2x4xf16>, tensor<4xf16>, tensor<4xf16>) -> tensor<2x4xf16>
  func.return %r0 : tensor<2x4xf16>
}

// -----

// Other operations keep operands and properties. A reshape is no kernel; weights stay what they are.

// CHECK-LABEL: @one_to_one
// CHECK-NEXT:    %w = graph.weight @w : tensor<4x4xf16>
// CHECK-NEXT:    fused.gemm(%x, %w : {{.*}}) {fused.origin = ["graph.gemm"], transpose_b = true} -> tensor<2x4xf16>
// CHECK:         fused.softmax(%{{.*}}) {{.*}} -> tensor<2x4xf16>
// CHECK:         fused.reduce(%{{.*}}) {fused.origin = ["graph.reduce_sum"], axes = array<i64: 1>, keepdims = false, kind = #fused<reduction_kind sum>} -> tensor<2xf16>
// CHECK:         fused.transpose(%{{.*}}) {{.*}}permutation = array<i64: 1, 0>} -> tensor<4x2xf16>
// CHECK:         fused.concat(%{{.*}}, %{{.*}}) {{.*}}axis = 1 : i64} -> tensor<4x4xf16>
// CHECK:         fused.reshape %{{.*}} : tensor<4x4xf16> -> tensor<16xf16>

func.func @one_to_one(%x: tensor<2x4xf16>) -> (tensor<2xf16>, tensor<16xf16>) {
  %w = graph.weight @w : tensor<4x4xf16>
  %r0 = graph.gemm %x, %w {transpose_b = true} : (tensor<2x4xf16>, tensor<4x4xf16>) -> tensor<2x4xf16>
  %r1 = graph.softmax %r0 : (tensor<2x4xf16>) -> tensor<2x4xf16>
  %r2 = graph.reduce_sum %r1 {axes = array<i64: 1>, keepdims = false} : (tensor<2x4xf16>) -> tensor<2xf16>
  %r3 = graph.transpose %r1 {permutation = array<i64: 1, 0>} : (tensor<2x4xf16>) -> tensor<4x2xf16>
  %r4 = graph.concat %r3, %r3 {axis = 1 : i64} : (tensor<4x2xf16>, tensor<4x2xf16>) -> tensor<4x4xf16>
  %r5 = graph.reshape %r4 {shape_to = array<i64: 16>} : (tensor<4x4xf16>) -> tensor<16xf16>
  func.return %r2, %r5 : tensor<2xf16>, tensor<16xf16>
}
