// RUN: bolt-opt %s --split-input-file -p convert-graph-to-fused,fuse-epilogue | filecheck %s

// An 8-bit result is made in the epilogue of what computes it. A zero point of 0 costs nothing.

func.func @quantized_product(%x: tensor<4x8xf16>, %w: tensor<8x16xf16>) -> tensor<4x16xi8> {
  %scale = graph.constant dense<2.000000e-02> : tensor<f32>
  %zero = graph.constant dense<0> : tensor<i8>
  %p = graph.gemm %x, %w : (tensor<4x8xf16>, tensor<8x16xf16>) -> tensor<4x16xf16>
  %q = graph.quantize %p, %scale, %zero : (tensor<4x16xf16>, tensor<f32>, tensor<i8>) -> tensor<4x16xi8>
  func.return %q : tensor<4x16xi8>
}
// CHECK-LABEL: @quantized_product
// CHECK-NEXT:    fused.gemm(%x, %w : {{.*}}) {fused.origin = ["graph.gemm", "graph.quantize"]} -> tensor<4x16xi8> {
// CHECK-NEXT:    ^bb0([[ACC:%.*]]: f32):
// CHECK-NEXT:      [[S:%.*]] = arith.constant 2.000000e-02 : f32
// CHECK-NEXT:      [[Z:%.*]] = arith.constant 0 : i8
// CHECK-NEXT:      [[D:%.*]] = arith.divf [[ACC]], [[S]] : f32
// CHECK-NEXT:      [[R:%.*]] = math.roundeven [[D]] : f32
// CHECK-NEXT:      [[LOW:%.*]] = arith.constant -1.280000e+02 : f32
// CHECK-NEXT:      [[A:%.*]] = arith.maxnumf [[R]], [[LOW]] : f32
// CHECK-NEXT:      [[HIGH:%.*]] = arith.constant 1.270000e+02 : f32
// CHECK-NEXT:      [[B:%.*]] = arith.minnumf [[A]], [[HIGH]] : f32
// CHECK-NEXT:      [[Q:%.*]] = arith.fptosi [[B]] : f32 to i8
// CHECK-NEXT:      fused.yield [[Q]] : i8

// -----

// A scale per column is a row operand.

func.func @by_column(%x: tensor<4x8xf16>, %w: tensor<8x16xf16>, %scale: tensor<16xf32>, %zero: tensor<16xi8>) -> tensor<4x16xi8> {
  %p = graph.gemm %x, %w : (tensor<4x8xf16>, tensor<8x16xf16>) -> tensor<4x16xf16>
  %q = graph.quantize %p, %scale, %zero : (tensor<4x16xf16>, tensor<16xf32>, tensor<16xi8>) -> tensor<4x16xi8>
  func.return %q : tensor<4x16xi8>
}
// CHECK-LABEL: @by_column
// CHECK-NEXT:    fused.gemm({{.*}}) epilogue(%scale, %zero : tensor<16xf32>, tensor<16xi8>) [row, row]
// CHECK-NEXT:    ^bb0([[ACC:%.*]]: f32, [[S:%.*]]: f32, [[Z:%.*]]: i8):
// CHECK-NEXT:      [[D:%.*]] = arith.divf [[ACC]], [[S]] : f32
// CHECK-NEXT:      [[R:%.*]] = math.roundeven [[D]] : f32
// CHECK-NEXT:      [[ZERO:%.*]] = arith.sitofp [[Z]] : i8 to f32
// CHECK-NEXT:      arith.addf [[R]], [[ZERO]] : f32

// -----

func.func @dequantized(%x: tensor<4xi8>) -> tensor<4xf32> {
  %scale = graph.constant dense<2.000000e-02> : tensor<f32>
  %zero = graph.constant dense<-3> : tensor<i8>
  %y = graph.dequantize %x, %scale, %zero : (tensor<4xi8>, tensor<f32>, tensor<i8>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}
// CHECK-LABEL: @dequantized
// CHECK:         ^bb0([[X:%.*]]: i8):
// CHECK:           [[F:%.*]] = arith.sitofp [[X]] : i8 to f32
// CHECK-NEXT:      [[Z:%.*]] = arith.constant -3.000000e+00 : f32
// CHECK-NEXT:      [[D:%.*]] = arith.subf [[F]], [[Z]] : f32
// CHECK-NEXT:      arith.mulf [[D]],
