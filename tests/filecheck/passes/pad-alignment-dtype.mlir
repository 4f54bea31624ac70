// RUN: bolt-opt %s -p 'pad-alignment{dtype=f16 force=true}' | filecheck %s --check-prefix HALF
// RUN: bolt-opt %s -p 'pad-alignment{dtype=bf16 force=true}' | filecheck %s --check-prefix HALF
// RUN: bolt-opt %s -p 'pad-alignment{dtype=f32 force=true}' | filecheck %s --check-prefix SINGLE
// RUN: not bolt-opt %s -p 'pad-alignment{dtype=f17}' 2>&1 | filecheck %s --check-prefix ERROR

// 16 bytes hold 8 numbers of f16 and bf16, 4 of f32 and 16 of i8. `dtype` is what floats will be stored in.

// HALF-LABEL:   @floats
// HALF:         graph.gemm {{.*}} : (tensor<64x48xf32>, tensor<48x64xf32>)
// SINGLE-LABEL: @floats
// SINGLE:       graph.gemm {{.*}} : (tensor<64x44xf32>, tensor<44x64xf32>)
func.func @floats(%x: tensor<64x41xf32>) -> tensor<64x64xf32> {
  %w = graph.weight @w : tensor<41x64xf32>
  %y = graph.gemm %x, %w : (tensor<64x41xf32>, tensor<41x64xf32>) -> tensor<64x64xf32>
  func.return %y : tensor<64x64xf32>
}

// HALF-LABEL:   @integers
// HALF:         graph.gemm {{.*}} : (tensor<64x48xi8>, tensor<48x64xi8>)
// SINGLE-LABEL: @integers
// SINGLE:       graph.gemm {{.*}} : (tensor<64x48xi8>, tensor<48x64xi8>)
func.func @integers(%x: tensor<64x40xi8>) -> tensor<64x64xi8> {
  %w = graph.weight @w : tensor<40x64xi8>
  %y = graph.gemm %x, %w : (tensor<64x40xi8>, tensor<40x64xi8>) -> tensor<64x64xi8>
  func.return %y : tensor<64x64xi8>
}

// Pixels of one to three channels may also be padded to the four that kernels of few channels read.

// HALF-LABEL:   @picture
// HALF:         graph.conv2d {{.*}} : (tensor<1x32x32x{{[48]}}xf32>
// SINGLE-LABEL: @picture
// SINGLE:       graph.conv2d {{.*}} : (tensor<1x32x32x4xf32>
func.func @picture(%x: tensor<1x32x32x3xf32>) -> tensor<1x32x32x16xf32> {
  %w = graph.weight @w : tensor<16x3x3x3xf32>
  %y = graph.conv2d %x, %w {padding = array<i64: 1, 1, 1, 1>, layout = #graph<layout nhwc>} : (tensor<1x32x32x3xf32>, tensor<16x3x3x3xf32>) -> tensor<1x32x32x16xf32>
  func.return %y : tensor<1x32x32x16xf32>
}

// ERROR: error: unknown dtype 'f17'
