// RUN: bolt-opt %s --split-input-file -p convert-graph-to-fused,fuse-epilogue,canonicalize | filecheck %s

// Every activation becomes part of the product, the batched product or the convolution before it: the same code in each.

// CHECK-LABEL: @relu(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %2 = arith.maximumf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @relu(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.relu %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.relu %1 : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.relu %2 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @leaky_relu(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 1.000000e-01 : f32
// CHECK-NEXT:      %2 = arith.mulf %0, %1 : f32
// CHECK-NEXT:      %3 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %4 = arith.cmpf oge, %0, %3 : f32
// CHECK-NEXT:      %5 = arith.select %4, %0, %2 : f32
// CHECK-NEXT:      fused.yield %5 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %5 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %5 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @leaky_relu(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.leaky_relu %0 {alpha = 0.1 : f32} : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.leaky_relu %1 {alpha = 0.1 : f32} : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.leaky_relu %2 {alpha = 0.1 : f32} : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @clip(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 6.000000e+00 : f32
// CHECK-NEXT:      %2 = arith.minimumf %0, %1 : f32
// CHECK-NEXT:      %3 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %4 = arith.maximumf %2, %3 : f32
// CHECK-NEXT:      fused.yield %4 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %4 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %4 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @clip(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.clip %0 {min = 0.0 : f32, max = 6.0 : f32} : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.clip %1 {min = 0.0 : f32, max = 6.0 : f32} : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.clip %2 {min = 0.0 : f32, max = 6.0 : f32} : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @gelu_erf(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 0.707106769 : f32
// CHECK-NEXT:      %2 = arith.mulf %0, %1 : f32
// CHECK-NEXT:      %3 = math.erf %2 : f32
// CHECK-NEXT:      %4 = arith.constant 5.000000e-01 : f32
// CHECK-NEXT:      %5 = arith.mulf %0, %4 : f32
// CHECK-NEXT:      %6 = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:      %7 = arith.addf %3, %6 : f32
// CHECK-NEXT:      %8 = arith.mulf %5, %7 : f32
// CHECK-NEXT:      fused.yield %8 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %8 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %8 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @gelu_erf(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.gelu %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.gelu %1 : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.gelu %2 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @gelu_tanh(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.mulf %0, %0 : f32
// CHECK-NEXT:      %2 = arith.mulf %1, %0 : f32
// CHECK-NEXT:      %3 = arith.constant 4.471500e-02 : f32
// CHECK-NEXT:      %4 = arith.mulf %2, %3 : f32
// CHECK-NEXT:      %5 = arith.addf %0, %4 : f32
// CHECK-NEXT:      %6 = arith.constant 0.797884583 : f32
// CHECK-NEXT:      %7 = arith.mulf %5, %6 : f32
// CHECK-NEXT:      %8 = math.tanh %7 : f32
// CHECK-NEXT:      %9 = arith.constant 5.000000e-01 : f32
// CHECK-NEXT:      %10 = arith.mulf %0, %9 : f32
// CHECK-NEXT:      %11 = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:      %12 = arith.addf %8, %11 : f32
// CHECK-NEXT:      %13 = arith.mulf %10, %12 : f32
// CHECK-NEXT:      fused.yield %13 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %13 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %13 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @gelu_tanh(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.gelu %0 {approximation = #graph<gelu_approximation tanh>} : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.gelu %1 {approximation = #graph<gelu_approximation tanh>} : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.gelu %2 {approximation = #graph<gelu_approximation tanh>} : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @silu(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:      %2 = arith.negf %0 : f32
// CHECK-NEXT:      %3 = math.exp %2 : f32
// CHECK-NEXT:      %4 = arith.addf %1, %3 : f32
// CHECK-NEXT:      %5 = arith.divf %0, %4 : f32
// CHECK-NEXT:      fused.yield %5 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %5 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %5 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @silu(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.silu %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.silu %1 : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.silu %2 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @sigmoid(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:      %2 = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:      %3 = arith.negf %0 : f32
// CHECK-NEXT:      %4 = math.exp %3 : f32
// CHECK-NEXT:      %5 = arith.addf %2, %4 : f32
// CHECK-NEXT:      %6 = arith.divf %1, %5 : f32
// CHECK-NEXT:      fused.yield %6 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %6 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %6 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @sigmoid(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.sigmoid %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.sigmoid %1 : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.sigmoid %2 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @tanh(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = math.tanh %0 : f32
// CHECK-NEXT:      fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @tanh(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.tanh %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.tanh %1 : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.tanh %2 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @hard_swish(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 0.166666672 : f32
// CHECK-NEXT:      %2 = arith.mulf %0, %1 : f32
// CHECK-NEXT:      %3 = arith.constant 5.000000e-01 : f32
// CHECK-NEXT:      %4 = arith.addf %2, %3 : f32
// CHECK-NEXT:      %5 = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:      %6 = arith.minimumf %4, %5 : f32
// CHECK-NEXT:      %7 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %8 = arith.maximumf %6, %7 : f32
// CHECK-NEXT:      %9 = arith.mulf %0, %8 : f32
// CHECK-NEXT:      fused.yield %9 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %9 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %9 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @hard_swish(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.hard_swish %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.hard_swish %1 : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.hard_swish %2 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @hard_sigmoid(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 2.000000e-01 : f32
// CHECK-NEXT:      %2 = arith.mulf %0, %1 : f32
// CHECK-NEXT:      %3 = arith.constant 5.000000e-01 : f32
// CHECK-NEXT:      %4 = arith.addf %2, %3 : f32
// CHECK-NEXT:      %5 = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:      %6 = arith.minimumf %4, %5 : f32
// CHECK-NEXT:      %7 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %8 = arith.maximumf %6, %7 : f32
// CHECK-NEXT:      fused.yield %8 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %8 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %8 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @hard_sigmoid(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.hard_sigmoid %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.hard_sigmoid %1 : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.hard_sigmoid %2 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @softplus(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = math.absf %0 : f32
// CHECK-NEXT:      %2 = arith.negf %1 : f32
// CHECK-NEXT:      %3 = math.exp %2 : f32
// CHECK-NEXT:      %4 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %5 = arith.maximumf %0, %4 : f32
// CHECK-NEXT:      %6 = math.log1p %3 : f32
// CHECK-NEXT:      %7 = arith.addf %5, %6 : f32
// CHECK-NEXT:      fused.yield %7 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %7 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %7 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @softplus(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.softplus %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.softplus %1 : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.softplus %2 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @elu(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:      %2 = math.expm1 %0 : f32
// CHECK-NEXT:      %3 = arith.mulf %1, %2 : f32
// CHECK-NEXT:      %4 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %5 = arith.cmpf oge, %0, %4 : f32
// CHECK-NEXT:      %6 = arith.select %5, %0, %3 : f32
// CHECK-NEXT:      fused.yield %6 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %6 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %6 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @elu(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.elu %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.elu %1 : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.elu %2 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @mish(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = math.absf %0 : f32
// CHECK-NEXT:      %2 = arith.negf %1 : f32
// CHECK-NEXT:      %3 = math.exp %2 : f32
// CHECK-NEXT:      %4 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:      %5 = arith.maximumf %0, %4 : f32
// CHECK-NEXT:      %6 = math.log1p %3 : f32
// CHECK-NEXT:      %7 = arith.addf %5, %6 : f32
// CHECK-NEXT:      %8 = math.tanh %7 : f32
// CHECK-NEXT:      %9 = arith.mulf %0, %8 : f32
// CHECK-NEXT:      fused.yield %9 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %9 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %9 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @mish(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.mish %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.mish %1 : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.mish %2 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @exp(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = math.exp %0 : f32
// CHECK-NEXT:      fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @exp(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.exp %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.exp %1 : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.exp %2 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// CHECK-LABEL: @sqrt(
// CHECK-NEXT:    %gemm = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = math.sqrt %0 : f32
// CHECK-NEXT:      fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %batched = fused.gemm(%q, %k : {{.*}}) {{.*}} -> tensor<2x8x8xf16> {
// CHECK:           fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %conv2d = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16> {
// CHECK:           fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>

func.func @sqrt(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %q: tensor<2x8x16xf16>, %k: tensor<2x16x8xf16>, %x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>) {
  %0 = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %1 = graph.batch_matmul %q, %k : (tensor<2x8x16xf16>, tensor<2x16x8xf16>) -> tensor<2x8x8xf16>
  %2 = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %gemm = graph.sqrt %0 : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %batched = graph.sqrt %1 : (tensor<2x8x8xf16>) -> tensor<2x8x8xf16>
  %conv2d = graph.sqrt %2 : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %gemm, %batched, %conv2d : tensor<8x8xf16>, tensor<2x8x8xf16>, tensor<1x4x4x8xf16>
}
