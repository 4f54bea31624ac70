// RUN: bolt-opt %s --split-input-file -p convert-graph-to-fused,fuse-epilogue{always=true},canonicalize --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARK

// Sums and maxima of rows and columns can be stores of the kernel that computes these.

// Root mean square normalisation behind a residual: the product stores its rows and the sums of their squares. The
// result is divided by the number of elements in the epilogue.

// CHECK-LABEL: @squares(
// CHECK-NEXT:    %x, %0 = fused.gemm(%a, %b : {{.*}}) epilogue(%r : tensor<8192x512xf16>) [full] {{.*}}stores = [#fused.elements, #fused.reduced<sum, columns, 512>]} -> tensor<8192x512xf16>, tensor<8192x1xf32> {
// CHECK-NEXT:    ^bb0(%1: f32, %2: f32):
// CHECK-NEXT:      %3 = arith.addf %1, %2 : f32
// CHECK-NEXT:      %4 = arith.mulf %3, %3 : f32
// CHECK-NEXT:      %5 = arith.constant 0.001953125 : f32
// CHECK-NEXT:      %6 = arith.mulf %4, %5 : f32
// CHECK-NEXT:      fused.yield %3, %6 : f32, f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %1 = fused.pointwise epilogue(%0 : tensor<8192x1xf32>) [full] {{.*}} -> tensor<8192x1xf16> {
// CHECK-NEXT:    ^bb0(%2: f32):
// CHECK-NEXT:      %3 = math.rsqrt %2 : f32
// CHECK-NEXT:      fused.yield %3 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = fused.pointwise epilogue(%x, %1 : tensor<8192x512xf16>, tensor<8192x1xf16>) [full, column] {{.*}} -> tensor<8192x512xf16> {
// CHECK-NEXT:    ^bb0(%2: f32, %3: f32):
// CHECK-NEXT:      %4 = arith.mulf %2, %3 : f32
// CHECK-NEXT:      fused.yield %4 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<8192x512xf16>

func.func @squares(%a: tensor<8192x64xf16>, %b: tensor<64x512xf16>, %r: tensor<8192x512xf16>) -> tensor<8192x512xf16> {
  %p = graph.gemm %a, %b : (tensor<8192x64xf16>, tensor<64x512xf16>) -> tensor<8192x512xf16>
  %x = graph.add %p, %r : (tensor<8192x512xf16>, tensor<8192x512xf16>) -> tensor<8192x512xf16>
  %0 = graph.mul %x, %x : (tensor<8192x512xf16>, tensor<8192x512xf16>) -> tensor<8192x512xf16>
  %1 = graph.reduce_mean %0 {axes = array<i64: 1>} : (tensor<8192x512xf16>) -> tensor<8192x1xf16>
  %2 = graph.rsqrt %1 : (tensor<8192x1xf16>) -> tensor<8192x1xf16>
  %y = graph.mul %x, %2 : (tensor<8192x512xf16>, tensor<8192x1xf16>) -> tensor<8192x512xf16>
  func.return %y : tensor<8192x512xf16>
}

// -----

// The largest element of each row, of another view of it; nothing else is stored.

// CHECK-LABEL: @row_maxima(
// CHECK-NEXT:    %0 = fused.gemm(%a, %b : {{.*}}) {{.*}}stores = [#fused.reduced<max, columns, 512>]} -> tensor<8192x1xf16> {
// CHECK-NEXT:    ^bb0(%1: f32):
// CHECK-NEXT:      fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = fused.reshape %0 : tensor<8192x1xf16> -> tensor<8x1024xf16>
// CHECK-NEXT:    func.return %y : tensor<8x1024xf16>

func.func @row_maxima(%a: tensor<8192x64xf16>, %b: tensor<64x512xf16>) -> tensor<8x1024xf16> {
  %p = graph.gemm %a, %b : (tensor<8192x64xf16>, tensor<64x512xf16>) -> tensor<8192x512xf16>
  %0 = graph.reshape %p {shape_to = array<i64: 8, 1024, 512>} : (tensor<8192x512xf16>) -> tensor<8x1024x512xf16>
  %y = graph.reduce_max %0 {axes = array<i64: 2>, keepdims = false} : (tensor<8x1024x512xf16>) -> tensor<8x1024xf16>
  func.return %y : tensor<8x1024xf16>
}

// -----

// The mean of all pixels of a picture: one value per column.

// CHECK-LABEL: @global_pool(
// CHECK-NEXT:    %0 = fused.conv2d(%x, %f : {{.*}}) {{.*}}stores = [#fused.reduced<sum, rows, 16384>]} -> tensor<1x64xf16> {
// CHECK-NEXT:    ^bb0(%1: f32):
// CHECK-NEXT:      %2 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %3 = arith.maximumf %1, %2 : f32
// CHECK-NEXT:      %4 = arith.constant 6.10351562e-05 : f32
// CHECK-NEXT:      %5 = arith.mulf %3, %4 : f32
// CHECK-NEXT:      fused.yield %5 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = fused.reshape %0 : tensor<1x64xf16> -> tensor<1x1x1x64xf16>
// CHECK-NEXT:    func.return %y : tensor<1x1x1x64xf16>

func.func @global_pool(%x: tensor<1x128x128x64xf16>, %f: tensor<64x1x1x64xf16>) -> tensor<1x1x1x64xf16> {
  %p = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x128x128x64xf16>, tensor<64x1x1x64xf16>) -> tensor<1x128x128x64xf16>
  %r = graph.relu %p : (tensor<1x128x128x64xf16>) -> tensor<1x128x128x64xf16>
  %y = graph.global_avg_pool2d %r {layout = #graph<layout nhwc>} : (tensor<1x128x128x64xf16>) -> tensor<1x1x1x64xf16>
  func.return %y : tensor<1x1x1x64xf16>
}

// -----

// The means of each of two pictures: no whole columns.

// CHECK-LABEL: @pool_of_a_batch(
// CHECK-NEXT:    %p = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<2x128x128x64xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = fused.reduce(%p : tensor<2x128x128x64xf16>) {{.*}}kind = #fused<reduction_kind mean>, axes = array<i64: 1, 2>} -> tensor<2x1x1x64xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<2x1x1x64xf16>
// REMARK: "missed", {{.*}} "location": "pictures", "message": "no store of its producer: it reduces neither whole rows nor whole columns"

func.func @pool_of_a_batch(%x: tensor<2x128x128x64xf16>, %f: tensor<64x1x1x64xf16>) -> tensor<2x1x1x64xf16> {
  %p = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<2x128x128x64xf16>, tensor<64x1x1x64xf16>) -> tensor<2x128x128x64xf16>
  %y = graph.global_avg_pool2d %p {layout = #graph<layout nhwc>} : (tensor<2x128x128x64xf16>) -> tensor<2x1x1x64xf16> loc("pictures")
  func.return %y : tensor<2x1x1x64xf16>
}

// -----

// Sums and maxima are all that tiles combine.

// CHECK-LABEL: @minimum(
// CHECK-NEXT:    %p = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8192x512xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = fused.reduce(%p : tensor<8192x512xf16>) {{.*}}reduction_kind min>} -> tensor<8192x1xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<8192x1xf16>
// REMARK: "missed", {{.*}} "location": "least", "message": "no store of its producer: no epilogue computes the min of such elements"

func.func @minimum(%a: tensor<8192x64xf16>, %b: tensor<64x512xf16>) -> tensor<8192x1xf16> {
  %p = graph.gemm %a, %b : (tensor<8192x64xf16>, tensor<64x512xf16>) -> tensor<8192x512xf16>
  %y = graph.reduce_min %p {axes = array<i64: 1>} : (tensor<8192x512xf16>) -> tensor<8192x1xf16> loc("least")
  func.return %y : tensor<8192x1xf16>
}
