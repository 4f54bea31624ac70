// RUN: bolt-opt %s --split-input-file -p canonicalize,dce | filecheck %s

// Slices along the columns are offsets, transposes and reshapes between rows and heads are nothing.

func.func @slices(%x: tensor<2x5x32xf32>) -> tensor<2x5x8xf32> {
  %q = graph.slice %x {offsets = array<i64: 0, 0, 24>, sizes = array<i64: 2, 5, 8>, strides = array<i64: 1, 1, 1>} : (tensor<2x5x32xf32>) -> tensor<2x5x8xf32>
  %k = graph.slice %x {offsets = array<i64: 0, 0, 8>, sizes = array<i64: 2, 5, 8>, strides = array<i64: 1, 1, 1>} : (tensor<2x5x32xf32>) -> tensor<2x5x8xf32>
  %v = graph.slice %x {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 2, 5, 16>, strides = array<i64: 1, 1, 1>} : (tensor<2x5x32xf32>) -> tensor<2x5x16xf32>
  %y = graph.attention %q, %k, %v {heads = 2 : i64, head_dim = 4 : i64, offsets = array<i64: 0, 0, 5>, scale = 1.0 : f32} : (tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x16xf32>) -> tensor<2x5x8xf32>
  func.return %y : tensor<2x5x8xf32>
}
// CHECK-LABEL: @slices
// CHECK-NEXT:    %y = graph.attention %x, %x, %x {{.*}}offsets = array<i64: 24, 8, 5>

// -----

// Rows that are taken apart, or strewn over the tensor, stay an operand of their own.

func.func @other_slices(%x: tensor<2x9x8xf32>) -> tensor<2x5x8xf32> {
  %q = graph.slice %x {offsets = array<i64: 0, 2, 0>, sizes = array<i64: 2, 5, 8>, strides = array<i64: 1, 1, 1>} : (tensor<2x9x8xf32>) -> tensor<2x5x8xf32>
  %k = graph.slice %x {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 2, 5, 8>, strides = array<i64: 1, 2, 1>} : (tensor<2x9x8xf32>) -> tensor<2x5x8xf32>
  %v = graph.slice %x {offsets = array<i64: 0, 0, 7>, sizes = array<i64: 2, 9, 8>, strides = array<i64: 1, 1, -1>} : (tensor<2x9x8xf32>) -> tensor<2x9x8xf32>
  %w = graph.slice %v {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 2, 5, 8>, strides = array<i64: 1, 1, 1>} : (tensor<2x9x8xf32>) -> tensor<2x5x8xf32>
  %y = graph.attention %q, %k, %w {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} : (tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  func.return %y : tensor<2x5x8xf32>
}
// CHECK-LABEL: @other_slices
// CHECK-NEXT:    %q = graph.slice %x
// CHECK-NEXT:    %k = graph.slice %x
// CHECK-NEXT:    %w = graph.slice %x
// CHECK-NEXT:    %y = graph.attention %q, %k, %w

// -----

func.func @scales(%q: tensor<1x5x8xf32>, %k: tensor<5x8xf32>) -> tensor<1x5x8xf32> {
  %two = graph.constant dense<2.0> : tensor<f32>
  %eight = graph.constant dense<8.0> : tensor<1xf32>
  %qs = graph.mul %two, %q : (tensor<f32>, tensor<1x5x8xf32>) -> tensor<1x5x8xf32>
  %ks = graph.div %k, %eight : (tensor<5x8xf32>, tensor<1xf32>) -> tensor<5x8xf32>
  %kr = graph.reshape %ks {shape_to = array<i64: 1, 5, 8>} : (tensor<5x8xf32>) -> tensor<1x5x8xf32>
  %y = graph.attention %qs, %kr, %qs {heads = 2 : i64, head_dim = 4 : i64, scale = 3.0 : f32} : (tensor<1x5x8xf32>, tensor<1x5x8xf32>, tensor<1x5x8xf32>) -> tensor<1x5x8xf32>
  func.return %y : tensor<1x5x8xf32>
}
// CHECK-LABEL: @scales
// CHECK:         %[[V:.*]] = graph.mul {{.*}}%q
// CHECK:         %[[K:.*]] = graph.reshape %k
// CHECK-NEXT:    %y = graph.attention %q, %[[K]], %[[V]] {{.*}}scale = 7.500000e-01 : f32

// -----

// A negative factor changes which score is the largest: it stays.

func.func @negative_scale(%q: tensor<1x5x8xf32>) -> tensor<1x5x8xf32> {
  %c = graph.constant dense<-2.0> : tensor<f32>
  %qs = graph.mul %q, %c : (tensor<1x5x8xf32>, tensor<f32>) -> tensor<1x5x8xf32>
  %y = graph.attention %qs, %q, %q {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} : (tensor<1x5x8xf32>, tensor<1x5x8xf32>, tensor<1x5x8xf32>) -> tensor<1x5x8xf32>
  func.return %y : tensor<1x5x8xf32>
}
// CHECK-LABEL: @negative_scale
// CHECK:         %[[Q:.*]] = graph.mul
// CHECK-NEXT:    graph.attention %[[Q]], %q, %q

// -----

func.func @broadcast_mask(%q: tensor<2x5x8xf32>, %m: tensor<5xf32>) -> tensor<2x5x8xf32> {
  %wide = graph.broadcast_to %m {shape_to = array<i64: 2, 2, 5, 5>} : (tensor<5xf32>) -> tensor<2x2x5x5xf32>
  %y = graph.attention %q, %q, %q mask %wide {heads = 2 : i64, head_dim = 4 : i64, scale = 1.0 : f32} : (tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x2x5x5xf32>) -> tensor<2x5x8xf32>
  func.return %y : tensor<2x5x8xf32>
}
// CHECK-LABEL: @broadcast_mask
// CHECK-NEXT:    %[[M:.*]] = graph.reshape %m {shape_to = array<i64: 1, 1, 1, 5>}
// CHECK-NEXT:    %y = graph.attention %q, %q, %q mask %[[M]]

// -----

// Heads that were told apart only to be moved with their row.

func.func @moved_rows(%x: tensor<2x5x8xf32>) -> tensor<10x8xf32> {
  %h = graph.reshape %x {shape_to = array<i64: 2, 5, 2, 4>} : (tensor<2x5x8xf32>) -> tensor<2x5x2x4xf32>
  %t = graph.transpose %h {permutation = array<i64: 1, 0, 2, 3>} : (tensor<2x5x2x4xf32>) -> tensor<5x2x2x4xf32>
  %y = graph.reshape %t {shape_to = array<i64: 10, 8>} : (tensor<5x2x2x4xf32>) -> tensor<10x8xf32>
  func.return %y : tensor<10x8xf32>
}
// CHECK-LABEL: @moved_rows
// CHECK-NEXT:    %[[T:.*]] = graph.transpose %x {permutation = array<i64: 1, 0, 2>} : (tensor<2x5x8xf32>) -> tensor<5x2x8xf32>
// CHECK-NEXT:    %y = graph.reshape %[[T]]

// -----

func.func @moved_heads(%x: tensor<2x5x8xf32>) -> tensor<2x2x5x4xf32> {
  %h = graph.reshape %x {shape_to = array<i64: 2, 5, 2, 4>} : (tensor<2x5x8xf32>) -> tensor<2x5x2x4xf32>
  %t = graph.transpose %h {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x5x2x4xf32>) -> tensor<2x2x5x4xf32>
  func.return %t : tensor<2x2x5x4xf32>
}
// CHECK-LABEL: @moved_heads
// CHECK-NEXT:    %h = graph.reshape %x
// CHECK-NEXT:    %t = graph.transpose %h
