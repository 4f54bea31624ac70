// RUN: bolt-opt %s --split-input-file -p 'pad-alignment{force=true}' | filecheck %s

// What the added lanes hold is known after every operation: exp makes ones of zeros, and max pooling keeps them. The
// product multiplies them by zeros.

func.func @activations(%x: tensor<1x8x8x46xf16>) -> tensor<1x4x4x64xf16> {
  %w = graph.weight @w : tensor<64x1x1x46xf16>
  %0 = graph.softplus %x : (tensor<1x8x8x46xf16>) -> tensor<1x8x8x46xf16>
  %1 = graph.exp %0 : (tensor<1x8x8x46xf16>) -> tensor<1x8x8x46xf16>
  %2 = graph.max_pool2d %1 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, layout = #graph<layout nhwc>} : (tensor<1x8x8x46xf16>) -> tensor<1x4x4x46xf16>
  %3 = graph.conv2d %2, %w {layout = #graph<layout nhwc>} : (tensor<1x4x4x46xf16>, tensor<64x1x1x46xf16>) -> tensor<1x4x4x64xf16>
  func.return %3 : tensor<1x4x4x64xf16>
}
// CHECK-LABEL: @activations
// CHECK:         graph.pad %x
// CHECK-NEXT:    graph.softplus
// CHECK-NEXT:    graph.exp
// CHECK-NEXT:    graph.max_pool2d
// CHECK-NEXT:    graph.pad %w {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 0, 0, 2>}
// CHECK-NEXT:    graph.conv2d

// -----

// A row of divisors ends in ones.

func.func @divisors(%x: tensor<64x46xf16>) -> tensor<64x64xf16> {
  %d = graph.weight @d : tensor<46xf16>
  %w = graph.weight @w : tensor<46x64xf16>
  %0 = graph.div %x, %d : (tensor<64x46xf16>, tensor<46xf16>) -> tensor<64x46xf16>
  %1 = graph.gemm %0, %w : (tensor<64x46xf16>, tensor<46x64xf16>) -> tensor<64x64xf16>
  func.return %1 : tensor<64x64xf16>
}
// CHECK-LABEL: @divisors
// CHECK:         graph.pad %d {low = array<i64: 0>, high = array<i64: 2>, value = 1.000000e+00 : f32}

// -----

// Reductions over pixels keep lanes; those over lanes need rows of the exact length, and so does softmax.

func.func @reductions(%x: tensor<1x8x8x64xf16>) -> (tensor<1x64xf16>, tensor<1x8x8x1xf16>, tensor<1x8x8x46xf16>) {
  %v = graph.weight @v : tensor<46x1x1x64xf16>
  %w = graph.weight @w : tensor<46x64xf16>
  %0 = graph.conv2d %x, %v {layout = #graph<layout nhwc>} : (tensor<1x8x8x64xf16>, tensor<46x1x1x64xf16>) -> tensor<1x8x8x46xf16>
  %1 = graph.reduce_mean %0 {axes = array<i64: 1, 2>, keepdims = false} : (tensor<1x8x8x46xf16>) -> tensor<1x46xf16>
  %2 = graph.gemm %1, %w : (tensor<1x46xf16>, tensor<46x64xf16>) -> tensor<1x64xf16>
  %3 = graph.reduce_max %0 {axes = array<i64: 3>} : (tensor<1x8x8x46xf16>) -> tensor<1x8x8x1xf16>
  %4 = graph.softmax %0 {axis = 3} : (tensor<1x8x8x46xf16>) -> tensor<1x8x8x46xf16>
  func.return %2, %3, %4 : tensor<1x64xf16>, tensor<1x8x8x1xf16>, tensor<1x8x8x46xf16>
}
// CHECK-LABEL: @reductions
// CHECK:         [[Y:%.*]] = graph.conv2d
// CHECK-NEXT:    [[M:%.*]] = graph.reduce_mean [[Y]] {{.*}} -> tensor<1x48xf16>
// CHECK:         graph.gemm [[M]]
// CHECK-NEXT:    [[CUT:%.*]] = graph.slice [[Y]] {{.*}} sizes = array<i64: 1, 8, 8, 46>
// CHECK-NEXT:    graph.reduce_max [[CUT]]
// CHECK-NEXT:    graph.softmax [[CUT]]

// -----

// Lanes that would become infinite, not a number or one of several numbers are padded behind the operation.

func.func @harmful(%x: tensor<64x46xf16>, %s: tensor<64x1xf16>) -> (tensor<64x64xf16>, tensor<64x64xf16>) {
  %w = graph.weight @w : tensor<46x64xf16>
  %0 = graph.log %x : (tensor<64x46xf16>) -> tensor<64x46xf16>
  %1 = graph.gemm %0, %w : (tensor<64x46xf16>, tensor<46x64xf16>) -> tensor<64x64xf16>
  %2 = graph.add %x, %s : (tensor<64x46xf16>, tensor<64x1xf16>) -> tensor<64x46xf16>
  %3 = graph.gemm %2, %w : (tensor<64x46xf16>, tensor<46x64xf16>) -> tensor<64x64xf16>
  func.return %1, %3 : tensor<64x64xf16>, tensor<64x64xf16>
}
// CHECK-LABEL: @harmful
// CHECK:         [[LOG:%.*]] = graph.log %x
// CHECK-NEXT:    graph.pad [[LOG]]
// CHECK:         [[SUM:%.*]] = graph.add %x, %s
// CHECK-NEXT:    graph.pad [[SUM]]

// -----

// A factor of each row is harmless, for it multiplies zeros. A product needs zeros in the lanes of one operand only.

func.func @zeros(%x: tensor<64x46xf16>, %s: tensor<64x1xf16>) -> tensor<64x64xf16> {
  %0 = graph.mul %x, %s : (tensor<64x46xf16>, tensor<64x1xf16>) -> tensor<64x46xf16>
  %1 = graph.exp %x : (tensor<64x46xf16>) -> tensor<64x46xf16>
  %2 = graph.gemm %0, %1 {transpose_b = true} : (tensor<64x46xf16>, tensor<64x46xf16>) -> tensor<64x64xf16>
  func.return %2 : tensor<64x64xf16>
}
// CHECK-LABEL: @zeros
// CHECK:         [[X:%.*]] = graph.pad %x
// CHECK-NEXT:    [[M:%.*]] = graph.mul [[X]], %s
// CHECK-NEXT:    [[E:%.*]] = graph.exp [[X]]
// CHECK-NEXT:    graph.gemm [[M]], [[E]]

// -----

// The product of ones with ones would count: these rows stay.

func.func @ones(%x: tensor<64x46xf16>) -> tensor<64x64xf16> {
  %0 = graph.exp %x : (tensor<64x46xf16>) -> tensor<64x46xf16>
  %1 = graph.gemm %0, %0 {transpose_b = true} : (tensor<64x46xf16>, tensor<64x46xf16>) -> tensor<64x64xf16>
  func.return %1 : tensor<64x64xf16>
}
// CHECK-LABEL: @ones
// CHECK-NOT:     graph.pad

// -----

// Where a product sums over infinities, its added columns hold NaN. A sigmoid makes finite numbers of infinities but not of
// NaN. Behind it, such lanes are cut off, and products that sum over them get zeros instead.

func.func @bounded(%x: tensor<64x64xf16>) -> (tensor<64x64xf16>, tensor<64x64xf16>, tensor<64x1xf16>) {
  %v = graph.weight @v : tensor<64x46xf16>
  %w = graph.weight @w : tensor<46x64xf16>
  %6 = graph.constant dense<6.0> : tensor<f16>
  %0 = graph.gemm %x, %v : (tensor<64x64xf16>, tensor<64x46xf16>) -> tensor<64x46xf16>
  %1 = graph.sigmoid %0 : (tensor<64x46xf16>) -> tensor<64x46xf16>
  %2 = graph.gemm %1, %w : (tensor<64x46xf16>, tensor<46x64xf16>) -> tensor<64x64xf16>
  %3 = graph.relu %0 : (tensor<64x46xf16>) -> tensor<64x46xf16>
  %4 = graph.minimum %3, %6 : (tensor<64x46xf16>, tensor<f16>) -> tensor<64x46xf16>
  %5 = graph.gemm %4, %w : (tensor<64x46xf16>, tensor<46x64xf16>) -> tensor<64x64xf16>
  %7 = graph.tanh %0 : (tensor<64x46xf16>) -> tensor<64x46xf16>
  %8 = graph.reduce_sum %7 {axes = array<i64: 1>} : (tensor<64x46xf16>) -> tensor<64x1xf16>
  func.return %2, %5, %8 : tensor<64x64xf16>, tensor<64x64xf16>, tensor<64x1xf16>
}
// CHECK-LABEL: @bounded
// CHECK:         [[Y:%.*]] = graph.gemm {{.*}} -> tensor<64x48xf16>
// CHECK-NEXT:    [[S:%.*]] = graph.sigmoid [[Y]]
// CHECK-NEXT:    [[S1:%.*]] = graph.slice [[S]]
// CHECK-NEXT:    [[S2:%.*]] = graph.pad [[S1]]
// CHECK:         graph.gemm [[S2]]
// CHECK-NEXT:    [[R:%.*]] = graph.relu [[Y]]
// CHECK-NEXT:    [[M:%.*]] = graph.minimum [[R]]
// CHECK-NEXT:    [[M1:%.*]] = graph.slice [[M]]
// CHECK-NEXT:    [[M2:%.*]] = graph.pad [[M1]]
// CHECK:         graph.gemm [[M2]]
// CHECK-NEXT:    [[T:%.*]] = graph.tanh [[Y]]
// CHECK-NEXT:    [[T1:%.*]] = graph.slice [[T]]
// CHECK-NEXT:    graph.reduce_sum [[T1]]

// -----

// Functions with one bound keep an infinity, and a lane of zeros that no product computed needs no care.

func.func @one_bound(%x: tensor<64x64xf16>, %y: tensor<64x46xf16>) -> (tensor<64x64xf16>, tensor<64x64xf16>) {
  %v = graph.weight @v : tensor<64x46xf16>
  %w = graph.weight @w : tensor<46x64xf16>
  %0 = graph.gemm %x, %v : (tensor<64x64xf16>, tensor<64x46xf16>) -> tensor<64x46xf16>
  %1 = graph.relu %0 : (tensor<64x46xf16>) -> tensor<64x46xf16>
  %2 = graph.gemm %1, %w : (tensor<64x46xf16>, tensor<46x64xf16>) -> tensor<64x64xf16>
  %3 = graph.sigmoid %y : (tensor<64x46xf16>) -> tensor<64x46xf16>
  %4 = graph.gemm %3, %w : (tensor<64x46xf16>, tensor<46x64xf16>) -> tensor<64x64xf16>
  func.return %2, %4 : tensor<64x64xf16>, tensor<64x64xf16>
}
// CHECK-LABEL: @one_bound
// CHECK-NOT:     graph.slice
// CHECK:         [[R:%.*]] = graph.relu {{.*}} -> tensor<64x48xf16>
// CHECK-NEXT:    graph.pad %w
// CHECK-NEXT:    graph.gemm [[R]], {{.*}} : (tensor<64x48xf16>, tensor<48x64xf16>)
// CHECK-NEXT:    graph.pad %y
// CHECK-NEXT:    [[S:%.*]] = graph.sigmoid
// CHECK-NEXT:    graph.pad %w
// CHECK-NEXT:    graph.gemm [[S]], {{.*}} : (tensor<64x48xf16>, tensor<48x64xf16>)
// CHECK-NOT:     graph.slice
