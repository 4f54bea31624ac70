// RUN: bolt-opt %s --split-input-file -p convert-graph-to-fused,fuse-epilogue,canonicalize | filecheck %s

// Operations on the result and another tensor become part of the kernel, however the tensor spreads over the result.

// One value per column: a bias.

// CHECK-LABEL: @row(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) epilogue(%gemm_x : tensor<8xf16>) [row] {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.addf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) epilogue(%batched_x : tensor<8xf16>) [row] {{.*}} -> tensor<2x8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.addf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) epilogue(%conv2d_x : tensor<8xf16>) [row] {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.addf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @row(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %gemm_x: tensor<8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %batched_x: tensor<8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>, %conv2d_x: tensor<8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %p_gemm = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %p_batched = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %p_conv2d = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.add %p_gemm, %gemm_x : (tensor<8x8xf16>, tensor<8xf16>) -> tensor<8x8xf16>
  %batched = graph.add %p_batched, %batched_x : (tensor<2x8x8xf16>, tensor<8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.add %p_conv2d, %conv2d_x : (tensor<1x4x4x8xf16>, tensor<8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// One value per row.

// CHECK-LABEL: @column(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) epilogue(%gemm_x : tensor<8x1xf16>) [column] {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.mulf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) epilogue(%batched_x : tensor<2x8x1xf16>) [column] {{.*}} -> tensor<2x8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.mulf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) epilogue(%conv2d_x : tensor<1x4x4x1xf16>) [column] {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.mulf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @column(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %gemm_x: tensor<8x1xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %batched_x: tensor<2x8x1xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>, %conv2d_x: tensor<1x4x4x1xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %p_gemm = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %p_batched = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %p_conv2d = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.mul %p_gemm, %gemm_x : (tensor<8x8xf16>, tensor<8x1xf16>) -> tensor<8x8xf16>
  %batched = graph.mul %p_batched, %batched_x : (tensor<2x8x8xf16>, tensor<2x8x1xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.mul %p_conv2d, %conv2d_x : (tensor<1x4x4x8xf16>, tensor<1x4x4x1xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// One value for all, known when the kernel runs.

// CHECK-LABEL: @scalar(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) epilogue(%gemm_x : tensor<f16>) [scalar] {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.divf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) epilogue(%batched_x : tensor<1xf16>) [scalar] {{.*}} -> tensor<2x8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.divf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) epilogue(%conv2d_x : tensor<1x1x1x1xf16>) [scalar] {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.divf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @scalar(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %gemm_x: tensor<f16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %batched_x: tensor<1xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>, %conv2d_x: tensor<1x1x1x1xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %p_gemm = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %p_batched = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %p_conv2d = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.div %p_gemm, %gemm_x : (tensor<8x8xf16>, tensor<f16>) -> tensor<8x8xf16>
  %batched = graph.div %p_batched, %batched_x : (tensor<2x8x8xf16>, tensor<1xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.div %p_conv2d, %conv2d_x : (tensor<1x4x4x8xf16>, tensor<1x1x1x1xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// One value per element: a residual.

// CHECK-LABEL: @full(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) epilogue(%gemm_x : tensor<8x8xf16>) [full] {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.subf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) epilogue(%batched_x : tensor<2x8x8xf16>) [full] {{.*}} -> tensor<2x8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.subf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) epilogue(%conv2d_x : tensor<1x4x4x8xf16>) [full] {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.subf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @full(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %gemm_x: tensor<8x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %batched_x: tensor<2x8x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>, %conv2d_x: tensor<1x4x4x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %p_gemm = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %p_batched = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %p_conv2d = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.sub %p_gemm, %gemm_x : (tensor<8x8xf16>, tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.sub %p_batched, %batched_x : (tensor<2x8x8xf16>, tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.sub %p_conv2d, %conv2d_x : (tensor<1x4x4x8xf16>, tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// Any other broadcast: along the batch, along rows of pictures.

// CHECK-LABEL: @general(
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) epilogue(%batched_x : tensor<8x8xf16>) [general] {{.*}} -> tensor<2x8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.maximumf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) epilogue(%conv2d_x : tensor<1x4x1x8xf16>) [general] {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.maximumf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %batched, %conv2d : tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @general(%q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %batched_x: tensor<8x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>, %conv2d_x: tensor<1x4x1x8xf16>) -> (tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %p_batched = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %p_conv2d = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %batched = graph.maximum %p_batched, %batched_x : (tensor<2x8x8xf16>, tensor<8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.maximum %p_conv2d, %conv2d_x : (tensor<1x4x4x8xf16>, tensor<1x4x1x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %batched, %conv2d : tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}
