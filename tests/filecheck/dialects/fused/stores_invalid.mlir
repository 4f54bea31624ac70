// RUN: bolt-opt --verify-diagnostics --split-input-file %s | filecheck %s

// CHECK: 'fused.gemm': columns 8 to 32 exceed the 24 of the result
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x24xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x24xf16>) {stores = [#fused.columns<8, 24>]} -> tensor<8x24xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': output type is tensor<8x16xf16>, the kernel stores columns<8, 8>, which has shape [8, 8]
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x24xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x24xf16>) {stores = [#fused.columns<8, 8>]} -> tensor<8x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': 1 outputs need as many stores, got 2
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x24xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x24xf16>) {stores = [#fused.elements, #fused.elements]} -> tensor<8x24xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': [8, 4, 5] is no view of a result of shape [8, 24]
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x24xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x24xf16>) {stores = [#fused.permuted<[8, 4, 5], [1, 0, 2]>]} -> tensor<4x8x5xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// Half of a row and half of the next would be one extent.
// CHECK: 'fused.gemm': the last extents of view [4, 3, 16] do not make up rows of 24 columns
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x24xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x24xf16>) {stores = [#fused.permuted<[4, 3, 16], [1, 0, 2]>]} -> tensor<3x4x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.gemm': the 24 columns of the result do not fit into 16
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x24xf16>) {
  %0 = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x24xf16>) {stores = [#fused.padded<16>]} -> tensor<8x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.dual_gemm': 24 columns do not alternate between two matrices in groups of 8
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x24xf16>) {
  %0 = fused.dual_gemm(%x, %w : tensor<8x16xf16>, tensor<16x24xf16>) -> tensor<8x12xf16> {
  ^bb0(%a: f32, %b: f32):
    fused.yield %a : f32
  }
  func.return
}

// -----

// CHECK: 'fused.dual_gemm': the epilogue takes (f32), this kernel gives (f32, f32)
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x32xf16>) {
  %0 = fused.dual_gemm(%x, %w : tensor<8x16xf16>, tensor<16x32xf16>) -> tensor<8x16xf16> {
  ^bb0(%a: f32):
    fused.yield %a : f32
  }
  func.return
}

// -----

// CHECK: 'fused.concat': input 0 cannot be written in place: no matrix product or convolution computes it
func.func @main(%x: tensor<8x16xf16>) {
  %0 = fused.concat(%x, %x : tensor<8x16xf16>, tensor<8x16xf16>) {axis = 1 : i64, in_place = [true, true]} -> tensor<8x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.concat': 2 inputs need as many flags in in_place, got 1
func.func @main(%x: tensor<8x16xf16>) {
  %0 = fused.concat(%x, %x : tensor<8x16xf16>, tensor<8x16xf16>) {axis = 1 : i64, in_place = [true]} -> tensor<8x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.concat': nothing can be written in place: along axis 1 of [2, 16, 16] an input lies in several pieces of several rows
func.func @main(%x: tensor<2x8x16xf16>) {
  %0 = fused.concat(%x, %x : tensor<2x8x16xf16>, tensor<2x8x16xf16>) {axis = 1 : i64, in_place = [true, false]} -> tensor<2x16x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return
}

// -----

// CHECK: 'fused.concat': input 0 cannot be written in place: something else uses it
func.func @main(%x: tensor<8x16xf16>, %w: tensor<16x16xf16>) -> tensor<8x16xf16> {
  %y = fused.gemm(%x, %w : tensor<8x16xf16>, tensor<16x16xf16>) -> tensor<8x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %0 = fused.concat(%y, %x : tensor<8x16xf16>, tensor<8x16xf16>) {axis = 1 : i64, in_place = [true, false]} -> tensor<8x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<8x16xf16>
}

// -----

// CHECK: columns begin at 0 or later and are at least one, got columns<-8, 8>
func.func @main() attributes {store = #fused.columns<-8, 8>} {
  func.return
}

// -----

// CHECK: a group holds at least one element, got reduced<sum, rows, 0>
func.func @main() attributes {store = #fused.reduced<sum, rows, 0>} {
  func.return
}

// -----

// CHECK: the view of a result has positive extents, got permuted<[0, 4], [1, 0]>
func.func @main() attributes {store = #fused.permuted<[0, 4], [1, 0]>} {
  func.return
}
