// RUN: bolt-opt %s -p 'pad-alignment{target=sm_90a}' --remarks=- 2>&1 | filecheck %s
// RUN: bolt-opt %s -p 'pad-alignment{target=sm_80}' --remarks=- 2>&1 | filecheck %s --check-prefix SM80

// Only longer rows can be read by TMA. That is worth a kernel that pads the input, and even more where none is needed. Rows of
// 384 elements are whole lines of 128 bytes, those of 336 begin within them.

func.func @padded(%x: tensor<4096x333xf16>) -> tensor<4096x768xf16> {
  %w = graph.weight @w : tensor<333x768xf16>
  %y = graph.gemm %x, %w : (tensor<4096x333xf16>, tensor<333x768xf16>) -> tensor<4096x768xf16>
  func.return %y : tensor<4096x768xf16>
}
// CHECK-LABEL: @padded
// CHECK:         graph.gemm {{.*}} : (tensor<4096x384xf16>, tensor<384x768xf16>)

func.func @padded_weight(%x: tensor<77x1000xf16>) -> tensor<77x333xf16> {
  %w = graph.weight @w : tensor<1000x333xf16>
  %y = graph.gemm %x, %w : (tensor<77x1000xf16>, tensor<1000x333xf16>) -> tensor<77x333xf16>
  func.return %y : tensor<77x333xf16>
}
// CHECK-LABEL: @padded_weight
// CHECK:         graph.gemm {{.*}} : (tensor<77x1000xf16>, tensor<1000x336xf16>)

// Where kernels without TMA serve, reading two at a time costs less than a kernel that pads.

func.func @narrow_accesses(%x: tensor<4096x46xf16>) -> tensor<4096x1024xf16> {
  %w = graph.weight @w : tensor<46x1024xf16>
  %y = graph.gemm %x, %w : (tensor<4096x46xf16>, tensor<46x1024xf16>) -> tensor<4096x1024xf16>
  func.return %y : tensor<4096x1024xf16>
}
// CHECK-LABEL: @narrow_accesses
// CHECK:         graph.gemm {{.*}} : (tensor<4096x64xf16>, tensor<64x1024xf16>)
// SM80-LABEL:  @narrow_accesses
// SM80-NOT:      graph.pad
// SM80-LABEL:  @stored_columns

// Columns of a result that are stored one by one in any case.

func.func @stored_columns(%x: tensor<4096x768xf16>) -> tensor<4096x333xf16> {
  %w = graph.weight @w : tensor<333x768xf16>
  %y = graph.gemm %x, %w {transpose_b = true} : (tensor<4096x768xf16>, tensor<333x768xf16>) -> tensor<4096x333xf16>
  func.return %y : tensor<4096x333xf16>
}
// CHECK-LABEL: @stored_columns
// CHECK-NOT:     graph.pad

// Too few rows for tensor cores, and a type without any.

func.func @few_rows(%x: tensor<1x333xf16>) -> tensor<1x64xf16> {
  %w = graph.weight @w : tensor<333x64xf16>
  %y = graph.gemm %x, %w : (tensor<1x333xf16>, tensor<333x64xf16>) -> tensor<1x64xf16>
  func.return %y : tensor<1x64xf16>
}

func.func @integers(%x: tensor<4096x333xi8>) -> tensor<4096x64xi8> {
  %w = graph.weight @w : tensor<333x64xi8>
  %y = graph.gemm %x, %w : (tensor<4096x333xi8>, tensor<333x64xi8>) -> tensor<4096x64xi8>
  func.return %y : tensor<4096x64xi8>
}
// CHECK-LABEL: @few_rows
// CHECK-NOT:     graph.pad

// CHECK:      passed: [pad-alignment] graph.gemm: rows of 333 padded to 384: about {{[0-9.]+}} us with 1 more kernel instead of about {{[0-9.]+}} us
// CHECK-NEXT: passed: [pad-alignment] graph.gemm: rows of 333 padded to 336: about {{[0-9.]+}} us instead of about {{[0-9.]+}} us
// CHECK-NEXT: passed: [pad-alignment] graph.gemm: rows of 46 padded to 64: about {{[0-9.]+}} us with 1 more kernel instead of about {{[0-9.]+}} us
// CHECK-NEXT: missed: [pad-alignment] graph.gemm: rows of 333 not padded to 336: about {{[0-9.]+}} us, padded about {{[0-9.]+}} us
// CHECK-NEXT: missed: [pad-alignment] graph.gemm: rows of 333 not padded to 336: tensor cores take none of the products that read or compute them
// CHECK-NEXT: missed: [pad-alignment] graph.gemm: rows of 333 not padded to 336: tensor cores take none of the products that read or compute them
// SM80: missed: [pad-alignment] graph.gemm: rows of 46 not padded to 48: about {{[0-9.]+}} us, padded about {{[0-9.]+}} us with 1 more kernel
