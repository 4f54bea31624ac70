// RUN: bolt-opt %s --split-input-file -p 'transpose-weights{target=sm_90a}' --remarks=- 2>&1 | filecheck %s
// RUN: bolt-opt %s --split-input-file -p 'transpose-weights{target=sm_80}' | filecheck %s --check-prefix SM80

// TMA reads lines of 128 bytes: rows of 1000 elements of f16 begin within lines, those of 768 and of 1024 do not.

func.func @lines(%x: tensor<4096x1000xf16>, %y: tensor<4096x1024xf16>) -> (tensor<4096x768xf16>, tensor<4096x768xf16>) {
  %w = graph.weight @w : tensor<768x1000xf16>
  %v = graph.weight @v : tensor<768x1024xf16>
  %0 = graph.gemm %x, %w {transpose_b = true} : (tensor<4096x1000xf16>, tensor<768x1000xf16>) -> tensor<4096x768xf16>
  %1 = graph.gemm %y, %v {transpose_b = true} : (tensor<4096x1024xf16>, tensor<768x1024xf16>) -> tensor<4096x768xf16>
  func.return %0, %1 : tensor<4096x768xf16>, tensor<4096x768xf16>
}
// CHECK-LABEL: @lines
// CHECK:         [[W:%.*]] = graph.transpose %w {permutation = array<i64: 1, 0>} : (tensor<768x1000xf16>) -> tensor<1000x768xf16>
// CHECK-NEXT:    graph.gemm %x, [[W]] : (tensor<4096x1000xf16>, tensor<1000x768xf16>)
// CHECK-NEXT:    graph.gemm %y, %v {transpose_b = true}

// -----

// Columns that are no whole lines either, and rows that TMA cannot read.

func.func @others(%x: tensor<4096x1000xf16>, %y: tensor<4096x333xf16>) -> (tensor<4096x1000xf16>, tensor<4096x768xf16>) {
  %w = graph.weight @w : tensor<1000x1000xf16>
  %v = graph.weight @v : tensor<768x333xf16>
  %0 = graph.gemm %x, %w {transpose_b = true} : (tensor<4096x1000xf16>, tensor<1000x1000xf16>) -> tensor<4096x1000xf16>
  %1 = graph.gemm %y, %v {transpose_b = true} : (tensor<4096x333xf16>, tensor<768x333xf16>) -> tensor<4096x768xf16>
  func.return %0, %1 : tensor<4096x1000xf16>, tensor<4096x768xf16>
}
// CHECK-LABEL: @others
// CHECK-NOT:     graph.transpose

// CHECK:      passed: [transpose-weights] graph.gemm: the weight is stored along N: about {{[0-9.]+}} us instead of about {{[0-9.]+}} us
// CHECK-NOT:  passed

// SM80-NOT: graph.transpose
