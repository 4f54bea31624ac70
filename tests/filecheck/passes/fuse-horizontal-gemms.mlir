// RUN: bolt-opt %s --split-input-file -p fuse-horizontal-gemms{target=sm_90a} --remarks=- 2>&1 | filecheck %s

// Attention can read columns of longer rows, so query, key and value are one product. A missing bias is zero.

func.func @query_key_value(%x: tensor<2x5x4xf32>) -> tensor<2x5x8xf32> {
  %wq = graph.weight @wq : tensor<4x8xf32>
  %q = graph.batch_matmul %x, %wq : (tensor<2x5x4xf32>, tensor<4x8xf32>) -> tensor<2x5x8xf32>
  %bq = graph.weight @bq : tensor<8xf32>
  %qb = graph.bias_add %q, %bq {axis = 2} : (tensor<2x5x8xf32>, tensor<8xf32>) -> tensor<2x5x8xf32>
  %wk = graph.weight @wk : tensor<4x8xf32>
  %k = graph.batch_matmul %x, %wk : (tensor<2x5x4xf32>, tensor<4x8xf32>) -> tensor<2x5x8xf32>
  %wv = graph.weight @wv : tensor<4x8xf32>
  %v = graph.batch_matmul %x, %wv : (tensor<2x5x4xf32>, tensor<4x8xf32>) -> tensor<2x5x8xf32>
  %bv = graph.weight @bv : tensor<8xf32>
  %vb = graph.bias_add %v, %bv {axis = 2} : (tensor<2x5x8xf32>, tensor<8xf32>) -> tensor<2x5x8xf32>
  %a = graph.attention %qb, %k, %vb {heads = 2, head_dim = 4, scale = 0.5 : f32} : (tensor<2x5x8xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  func.return %a : tensor<2x5x8xf32>
}
// CHECK-LABEL: @query_key_value
// CHECK-NEXT:    [[WQ:%.*]] = graph.weight @wq
// CHECK-NEXT:    [[WK:%.*]] = graph.weight @wk
// CHECK-NEXT:    [[WV:%.*]] = graph.weight @wv
// CHECK-NEXT:    [[W:%.*]] = graph.concat [[WQ]], [[WK]], [[WV]] {axis = 1 : i64} : {{.*}} -> tensor<4x24xf32>
// CHECK-NEXT:    [[P:%.*]] = graph.batch_matmul %x, [[W]] : (tensor<2x5x4xf32>, tensor<4x24xf32>) -> tensor<2x5x24xf32>
// CHECK-NEXT:    [[BQ:%.*]] = graph.weight @bq
// CHECK-NEXT:    [[BK:%.*]] = graph.constant dense<0.000000e+00> : tensor<8xf32>
// CHECK-NEXT:    [[BV:%.*]] = graph.weight @bv
// CHECK-NEXT:    [[B:%.*]] = graph.concat [[BQ]], [[BK]], [[BV]] {axis = 0 : i64} : {{.*}} -> tensor<24xf32>
// CHECK-NEXT:    [[QKV:%.*]] = graph.bias_add [[P]], [[B]] {axis = 2 : i64}
// CHECK-NEXT:    [[Q:%.*]] = graph.slice [[QKV]] {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 2, 5, 8>
// CHECK-NEXT:    [[K:%.*]] = graph.slice [[QKV]] {offsets = array<i64: 0, 0, 8>, sizes = array<i64: 2, 5, 8>
// CHECK-NEXT:    [[V:%.*]] = graph.slice [[QKV]] {offsets = array<i64: 0, 0, 16>, sizes = array<i64: 2, 5, 8>
// CHECK-NEXT:    graph.attention [[Q]], [[K]], [[V]]

// -----

// 1x1 convolutions as projections.

func.func @convolutions(%x: tensor<1x2x2x4xf32>, %q: tensor<1x4x8xf32>) -> tensor<1x4x8xf32> {
  %wk = graph.weight @wk : tensor<8x1x1x4xf32>
  %k = graph.conv2d %x, %wk {layout = #graph<layout nhwc>} : (tensor<1x2x2x4xf32>, tensor<8x1x1x4xf32>) -> tensor<1x2x2x8xf32>
  %kr = graph.reshape %k {shape_to = array<i64: 1, 4, 8>} : (tensor<1x2x2x8xf32>) -> tensor<1x4x8xf32>
  %wv = graph.weight @wv : tensor<8x1x1x4xf32>
  %v = graph.conv2d %x, %wv {layout = #graph<layout nhwc>} : (tensor<1x2x2x4xf32>, tensor<8x1x1x4xf32>) -> tensor<1x2x2x8xf32>
  %vr = graph.reshape %v {shape_to = array<i64: 1, 4, 8>} : (tensor<1x2x2x8xf32>) -> tensor<1x4x8xf32>
  %a = graph.attention %q, %kr, %vr {heads = 2, head_dim = 4, scale = 0.5 : f32} : (tensor<1x4x8xf32>, tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  func.return %a : tensor<1x4x8xf32>
}
// CHECK-LABEL: @convolutions
// CHECK:         [[W:%.*]] = graph.concat {{.*}} {axis = 0 : i64} : {{.*}} -> tensor<16x1x1x4xf32>
// CHECK-NEXT:    [[P:%.*]] = graph.conv2d %x, [[W]]
// CHECK-NEXT:    graph.slice [[P]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 2, 2, 8>
// CHECK-NEXT:    graph.slice [[P]] {offsets = array<i64: 0, 0, 0, 8>, sizes = array<i64: 1, 2, 2, 8>

// -----

// Reading 16 bytes at once needs parts that begin at multiples of 8 columns.

func.func @narrow(%q: tensor<2x5x12xf32>, %x: tensor<2x5x4xf32>) -> tensor<2x5x12xf32> {
  %wk = graph.weight @wk : tensor<4x12xf32>
  %k = graph.batch_matmul %x, %wk : (tensor<2x5x4xf32>, tensor<4x12xf32>) -> tensor<2x5x12xf32>
  %wv = graph.weight @wv : tensor<4x12xf32>
  %v = graph.batch_matmul %x, %wv : (tensor<2x5x4xf32>, tensor<4x12xf32>) -> tensor<2x5x12xf32>
  %a = graph.attention %q, %k, %v {heads = 3, head_dim = 4, scale = 0.5 : f32} : (tensor<2x5x12xf32>, tensor<2x5x12xf32>, tensor<2x5x12xf32>) -> tensor<2x5x12xf32>
  func.return %a : tensor<2x5x12xf32>
}
// CHECK-LABEL: @narrow
// CHECK:         graph.batch_matmul %x
// CHECK:         graph.batch_matmul %x

// -----

// Whatever reads them: here other products, an activation, and the caller.

func.func @any_reader(%x: tensor<512x768xf16>) -> (tensor<512x8xf16>, tensor<512x768xf16>, tensor<512x256xf16>) {
  %wa = graph.weight @wa : tensor<768x768xf16>
  %a = graph.gemm %x, %wa : (tensor<512x768xf16>, tensor<768x768xf16>) -> tensor<512x768xf16>
  %wd = graph.weight @wd : tensor<768x8xf16>
  %d = graph.gemm %a, %wd : (tensor<512x768xf16>, tensor<768x8xf16>) -> tensor<512x8xf16>
  %wb = graph.weight @wb : tensor<768x768xf16>
  %b = graph.gemm %x, %wb : (tensor<512x768xf16>, tensor<768x768xf16>) -> tensor<512x768xf16>
  %r = graph.relu %b : (tensor<512x768xf16>) -> tensor<512x768xf16>
  %wc = graph.weight @wc : tensor<768x256xf16>
  %c = graph.gemm %x, %wc : (tensor<512x768xf16>, tensor<768x256xf16>) -> tensor<512x256xf16>
  func.return %d, %r, %c : tensor<512x8xf16>, tensor<512x768xf16>, tensor<512x256xf16>
}
// CHECK-LABEL: @any_reader
// CHECK:         [[P:%.*]] = graph.gemm %x, {{.*}} -> tensor<512x1792xf16>
// CHECK-NEXT:    [[A:%.*]] = graph.slice [[P]] {offsets = array<i64: 0, 0>, sizes = array<i64: 512, 768>
// CHECK-NEXT:    [[B:%.*]] = graph.slice [[P]] {offsets = array<i64: 0, 768>, sizes = array<i64: 512, 768>
// CHECK-NEXT:    [[C:%.*]] = graph.slice [[P]] {offsets = array<i64: 0, 1536>, sizes = array<i64: 512, 256>
// CHECK:         graph.gemm [[A]]
// CHECK:         [[R:%.*]] = graph.relu [[B]]
// CHECK:         func.return {{.*}}, [[R]], [[C]]

// -----

// A large image is read once instead of twice, which is what its convolutions spend their time on.

func.func @branches(%x: tensor<32x28x28x512xf16>) -> (tensor<32x28x28x64xf16>, tensor<32x28x28x96xf16>) {
  %wa = graph.weight @wa : tensor<64x1x1x512xf16>
  %a = graph.conv2d %x, %wa {layout = #graph<layout nhwc>} : (tensor<32x28x28x512xf16>, tensor<64x1x1x512xf16>) -> tensor<32x28x28x64xf16>
  %wb = graph.weight @wb : tensor<96x1x1x512xf16>
  %b = graph.conv2d %x, %wb {layout = #graph<layout nhwc>} : (tensor<32x28x28x512xf16>, tensor<96x1x1x512xf16>) -> tensor<32x28x28x96xf16>
  func.return %a, %b : tensor<32x28x28x64xf16>, tensor<32x28x28x96xf16>
}
// CHECK-LABEL: @branches
// CHECK:         graph.conv2d {{.*}} -> tensor<32x28x28x160xf16>

// -----

// Products that each fill the GPU for long gain nothing.

func.func @large(%x: tensor<8192x4096xf16>) -> (tensor<8192x4096xf16>, tensor<8192x4096xf16>) {
  %wa = graph.weight @wa : tensor<4096x4096xf16>
  %a = graph.gemm %x, %wa : (tensor<8192x4096xf16>, tensor<4096x4096xf16>) -> tensor<8192x4096xf16>
  %wb = graph.weight @wb : tensor<4096x4096xf16>
  %b = graph.gemm %x, %wb : (tensor<8192x4096xf16>, tensor<4096x4096xf16>) -> tensor<8192x4096xf16>
  func.return %a, %b : tensor<8192x4096xf16>, tensor<8192x4096xf16>
}
// CHECK-LABEL: @large
// CHECK:         graph.gemm %x
// CHECK:         graph.gemm %x

// -----

// A residual behind an activation is added in the product's kernel; behind a part it could not be. So %b is alone.

func.func @residual(%x: tensor<512x768xf16>, %y: tensor<512x768xf16>) -> (tensor<512x768xf16>, tensor<512x768xf16>) {
  %wa = graph.weight @wa : tensor<768x768xf16>
  %a = graph.gemm %x, %wa : (tensor<512x768xf16>, tensor<768x768xf16>) -> tensor<512x768xf16>
  %r = graph.relu %a : (tensor<512x768xf16>) -> tensor<512x768xf16>
  %s = graph.add %r, %y : (tensor<512x768xf16>, tensor<512x768xf16>) -> tensor<512x768xf16>
  %wb = graph.weight @wb : tensor<768x768xf16>
  %b = graph.gemm %x, %wb : (tensor<512x768xf16>, tensor<768x768xf16>) -> tensor<512x768xf16>
  func.return %s, %b : tensor<512x768xf16>, tensor<512x768xf16>
}
// CHECK-LABEL: @residual
// CHECK:         graph.gemm %x
// CHECK:         graph.gemm %x

// -----

// Unless what is added is a product too, whose kernel can load the part.

func.func @downsampling(%x: tensor<1x8x8x64xf16>, %z: tensor<1x8x8x64xf16>) -> (tensor<1x8x8x64xf16>, tensor<1x8x8x256xf16>) {
  %wa = graph.weight @wa : tensor<64x1x1x64xf16>
  %a = graph.conv2d %x, %wa {layout = #graph<layout nhwc>} : (tensor<1x8x8x64xf16>, tensor<64x1x1x64xf16>) -> tensor<1x8x8x64xf16>
  %wb = graph.weight @wb : tensor<256x1x1x64xf16>
  %b = graph.conv2d %x, %wb {layout = #graph<layout nhwc>} : (tensor<1x8x8x64xf16>, tensor<256x1x1x64xf16>) -> tensor<1x8x8x256xf16>
  %wc = graph.weight @wc : tensor<256x1x1x64xf16>
  %c = graph.conv2d %z, %wc {layout = #graph<layout nhwc>} : (tensor<1x8x8x64xf16>, tensor<256x1x1x64xf16>) -> tensor<1x8x8x256xf16>
  %s = graph.add %c, %b : (tensor<1x8x8x256xf16>, tensor<1x8x8x256xf16>) -> tensor<1x8x8x256xf16>
  func.return %a, %s : tensor<1x8x8x64xf16>, tensor<1x8x8x256xf16>
}
// CHECK-LABEL: @downsampling
// CHECK:         graph.conv2d %x, {{.*}} -> tensor<1x8x8x320xf16>

// -----

// Apart, each product stores its own transposed result; one part of a product cannot.

func.func @heads(%x: tensor<512x768xf16>) -> (tensor<2x12x256x64xf16>, tensor<2x12x256x64xf16>) {
  %wa = graph.weight @wa : tensor<768x768xf16>
  %a = graph.gemm %x, %wa : (tensor<512x768xf16>, tensor<768x768xf16>) -> tensor<512x768xf16>
  %a4 = graph.reshape %a {shape_to = array<i64: 2, 256, 12, 64>} : (tensor<512x768xf16>) -> tensor<2x256x12x64xf16>
  %ah = graph.transpose %a4 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x256x12x64xf16>) -> tensor<2x12x256x64xf16>
  %wb = graph.weight @wb : tensor<768x768xf16>
  %b = graph.gemm %x, %wb : (tensor<512x768xf16>, tensor<768x768xf16>) -> tensor<512x768xf16>
  %b4 = graph.reshape %b {shape_to = array<i64: 2, 256, 12, 64>} : (tensor<512x768xf16>) -> tensor<2x256x12x64xf16>
  %bh = graph.transpose %b4 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x256x12x64xf16>) -> tensor<2x12x256x64xf16>
  func.return %ah, %bh : tensor<2x12x256x64xf16>, tensor<2x12x256x64xf16>
}
// CHECK-LABEL: @heads
// CHECK:         graph.gemm %x
// CHECK:         graph.gemm %x

// -----

// The two products of a gated unit are for fuse-dual-gemm.

func.func @gate(%x: tensor<512x768xf16>) -> tensor<512x768xf16> {
  %wa = graph.weight @wa : tensor<768x768xf16>
  %a = graph.gemm %x, %wa : (tensor<512x768xf16>, tensor<768x768xf16>) -> tensor<512x768xf16>
  %wb = graph.weight @wb : tensor<768x768xf16>
  %b = graph.gemm %x, %wb : (tensor<512x768xf16>, tensor<768x768xf16>) -> tensor<512x768xf16>
  %s = graph.silu %a : (tensor<512x768xf16>) -> tensor<512x768xf16>
  %y = graph.mul %s, %b : (tensor<512x768xf16>, tensor<512x768xf16>) -> tensor<512x768xf16>
  func.return %y : tensor<512x768xf16>
}
// CHECK-LABEL: @gate
// CHECK:         graph.gemm %x
// CHECK:         graph.gemm %x

// -----

// Few rows are for the ordinary cores, whose kernels store whole results.

func.func @few_rows(%x: tensor<4x768xf16>) -> (tensor<4x768xf16>, tensor<4x768xf16>) {
  %wa = graph.weight @wa : tensor<768x768xf16>
  %a = graph.gemm %x, %wa : (tensor<4x768xf16>, tensor<768x768xf16>) -> tensor<4x768xf16>
  %wb = graph.weight @wb : tensor<768x768xf16>
  %b = graph.gemm %x, %wb : (tensor<4x768xf16>, tensor<768x768xf16>) -> tensor<4x768xf16>
  func.return %a, %b : tensor<4x768xf16>, tensor<4x768xf16>
}
// CHECK-LABEL: @few_rows
// CHECK:         graph.gemm %x
// CHECK:         graph.gemm %x

// -----

// The second factor must be known: those of two inputs would have to be copied beside each other.

func.func @unknown_factors(%x: tensor<512x768xf16>, %u: tensor<768x768xf16>, %v: tensor<768x768xf16>) -> (tensor<512x768xf16>, tensor<512x768xf16>) {
  %a = graph.gemm %x, %u : (tensor<512x768xf16>, tensor<768x768xf16>) -> tensor<512x768xf16>
  %b = graph.gemm %x, %v : (tensor<512x768xf16>, tensor<768x768xf16>) -> tensor<512x768xf16>
  func.return %a, %b : tensor<512x768xf16>, tensor<512x768xf16>
}
// CHECK-LABEL: @unknown_factors
// CHECK-NEXT:    {{.*}} = graph.gemm %x, %u
// CHECK-NEXT:    {{.*}} = graph.gemm %x, %v

// CHECK:      passed: [fuse-horizontal-gemms] graph.batch_matmul: 3 products of one input became one of 24 columns
// CHECK-NEXT: passed: [fuse-horizontal-gemms] graph.conv2d: 2 products of one input became one of 16 columns
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.batch_matmul: not joined with other products of its input: its 12 columns would begin the next part off a multiple of 8
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.batch_matmul: not joined with other products of its input: its 12 columns would begin the next part off a multiple of 8
// CHECK-NEXT: passed: [fuse-horizontal-gemms] graph.gemm: 3 products of one input became one of 1792 columns: about {{.*}} us together, {{.*}} us apart
// CHECK-NEXT: passed: [fuse-horizontal-gemms] graph.conv2d: 2 products of one input became one of 160 columns: about {{.*}} us together, {{.*}} us apart
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.gemm: 2 products of one input stay apart: about {{.*}} us together, {{.*}} us apart
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.gemm: not joined with other products of its input: graph.add behind it is part of its kernel
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.gemm: no other product of its input can join it
// CHECK-NEXT: passed: [fuse-horizontal-gemms] graph.conv2d: 2 products of one input became one of 320 columns: about
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.gemm: not joined with other products of its input: graph.transpose behind it is part of its kernel
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.gemm: not joined with other products of its input: graph.transpose behind it is part of its kernel
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.gemm: not joined with other products of its input: graph.mul behind it is part of its kernel
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.gemm: not joined with other products of its input: graph.mul behind it is part of its kernel
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.gemm: not joined with other products of its input: M = 4 leaves a tensor-core tile of 64 rows nearly idle
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.gemm: not joined with other products of its input: M = 4 leaves a tensor-core tile of 64 rows nearly idle
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.gemm: not joined with other products of its input: its right operand is no weight
// CHECK-NEXT: missed: [fuse-horizontal-gemms] graph.gemm: not joined with other products of its input: its right operand is no weight
