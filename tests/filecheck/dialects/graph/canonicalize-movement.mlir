// RUN: bolt-opt %s --split-input-file -p canonicalize | filecheck %s

// A slice moves before a transpose that only slices read.

func.func @slice_of_transpose(%x: tensor<2x6x4xf32>) -> (tensor<6x1x4xf32>, tensor<6x1x4xf32>) {
  %t = graph.transpose %x {permutation = array<i64: 1, 0, 2>} : (tensor<2x6x4xf32>) -> tensor<6x2x4xf32>
  %a = graph.slice %t {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 6, 1, 4>, strides = array<i64: 1, 1, 1>} : (tensor<6x2x4xf32>) -> tensor<6x1x4xf32>
  %b = graph.slice %t {offsets = array<i64: 0, 1, 0>, sizes = array<i64: 6, 1, 4>, strides = array<i64: 1, 1, 1>} : (tensor<6x2x4xf32>) -> tensor<6x1x4xf32>
  func.return %a, %b : tensor<6x1x4xf32>, tensor<6x1x4xf32>
}
// CHECK-LABEL: @slice_of_transpose
// CHECK-NEXT:    [[A:%.*]] = graph.slice %x {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 1, 6, 4>, strides = array<i64: 1, 1, 1>}
// CHECK-NEXT:    graph.reshape [[A]] {shape_to = array<i64: 6, 1, 4>}
// CHECK-NEXT:    [[B:%.*]] = graph.slice %x {offsets = array<i64: 1, 0, 0>, sizes = array<i64: 1, 6, 4>, strides = array<i64: 1, 1, 1>}
// CHECK-NEXT:    graph.reshape [[B]] {shape_to = array<i64: 6, 1, 4>}

// -----

func.func @transpose_is_needed(%x: tensor<2x6x4xf32>) -> (tensor<6x2x4xf32>, tensor<6x1x4xf32>) {
  %t = graph.transpose %x {permutation = array<i64: 1, 0, 2>} : (tensor<2x6x4xf32>) -> tensor<6x2x4xf32>
  %a = graph.slice %t {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 6, 1, 4>, strides = array<i64: 1, 1, 1>} : (tensor<6x2x4xf32>) -> tensor<6x1x4xf32>
  func.return %t, %a : tensor<6x2x4xf32>, tensor<6x1x4xf32>
}
// CHECK-LABEL: @transpose_is_needed
// CHECK-NEXT:    %t = graph.transpose %x
// CHECK-NEXT:    graph.slice %t

// -----

// Query, key and value of a vision transformer are columns of one product.

func.func @heads(%x: tensor<2x5x24xf32>) -> tensor<1x2x4x5x2xf32> {
  %r = graph.reshape %x {shape_to = array<i64: 2, 5, 3, 4, 2>} : (tensor<2x5x24xf32>) -> tensor<2x5x3x4x2xf32>
  %t = graph.transpose %r {permutation = array<i64: 2, 0, 3, 1, 4>} : (tensor<2x5x3x4x2xf32>) -> tensor<3x2x4x5x2xf32>
  %k = graph.slice %t {offsets = array<i64: 1, 0, 0, 0, 0>, sizes = array<i64: 1, 2, 4, 5, 2>, strides = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x2x4x5x2xf32>) -> tensor<1x2x4x5x2xf32>
  func.return %k : tensor<1x2x4x5x2xf32>
}
// CHECK-LABEL: @heads
// CHECK-NEXT:    [[K:%.*]] = graph.slice %x {offsets = array<i64: 0, 0, 8>, sizes = array<i64: 2, 5, 8>, strides = array<i64: 1, 1, 1>}
// CHECK-NEXT:    [[R:%.*]] = graph.reshape [[K]] {shape_to = array<i64: 2, 5, 1, 4, 2>}
// CHECK-NEXT:    graph.transpose [[R]] {permutation = array<i64: 2, 0, 3, 1, 4>}

// -----

// What a slice takes of a reshaped tensor may be no box before: 2 to 4 of 0 ... 5 is no part of a 3x2 matrix.

func.func @no_box(%x: tensor<3x2xf32>) -> tensor<3xf32> {
  %r = graph.reshape %x {shape_to = array<i64: 6>} : (tensor<3x2xf32>) -> tensor<6xf32>
  %a = graph.slice %r {offsets = array<i64: 2>, sizes = array<i64: 3>, strides = array<i64: 1>} : (tensor<6xf32>) -> tensor<3xf32>
  func.return %a : tensor<3xf32>
}
// CHECK-LABEL: @no_box
// CHECK-NEXT:    %r = graph.reshape %x
// CHECK-NEXT:    graph.slice %r

// -----

// Steps other than 1 pass a reshape that leaves their dimension alone, backward ones too.

func.func @steps(%x: tensor<6x2x4xf32>) -> tensor<3x8xf32> {
  %r = graph.reshape %x {shape_to = array<i64: 6, 8>} : (tensor<6x2x4xf32>) -> tensor<6x8xf32>
  %a = graph.slice %r {offsets = array<i64: 5, 0>, sizes = array<i64: 3, 8>, strides = array<i64: -2, 1>} : (tensor<6x8xf32>) -> tensor<3x8xf32>
  func.return %a : tensor<3x8xf32>
}
// CHECK-LABEL: @steps
// CHECK-NEXT:    [[A:%.*]] = graph.slice %x {offsets = array<i64: 5, 0, 0>, sizes = array<i64: 3, 2, 4>, strides = array<i64: -2, 1, 1>}
// CHECK-NEXT:    graph.reshape [[A]] {shape_to = array<i64: 3, 8>}

// -----

func.func @slices_of_concat(%x: tensor<2x3xf32>, %y: tensor<2x5xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %c = graph.concat %x, %y {axis = 1} : (tensor<2x3xf32>, tensor<2x5xf32>) -> tensor<2x8xf32>
  %a = graph.slice %c {offsets = array<i64: 0, 7>, sizes = array<i64: 2, 2>, strides = array<i64: 1, -3>} : (tensor<2x8xf32>) -> tensor<2x2xf32>
  %b = graph.slice %c {offsets = array<i64: 0, 2>, sizes = array<i64: 2, 2>, strides = array<i64: 1, 1>} : (tensor<2x8xf32>) -> tensor<2x2xf32>
  func.return %a, %b : tensor<2x2xf32>, tensor<2x2xf32>
}
// CHECK-LABEL: @slices_of_concat
// CHECK-NEXT:    %c = graph.concat
// CHECK-NEXT:    %a = graph.slice %y {offsets = array<i64: 0, 4>, sizes = array<i64: 2, 2>, strides = array<i64: 1, -3>}
// CHECK-NEXT:    %b = graph.slice %c

// -----

// Transposes with reshapes between them are one.

func.func @one_transpose(%x: tensor<2x5x12xf32>) -> tensor<8x5x3xf32> {
  %a = graph.transpose %x {permutation = array<i64: 1, 0, 2>} : (tensor<2x5x12xf32>) -> tensor<5x2x12xf32>
  %b = graph.reshape %a {shape_to = array<i64: 5, 8, 3>} : (tensor<5x2x12xf32>) -> tensor<5x8x3xf32>
  %c = graph.transpose %b {permutation = array<i64: 1, 0, 2>} : (tensor<5x8x3xf32>) -> tensor<8x5x3xf32>
  func.return %c : tensor<8x5x3xf32>
}
// CHECK-LABEL: @one_transpose
// CHECK-NEXT:    [[A:%.*]] = graph.reshape %x {shape_to = array<i64: 2, 5, 4, 3>}
// CHECK-NEXT:    [[B:%.*]] = graph.transpose [[A]] {permutation = array<i64: 0, 2, 1, 3>}
// CHECK-NEXT:    graph.reshape [[B]] {shape_to = array<i64: 8, 5, 3>}

// -----

// A matrix product of flattened rows is one of the tensor as it is.

func.func @rows(%x: tensor<2x5x4xf32>, %w: tensor<4x8xf32>, %b: tensor<8xf32>) -> tensor<2x5x8xf32> {
  %a = graph.reshape %x {shape_to = array<i64: 10, 4>} : (tensor<2x5x4xf32>) -> tensor<10x4xf32>
  %c = graph.gemm %a, %w : (tensor<10x4xf32>, tensor<4x8xf32>) -> tensor<10x8xf32>
  %d = graph.bias_add %c, %b : (tensor<10x8xf32>, tensor<8xf32>) -> tensor<10x8xf32>
  %e = graph.gelu %d : (tensor<10x8xf32>) -> tensor<10x8xf32>
  %f = graph.reshape %e {shape_to = array<i64: 2, 5, 8>} : (tensor<10x8xf32>) -> tensor<2x5x8xf32>
  func.return %f : tensor<2x5x8xf32>
}
// CHECK-LABEL: @rows
// CHECK-NEXT:    [[C:%.*]] = graph.batch_matmul %x, %w
// CHECK-NEXT:    [[D:%.*]] = graph.bias_add [[C]], %b {axis = 2 : i64}
// CHECK-NEXT:    graph.gelu [[D]]
// CHECK-NEXT:    func.return

// -----

// Rows that are transposed before and after a product are not transposed at all.

func.func @sequence_first(%x: tensor<2x5x4xf32>, %w: tensor<4x8xf32>) -> tensor<2x5x8xf32> {
  %a = graph.transpose %x {permutation = array<i64: 1, 0, 2>} : (tensor<2x5x4xf32>) -> tensor<5x2x4xf32>
  %b = graph.batch_matmul %a, %w : (tensor<5x2x4xf32>, tensor<4x8xf32>) -> tensor<5x2x8xf32>
  %c = graph.transpose %b {permutation = array<i64: 1, 0, 2>} : (tensor<5x2x8xf32>) -> tensor<2x5x8xf32>
  func.return %c : tensor<2x5x8xf32>
}
// CHECK-LABEL: @sequence_first
// CHECK-NEXT:    graph.batch_matmul %x, %w
// CHECK-NEXT:    func.return

// -----

// Not where something else reads what is computed on the moved rows.

func.func @rows_are_used(%x: tensor<2x5x4xf32>, %w: tensor<4x8xf32>) -> (tensor<2x5x8xf32>, tensor<5x2x8xf32>) {
  %a = graph.transpose %x {permutation = array<i64: 1, 0, 2>} : (tensor<2x5x4xf32>) -> tensor<5x2x4xf32>
  %b = graph.batch_matmul %a, %w : (tensor<5x2x4xf32>, tensor<4x8xf32>) -> tensor<5x2x8xf32>
  %c = graph.transpose %b {permutation = array<i64: 1, 0, 2>} : (tensor<5x2x8xf32>) -> tensor<2x5x8xf32>
  func.return %c, %b : tensor<2x5x8xf32>, tensor<5x2x8xf32>
}
// CHECK-LABEL: @rows_are_used
// CHECK-NEXT:    graph.transpose
// CHECK-NEXT:    graph.batch_matmul
// CHECK-NEXT:    graph.transpose
