// RUN: bolt-opt %s --split-input-file -p fold-prologue --remarks=- 2>&1 | filecheck %s

// A scalar on A goes into the weight, and so does a divisor; each is a constant then.

// CHECK-LABEL: @scalar_into_weight
// CHECK:         [[HALF:%.*]] = graph.constant dense<5.000000e-01>
// CHECK-NEXT:    [[SCALED:%.*]] = graph.mul %w, [[HALF]] : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
// CHECK-NEXT:    graph.gemm %x, [[SCALED]] : (tensor<8x4xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
func.func @scalar_into_weight(%x: tensor<8x4xf32>) -> tensor<8x3xf32> {
  %w = graph.weight @w : tensor<4x3xf32>
  %c = graph.constant dense<2.0> : tensor<f32>
  %0 = graph.div %x, %c : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  %1 = graph.gemm %0, %w : (tensor<8x4xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
  func.return %1 : tensor<8x3xf32>
}

// -----

// One value per element of the sum scales the rows of B; every product that reads the scaled tensor takes it in.

// CHECK-LABEL: @vector_into_weights
// CHECK:         [[BY_ROW:%.*]] = graph.reshape %v {shape_to = array<i64: 4, 1>}
// CHECK-NEXT:    [[W:%.*]] = graph.mul %w, [[BY_ROW]]
// CHECK-NEXT:    graph.batch_matmul %x, [[W]]
// CHECK-NEXT:    [[T:%.*]] = graph.mul %t, %v
// CHECK-NEXT:    graph.batch_matmul %x, [[T]] {transpose_b = true}
func.func @vector_into_weights(%x: tensor<2x8x4xf32>) -> (tensor<2x8x3xf32>, tensor<2x8x5xf32>) {
  %v = graph.weight @v : tensor<4xf32>
  %w = graph.weight @w : tensor<4x3xf32>
  %t = graph.weight @t : tensor<5x4xf32>
  %0 = graph.mul %x, %v : (tensor<2x8x4xf32>, tensor<4xf32>) -> tensor<2x8x4xf32>
  %1 = graph.batch_matmul %0, %w : (tensor<2x8x4xf32>, tensor<4x3xf32>) -> tensor<2x8x3xf32>
  %2 = graph.batch_matmul %0, %t {transpose_b = true} : (tensor<2x8x4xf32>, tensor<5x4xf32>) -> tensor<2x8x5xf32>
  func.return %1, %2 : tensor<2x8x3xf32>, tensor<2x8x5xf32>
}

// -----

// One value per input channel scales a filter's, in the order of its layout.

// CHECK-LABEL: @vector_into_filter
// CHECK:         [[BY_CHANNEL:%.*]] = graph.reshape %v {shape_to = array<i64: 4, 1, 1>}
// CHECK-NEXT:    [[W:%.*]] = graph.mul %w, [[BY_CHANNEL]]
// CHECK-NEXT:    graph.conv2d %x, [[W]] {padding = array<i64: 1, 1, 1, 1>}
func.func @vector_into_filter(%x: tensor<1x4x8x8xf32>) -> tensor<1x6x8x8xf32> {
  %v = graph.weight @v : tensor<1x4x1x1xf32>
  %w = graph.weight @w : tensor<6x4x3x3xf32>
  %0 = graph.mul %v, %x : (tensor<1x4x1x1xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %1 = graph.conv2d %0, %w {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x4x8x8xf32>, tensor<6x4x3x3xf32>) -> tensor<1x6x8x8xf32>
  func.return %1 : tensor<1x6x8x8xf32>
}

// -----

// Between two computed tensors, and where the weights would lose f16's digits, a scalar scales the result: the alpha of
// an epilogue.

// CHECK-LABEL: @scalar_behind
// CHECK:         [[SCORES:%.*]] = graph.batch_matmul %q, %k
// CHECK-NEXT:    [[EIGHTH:%.*]] = graph.constant dense<1.250000e-01>
// CHECK-NEXT:    {{%.*}} = graph.mul [[SCORES]], [[EIGHTH]]
// CHECK:         [[PRODUCT:%.*]] = graph.gemm %x, %w
// CHECK-NEXT:    [[SMALL:%.*]] = graph.constant
// CHECK-NEXT:    {{%.*}} = graph.mul [[PRODUCT]], [[SMALL]]
func.func @scalar_behind(%q: tensor<2x8x4xf32>, %k: tensor<2x4x8xf32>, %x: tensor<8x4xf32>) -> (tensor<2x8x8xf32>, tensor<8x3xf32>) {
  %w = graph.weight @w : tensor<4x3xf32>
  %c = graph.constant dense<0.125> : tensor<f32>
  %d = graph.constant dense<255.0> : tensor<f32>
  %0 = graph.mul %q, %c : (tensor<2x8x4xf32>, tensor<f32>) -> tensor<2x8x4xf32>
  %s = graph.batch_matmul %0, %k : (tensor<2x8x4xf32>, tensor<2x4x8xf32>) -> tensor<2x8x8xf32>
  %1 = graph.div %x, %d : (tensor<8x4xf32>, tensor<f32>) -> tensor<8x4xf32>
  %y = graph.gemm %1, %w : (tensor<8x4xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
  func.return %s, %y : tensor<2x8x8xf32>, tensor<8x3xf32>
}

// -----

// Left as they are: the scaled tensor is needed itself; the product before can scale what it stores; the sum is over
// another dimension; a tiny factor; a matrix of factors.

// CHECK-LABEL: @refused
// CHECK-COUNT-5: graph.mul
// CHECK-NOT:     graph.mul
func.func @refused(%x: tensor<4x4xf32>, %v: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %w = graph.weight @w : tensor<4x4xf32>
  %u = graph.weight @u : tensor<4x4xf32>
  %u2 = graph.weight @u2 : tensor<4x4xf32>
  %column = graph.weight @column : tensor<4x1xf32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %tiny = graph.constant dense<1.0e-5> : tensor<f32>
  %0 = graph.mul %x, %half : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32> loc("needed")
  %1 = graph.gemm %0, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = graph.gemm %x, %v : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %3 = graph.mul %2, %half : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32> loc("scaled_on_store")
  %4 = graph.gemm %3, %v : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %5 = graph.mul %x, %column : (tensor<4x4xf32>, tensor<4x1xf32>) -> tensor<4x4xf32> loc("by_row")
  %6 = graph.gemm %5, %u2 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %7 = graph.mul %x, %tiny : (tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32> loc("tiny")
  %8 = graph.gemm %7, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %9 = graph.mul %x, %u : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> loc("matrix")
  %10 = graph.gemm %9, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  func.return %0, %1, %4, %6, %8, %10 : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}

// CHECK:      passed: [fold-prologue] graph.div: folded into the weight of graph.gemm
// CHECK-NEXT: passed: [fold-prologue] graph.mul: folded into the weight of graph.batch_matmul
// CHECK-NEXT: passed: [fold-prologue] graph.mul: folded into the weight of graph.batch_matmul
// CHECK-NEXT: passed: [fold-prologue] graph.mul: folded into the weight of graph.conv2d
// CHECK-NEXT: passed: [fold-prologue] graph.div: scales the result of graph.gemm instead
// CHECK-NEXT: passed: [fold-prologue] graph.mul: scales the result of graph.batch_matmul instead
// CHECK-NEXT: tiny: missed: [fold-prologue] graph.mul: not folded into a product: without the factor 1e-05 the tensor might leave the range of f16
// CHECK-NEXT: by_row: missed: [fold-prologue] graph.mul: not folded into a product: it is not along what graph.gemm sums over
// CHECK-NEXT: scaled_on_store: note: [fold-prologue] graph.mul: left to the epilogue of graph.gemm before it
// CHECK-NEXT: needed: missed: [fold-prologue] graph.mul: not folded into a product: something else needs the scaled tensor, too
