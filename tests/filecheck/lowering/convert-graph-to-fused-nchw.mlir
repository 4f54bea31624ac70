// RUN: not bolt-opt %s -p convert-graph-to-fused 2>&1 | filecheck %s

// CHECK: error: stem/conv: graph.conv2d is in nchw layout, kernels take nhwc (run assign-layout before convert-graph-to-fused)

func.func @main(%x: tensor<1x4x8x8xf16>, %w: tensor<16x4x3x3xf16>) -> tensor<1x16x6x6xf16> {
  %0 = graph.conv2d %x, %w : (tensor<1x4x8x8xf16>, tensor<16x4x3x3xf16>) -> tensor<1x16x6x6xf16> loc("stem/conv")
  func.return %0 : tensor<1x16x6x6xf16>
}
