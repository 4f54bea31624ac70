// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_75} | filecheck %s --check-prefixes CHECK,SM75
// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_80} | filecheck %s --check-prefixes CHECK,SM80
// RUN: bolt-opt %s --split-input-file -p convert-fused-to-cutlass{target=sm_90a} | filecheck %s --check-prefixes CHECK,SM90

// Launches of the same code share a kernel. Mainloop and template follow from the target.

func.func @shared_kernel(%x: tensor<512x256xf16>, %w: tensor<256x256xf16>) -> tensor<512x256xf16> {
  %0 = fused.gemm(%x, %w : tensor<512x256xf16>, tensor<256x256xf16>) -> tensor<512x256xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%0, %w : tensor<512x256xf16>, tensor<256x256xf16>) -> tensor<512x256xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %1 : tensor<512x256xf16>
}
// SM75:        cutlass.kernel @[[KERNEL:gemm_0]] "sm_75" #cutlass.gemm<{{.*}}, instruction = [16, 8, 8], stages = 2,
// SM80:        cutlass.kernel @[[KERNEL:gemm_0]] "sm_80" #cutlass.gemm<{{.*}}, instruction = [16, 8, 16], stages = {{[3-9]|10}},
// SM90:        cutlass.kernel @[[KERNEL:gemm_sm90_0]] "sm_90a" #cutlass.gemm_sm90<{{.*}}, schedule = warp_specialized,
// CHECK-SAME:  layout_a = row, layout_b = row> [f16, f16] -> [f16]
// CHECK-NOT:   cutlass.kernel
// CHECK-LABEL: @shared_kernel
// CHECK:         cutlass.launch @[[KERNEL]] <m = 512, n = 256, k = 256, batch = 1, lda = 256, ldb = 256, ldd = 256,
// CHECK:         cutlass.launch @[[KERNEL]]

// -----

// One B under many A: the batch becomes rows. A transposed B is a column-major matrix.

func.func @batch_becomes_rows(%x: tensor<2x12x40x64xf16>, %w: tensor<128x64xf16>) -> tensor<2x12x40x128xf16> {
  %0 = fused.gemm(%x, %w : tensor<2x12x40x64xf16>, tensor<128x64xf16>) {transpose_b = true} -> tensor<2x12x40x128xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<2x12x40x128xf16>
}
// CHECK:       layout_a = row, layout_b = column>
// CHECK-LABEL: @batch_becomes_rows
// CHECK:         <m = 960, n = 128, k = 64, batch = 1, lda = 64, ldb = 64, ldd = 128,

// -----

// A batch on both sides stays a batch; a batch stride of 0 repeats A.

func.func @batches(%q: tensor<8x40x64xf16>, %k: tensor<8x48x64xf16>, %a: tensor<40x64xf16>) -> (tensor<8x40x48xf16>, tensor<8x40x48xf16>) {
  %0 = fused.gemm(%q, %k : tensor<8x40x64xf16>, tensor<8x48x64xf16>) {transpose_b = true} -> tensor<8x40x48xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %1 = fused.gemm(%a, %k : tensor<40x64xf16>, tensor<8x48x64xf16>) {transpose_b = true} -> tensor<8x40x48xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0, %1 : tensor<8x40x48xf16>, tensor<8x40x48xf16>
}
// CHECK-LABEL: @batches
// CHECK:         batch = 8, lda = 64, ldb = 64, ldd = 48, batch_stride_a = 2560, batch_stride_b = 3072, batch_stride_d = 1920>
// CHECK:         batch = 8, lda = 64, ldb = 64, ldd = 48, batch_stride_a = 0, batch_stride_b = 3072, batch_stride_d = 1920>

// -----

// Extents that 16-byte accesses do not divide get narrower ones; TMA cannot read such rows, so sm_90a takes 2.x too.

func.func @even_extents(%x: tensor<100x66xf16>, %w: tensor<66x34xf16>) -> tensor<100x34xf16> {
  %0 = fused.gemm(%x, %w : tensor<100x66xf16>, tensor<66x34xf16>) -> tensor<100x34xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<100x34xf16>
}
// CHECK: #cutlass.gemm<{{.*}} alignment_a = 2, alignment_b = 2, alignment_c = 2,

// -----

// Odd extents are read element by element: too narrow for cp.async, so the two stages pass through registers.

func.func @odd_extents(%x: tensor<100x65xf16>, %w: tensor<65x33xf16>) -> tensor<100x33xf16> {
  %0 = fused.gemm(%x, %w : tensor<100x65xf16>, tensor<65x33xf16>) -> tensor<100x33xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<100x33xf16>
}
// CHECK: #cutlass.gemm<{{.*}} stages = 2, swizzle = 1, alignment_a = 1, alignment_b = 1, alignment_c = 1,

// -----

// Where rows of both operands lie along K, a few tiles of them are shifted into place instead.

func.func @odd_rows(%x: tensor<77x333xf16>, %w: tensor<1000x333xf16>) -> tensor<77x1000xf16> {
  %0 = fused.gemm(%x, %w : tensor<77x333xf16>, tensor<1000x333xf16>) {transpose_b = true} -> tensor<77x1000xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<77x1000xf16>
}
// SM75: #cutlass.gemm<{{.*}} alignment_a = 1, alignment_b = 1, alignment_c = 8,
// SM80: #cutlass.gemm_unaligned<math = f16, alignment_c = 4, layout_a = row, layout_b = column>
// SM90: #cutlass.gemm_unaligned<math = f16, alignment_c = 4, layout_a = row, layout_b = column>

// -----

// Larger problems get larger tiles.

func.func @large(%x: tensor<4096x4096xf16>, %w: tensor<4096x4096xf16>) -> tensor<4096x4096xf16> {
  %0 = fused.gemm(%x, %w : tensor<4096x4096xf16>, tensor<4096x4096xf16>) -> tensor<4096x4096xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<4096x4096xf16>
}
// SM75: threadblock = [{{128|256}}, {{128|256}},
// SM80: threadblock = [{{128|256}}, {{128|256}},
// SM90: tile = [{{128, 128|128, 256|256, 128}}, 64], {{.*}} schedule = {{pingpong|cooperative}}

// -----

// On Hopper, threadblocks of a cluster share a tile where there are few tiles and much to add up: each takes a slice of K.

func.func @long(%x: tensor<49x4608xf16>, %w: tensor<512x4608xf16>) -> tensor<49x512xf16> {
  %0 = fused.gemm(%x, %w : tensor<49x4608xf16>, tensor<512x4608xf16>) {transpose_b = true} -> tensor<49x512xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %0 : tensor<49x512xf16>
}
// SM80-NOT: slices
// SM90: tile = [64, 64, 64], cluster = [1, 1, 1], schedule = split_k,
// SM90: cutlass.launch {{.*}}, slices = 8>
