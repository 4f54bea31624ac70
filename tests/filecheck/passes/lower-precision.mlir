// RUN: bolt-opt %s --split-input-file -p lower-precision --remarks=- 2>&1 | filecheck %s
// RUN: bolt-opt %s --split-input-file -p lower-precision{dtype=bf16} | filecheck %s --check-prefix=BF16
// RUN: bolt-opt %s --split-input-file -p lower-precision{dtype=float32} | filecheck %s --check-prefix=F32

// The signature stays; arguments and weights are cast once, results are cast back.

func.func @edges(%x: tensor<2x4xf32>) -> tensor<2x3xf32> {
  %w = graph.weight @w : tensor<4x3xf32>
  %y = graph.gemm %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %z = graph.gemm %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %s = graph.add %y, %z : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  func.return %s : tensor<2x3xf32>
}
// CHECK-LABEL: @edges(%x: tensor<2x4xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:    [[X:%.*]] = graph.cast %x : (tensor<2x4xf32>) -> tensor<2x4xf16>
// CHECK-NEXT:    %w = graph.weight @w : tensor<4x3xf32>
// CHECK-NEXT:    [[W:%.*]] = graph.cast %w : (tensor<4x3xf32>) -> tensor<4x3xf16>
// CHECK-NEXT:    %y = graph.gemm [[X]], [[W]] : (tensor<2x4xf16>, tensor<4x3xf16>) -> tensor<2x3xf16>
// CHECK-NEXT:    %z = graph.gemm [[X]], [[W]]
// CHECK-NEXT:    %s = graph.add %y, %z
// CHECK-NEXT:    [[R:%.*]] = graph.cast %s : (tensor<2x3xf16>) -> tensor<2x3xf32>
// CHECK-NEXT:    func.return [[R]]
// BF16-LABEL: @edges
// BF16:         graph.gemm {{.*}} -> tensor<2x3xbf16>
// F32-LABEL:  @edges
// F32-NEXT:     %w = graph.weight @w : tensor<4x3xf32>
// F32-NEXT:     %y = graph.gemm %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>

// -----

// What is computed from weights alone stays exact until it is folded.

func.func @weights_alone(%x: tensor<2xf32>) -> tensor<2xf32> {
  %w = graph.weight @w : tensor<2xf32>
  %e = graph.constant dense<1.0e-5> : tensor<f32>
  %s = graph.add %w, %e : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %y = graph.mul %x, %s : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: @weights_alone
// CHECK:         %s = graph.add %w, %e : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
// CHECK-NEXT:    [[S:%.*]] = graph.cast %s : (tensor<2xf32>) -> tensor<2xf16>
// CHECK-NEXT:    graph.mul {{.*}}, [[S]]

// -----

// Integers stay; floats made of them are low.

func.func @integers(%x: tensor<2xi64>) -> (tensor<2xi64>, tensor<2xf32>) {
  %f = graph.cast %x : (tensor<2xi64>) -> tensor<2xf32>
  %y = graph.relu %f : (tensor<2xf32>) -> tensor<2xf32>
  %i = graph.cast %y : (tensor<2xf32>) -> tensor<2xi64>
  func.return %i, %y : tensor<2xi64>, tensor<2xf32>
}
// CHECK-LABEL: @integers
// CHECK-NEXT:    %f = graph.cast %x : (tensor<2xi64>) -> tensor<2xf16>
// CHECK-NEXT:    %y = graph.relu %f
// CHECK-NEXT:    %i = graph.cast %y : (tensor<2xf16>) -> tensor<2xi64>
// CHECK-NEXT:    [[Y:%.*]] = graph.cast %y : (tensor<2xf16>) -> tensor<2xf32>
// CHECK-NEXT:    func.return %i, [[Y]]

// -----

// Masks are as low as numbers go, not infinite: two of them add up to no NaN.

func.func @mask(%x: tensor<2xf32>) -> tensor<2xf32> {
  %m = graph.constant dense<[0.0, -3.40282347E+38]> : tensor<2xf32>
  %y = graph.add %x, %m : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: @mask
// CHECK:         graph.constant dense<[0.000000e+00, -6.550400e+04]> : tensor<2xf16>
// BF16-LABEL: @mask
// BF16:         graph.constant dense<[0.000000e+00, -3.38953{{.*}}e+38]> : tensor<2xbf16>

// -----

// An infinity stays one.

func.func @infinite(%x: tensor<2xf32>) -> tensor<2xf32> {
  %m = graph.constant dense<[0.0, 0xFF800000]> : tensor<2xf32>
  %y = graph.maximum %x, %m : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: @infinite
// CHECK:         graph.constant dense<[0.000000e+00, 0xfc00]> : tensor<2xf16>

// -----

func.func @tiny(%x: tensor<2xf32>) -> tensor<2xf32> {
  %e = graph.constant dense<1.0e-12> : tensor<f32>
  %y = graph.add %x, %e : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  func.return %y : tensor<2xf32>
}
// CHECK-LABEL: @tiny
// CHECK:         graph.constant dense<0.000000e+00> : tensor<f16>

// -----

// A network that is stored in 16 bits is computed in what was asked for, too.

func.func @stored_in_half(%x: tensor<2x4xf16>) -> tensor<2x3xf16> {
  %w = graph.weight @w : tensor<4x3xf16>
  %y = graph.gemm %x, %w : (tensor<2x4xf16>, tensor<4x3xf16>) -> tensor<2x3xf16>
  %wide = graph.cast %y : (tensor<2x3xf16>) -> tensor<2x3xf32>
  %z = graph.relu %wide : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %r = graph.cast %z : (tensor<2x3xf32>) -> tensor<2x3xf16>
  func.return %r : tensor<2x3xf16>
}
// CHECK-LABEL: @stored_in_half
// CHECK:         graph.relu {{.*}} -> tensor<2x3xf16>
// F32-LABEL:   @stored_in_half(%x: tensor<2x4xf16>) -> tensor<2x3xf16>
// F32-NEXT:      [[X:%.*]] = graph.cast %x : (tensor<2x4xf16>) -> tensor<2x4xf32>
// F32-NEXT:      %w = graph.weight @w : tensor<4x3xf16>
// F32-NEXT:      [[W:%.*]] = graph.cast %w : (tensor<4x3xf16>) -> tensor<4x3xf32>
// F32-NEXT:      %y = graph.gemm [[X]], [[W]] : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
// F32:           %z = graph.relu {{.*}} -> tensor<2x3xf32>
// F32-NEXT:      %r = graph.cast %z : (tensor<2x3xf32>) -> tensor<2x3xf16>
// BF16-LABEL:  @stored_in_half
// BF16:          %y = graph.gemm {{.*}} -> tensor<2x3xbf16>
// BF16:          graph.cast {{.*}} : (tensor<2x3xbf16>) -> tensor<2x3xf16>
// BF16-NEXT:     func.return

// -----

// A known scale stays as it is, and so does what it gives.

func.func @quantized(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %scale = graph.constant dense<1.0e-03> : tensor<f32>
  %zero = graph.constant dense<0> : tensor<i8>
  %a = graph.relu %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %q = graph.quantize %a, %scale, %zero : (tensor<2x4xf32>, tensor<f32>, tensor<i8>) -> tensor<2x4xi8>
  %y = graph.dequantize %q, %scale, %zero : (tensor<2x4xi8>, tensor<f32>, tensor<i8>) -> tensor<2x4xf32>
  %z = graph.relu %y : (tensor<2x4xf32>) -> tensor<2x4xf32>
  func.return %z : tensor<2x4xf32>
}
// CHECK-LABEL: @quantized
// CHECK:         %a = graph.relu {{.*}} -> tensor<2x4xf16>
// CHECK-NEXT:    %q = graph.quantize %a, %scale, %zero : (tensor<2x4xf16>, tensor<f32>, tensor<i8>) -> tensor<2x4xi8>
// CHECK-NEXT:    %y = graph.dequantize %q, %scale, %zero : (tensor<2x4xi8>, tensor<f32>, tensor<i8>) -> tensor<2x4xf32>
// CHECK-NEXT:    [[Y:%.*]] = graph.cast %y : (tensor<2x4xf32>) -> tensor<2x4xf16>
// CHECK-NEXT:    %z = graph.relu [[Y]]

// CHECK: note: [lower-precision] graph.constant: constant has values beyond f16: they become +-65504
// CHECK: note: [lower-precision] graph.constant: constant is too small for f16: it becomes 0
