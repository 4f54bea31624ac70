// RUN: bolt-opt %s --split-input-file -p fold-constants --remarks=- 2>&1 | filecheck %s

// An operation on constants is one.

func.func @constants() -> tensor<2xf32> {
  %a = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = graph.constant dense<0.5> : tensor<f32>
  %c = graph.add %a, %b : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %d = graph.mul %c, %c : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %d : tensor<2xf32>
}
// CHECK-LABEL: @constants
// CHECK-NEXT:    [[D:%.*]] = graph.constant dense<[2.250000e+00, 6.250000e+00]> : tensor<2xf32>
// CHECK-NEXT:    func.return [[D]]

// -----

// Truth values and integers too.

func.func @integers() -> tensor<2xi1> {
  %a = graph.constant dense<[1, -2]> : tensor<2xi64>
  %b = graph.constant dense<0> : tensor<i64>
  %c = graph.less %a, %b : (tensor<2xi64>, tensor<i64>) -> tensor<2xi1>
  func.return %c : tensor<2xi1>
}
// CHECK-LABEL: @integers
// CHECK-NEXT:    graph.constant dense<[false, true]> : tensor<2xi1>

// -----

// Up to 16 elements are a constant, more are a weight. Equal ones are stored once.

func.func @weight() -> (tensor<17xf32>, tensor<17xf32>) {
  %a = graph.constant dense<1.0> : tensor<1xf32>
  %b = graph.broadcast_to %a {shape_to = array<i64: 17>} : (tensor<1xf32>) -> tensor<17xf32>
  %c = graph.broadcast_to %a {shape_to = array<i64: 17>} : (tensor<1xf32>) -> tensor<17xf32>
  func.return %b, %c : tensor<17xf32>, tensor<17xf32>
}
// CHECK-LABEL: @weight
// CHECK-NEXT:    graph.weight @constant : tensor<17xf32>
// CHECK-NEXT:    graph.weight @constant : tensor<17xf32>
// CHECK-NEXT:    func.return

// -----

// Only what something else uses is stored.

func.func @intermediate(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = graph.neg %a : (tensor<2xf32>) -> tensor<2xf32>
  %c = graph.mul %x, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %c : tensor<2xf32>
}
// CHECK-LABEL: @intermediate
// CHECK-NEXT:    [[B:%.*]] = graph.constant dense<[-1.000000e+00, -2.000000e+00]>
// CHECK-NEXT:    graph.mul %x, [[B]]

// -----

// A large repetition of a small tensor stays an operation.

func.func @growth() -> tensor<64x64xf32> {
  %a = graph.constant dense<1.0> : tensor<1x1xf32>
  %b = graph.broadcast_to %a {shape_to = array<i64: 64, 64>} : (tensor<1x1xf32>) -> tensor<64x64xf32>
  func.return %b : tensor<64x64xf32>
}
// CHECK-LABEL: @growth
// CHECK:         graph.broadcast_to

// -----

// Unless it joins a known tensor that is as large.

func.func @growth_joins(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %a = graph.constant dense<1.0> : tensor<1x1xf32>
  %b = graph.constant dense<2.0> : tensor<64x64xf32>
  %c = graph.pad %a {low = array<i64: 1, 1>, high = array<i64: 62, 62>} : (tensor<1x1xf32>) -> tensor<64x64xf32>
  %d = graph.add %b, %c : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %y = graph.mul %x, %d : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  func.return %y : tensor<64x64xf32>
}
// CHECK-LABEL: @growth_joins
// CHECK-NEXT:    [[D:%.*]] = graph.weight @constant
// CHECK-NEXT:    graph.mul %x, [[D]]

// -----

// A cast that copies anyway comes before a reshape, which copies only what was transposed.

func.func @cast_first() -> tensor<6x4xf16> {
  %w = graph.weight @w : tensor<4x3x2xf32>
  %t = graph.transpose %w {permutation = array<i64: 1, 2, 0>} : (tensor<4x3x2xf32>) -> tensor<3x2x4xf32>
  %r = graph.reshape %t {shape_to = array<i64: 6, 4>} : (tensor<3x2x4xf32>) -> tensor<6x4xf32>
  %c = graph.cast %r : (tensor<6x4xf32>) -> tensor<6x4xf16>
  func.return %c : tensor<6x4xf16>
}
// CHECK-LABEL: @cast_first
// CHECK:         %t = graph.transpose %w
// CHECK:         [[C:%.*]] = graph.cast %t : (tensor<3x2x4xf32>) -> tensor<3x2x4xf16>
// CHECK-NEXT:    graph.reshape [[C]] {shape_to = array<i64: 6, 4>}

// -----

// Without bytes nothing is folded.

func.func @bytes_are_elsewhere() -> tensor<17xf16> {
  %w = graph.weight @w : tensor<17xf32>
  %c = graph.cast %w : (tensor<17xf32>) -> tensor<17xf16>
  func.return %c : tensor<17xf16>
}
// CHECK-LABEL: @bytes_are_elsewhere
// CHECK:         graph.cast

// CHECK: missed: [fold-constants] graph.broadcast_to: not folded: 4 bytes would grow to 16384
// CHECK: missed: [fold-constants] graph.cast: not folded: weight @w has no bytes
