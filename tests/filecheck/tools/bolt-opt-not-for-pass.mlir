// A pass that is not for the module at hand says what it needs.

// RUN: not bolt-opt %s -p 'convert-graph-to-fused,convert-fused-to-cutlass,convert-fused-to-cutlass' 2>&1 | filecheck %s --check-prefix TWICE
// TWICE: error: pass 'convert-fused-to-cutlass': expected a tensor, got memref<4x8xf16> (it needs tensors of fixed shapes

// RUN: not bolt-opt %s -p 'convert-graph-to-fused,convert-fused-to-cutlass,assign-layout' 2>&1 | filecheck %s --check-prefix LAYOUT
// LAYOUT: error: pass 'assign-layout': expected a tensor, got memref<4x8xf16>

// RUN: not bolt-opt %s -p 'convert-graph-to-fused,convert-fused-to-cutlass,pad-alignment' 2>&1 | filecheck %s --check-prefix PADDING
// PADDING: error: pass 'pad-alignment': expected a tensor, got memref<4x8xf16>

func.func @main(%x: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %0 = "graph.relu"(%x) : (tensor<4x8xf16>) -> tensor<4x8xf16>
  func.return %0 : tensor<4x8xf16>
}
