// RUN: rm -rf %t && bolt-compile %s -o %t --emit graph && filecheck %s --check-prefix GRAPH < %t/model.mlir
// RUN: bolt-compile %s -o %t --emit fused && filecheck %s --check-prefix FUSED < %t/model.mlir
// RUN: bolt-compile %s -o %t.fused --emit fused && bolt-compile %t.fused/model.mlir -o %t --emit cutlass && filecheck %s --check-prefix CUTLASS < %t/model.mlir
// RUN: bolt-compile %t/model.mlir -o %t.cuda --emit cuda | filecheck %s --check-prefix SUMMARY

func.func @main(%x: tensor<1x8x8x8xf32>, %w: tensor<16x8x3x3xf32>) -> tensor<1x16x8x8xf32> {
  %y = graph.conv2d %x, %w {padding = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x8xf32>, tensor<16x8x3x3xf32>) -> tensor<1x16x8x8xf32>
  %z = graph.relu %y : (tensor<1x16x8x8xf32>) -> tensor<1x16x8x8xf32>
  func.return %z : tensor<1x16x8x8xf32>
}

// GRAPH:      graph.transpose
// GRAPH:      graph.conv2d {{.*}}layout = #graph<layout nhwc>
// GRAPH:      graph.relu {{.*}} : (tensor<1x8x8x16xf16>) -> tensor<1x8x8x16xf16>

// FUSED:      fused.conv2d(%{{[0-9]+}}, %{{[0-9]+}} : tensor<1x8x8x8xf16>, tensor<16x3x3x8xf16>)
// FUSED-NOT:  fused.pointwise{{.*}}16xf16
// FUSED:      arith.maximumf

// CUTLASS:      cutlass.target = "sm_80"
// CUTLASS:      cutlass.kernel @conv2d_{{[0-9]+}}
// CUTLASS:      cutlass.arena
// CUTLASS:      cutlass.launch @conv2d_{{[0-9]+}}

// SUMMARY:      template
// SUMMARY:      conv2d
// SUMMARY:      all
// SUMMARY-NEXT: └
// SUMMARY-NEXT: arena {{.*}} MiB, weights 0.00 MiB, target sm_80
// SUMMARY-NEXT: artifact: {{.*}}bolt-compile.mlir.tmp.cuda
