// Every rule of the operations of the `cutlass` dialect, broken once; the rules of the templates have their own files.
//
// RUN: bolt-opt --verify-diagnostics --parsing-diagnostics --split-input-file %s | filecheck %s

// Kernels.

// CHECK: 'cutlass.kernel': unknown target 'sm_10' (one of sm_75, sm_80, sm_86, sm_89, sm_90a)
cutlass.kernel @k "sm_10" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': 5 : i32 is not a template
cutlass.kernel @k "sm_80" 5 : i32 [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: Expected 'math'
cutlass.kernel @k "sm_80" #cutlass.gemm<tile = [64, 64, 32]> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': a kernel needs at least one output
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': the template gemm needs an input to accumulate
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': kernels do not compute on f64; supported are f32, f16, bf16, i64, i32, i8, ui8, i1
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f64, f64] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': kernels do not compute on "f16"; supported are
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> ["f16"] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': every epilogue operand needs a broadcast kind
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] epilogue [f16, f16] [row] -> [f16] {
^bb0(%acc: f32, %b: f32, %r: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': the epilogue takes (f32), this kernel gives (f32, f32)
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] epilogue [f16] [row] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': the epilogue takes (f16), this kernel gives (f32)
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f16):
  fused.yield %acc : f16
}

// -----

// CHECK: 'cutlass.kernel': the epilogue yields 2 values for 1 outputs
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc, %acc : f32, f32
}

// -----

// CHECK: 'cutlass.kernel': the epilogue yields f16, which is no compute type
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  %half = arith.truncf %acc : f32 to f16
  fused.yield %half : f16
}

// -----

// CHECK: 'cutlass.kernel': an epilogue is scalar code in arith and math; cutlass.alloc is neither
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  %buffer = cutlass.alloc : memref<4xf32>
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': an epilogue computes on scalars; arith.constant gives tensor<2xf32>
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  %t = arith.constant dense<0.0> : tensor<2xf32>
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': the epilogue must end with fused.yield
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  "test.termop"() : () -> ()
}

// -----

// CHECK: 'cutlass.kernel': unknown attribute 'stages'
cutlass.kernel @k "sm_80" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 3, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] attributes {stages = 3} {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': 106496 bytes of shared memory exceed the 101376 of sm_86
cutlass.kernel @k "sm_86" #cutlass.gemm<math = f16, threadblock = [64, 64, 32], warp = [32, 32, 32], instruction = [16, 8, 16], stages = 13, swizzle = 1, alignment_a = 8, alignment_b = 8, alignment_c = 8, layout_a = row, layout_b = row> [f16, f16] -> [f16] {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// Launches.

// CHECK: 'cutlass.launch': a launch needs at least one output
func.func @main(%x: memref<4x8xf16>) {
  "cutlass.launch"(%x) <{kernel = @k, arguments = {}, operandSegmentSizes = array<i32: 1, 0, 0>}> : (memref<4x8xf16>) -> ()
  func.return
}

// -----

// CHECK: 'cutlass.launch': launch argument 'm' must be an i64 integer, got 4 : i32
func.func @main(%x: memref<4x8xf16>) {
  "cutlass.launch"(%x) <{kernel = @k, arguments = {m = 4 : i32}, operandSegmentSizes = array<i32: 0, 0, 1>}> : (memref<4x8xf16>) -> ()
  func.return
}

// -----

// CHECK: launch argument 'm' is given twice
func.func @main(%x: memref<4x8xf16>) {
  cutlass.launch @k <m = 4, m = 5> outs(%x : memref<4x8xf16>)
  func.return
}

// -----

// CHECK: 'cutlass.launch': a kernel's symbol is one name, got @module::@k
func.func @main(%x: memref<4x8xf16>) {
  cutlass.launch @module::@k <> outs(%x : memref<4x8xf16>)
  func.return
}

// -----

// CHECK: 'cutlass.launch': a buffer has a fixed shape and at least one element, got memref<?xf16>
func.func @main(%x: memref<?xf16>) {
  cutlass.launch @k <> outs(%x : memref<?xf16>)
  func.return
}

// -----

// CHECK: 'cutlass.launch': unknown attribute 'm'
func.func @main(%x: memref<4x8xf16>) {
  cutlass.launch @k <> outs(%x : memref<4x8xf16>) {m = 4}
  func.return
}

// -----

// Memory.

// CHECK: 'cutlass.alloc': a buffer has a fixed shape and at least one element, got memref<4x?xf16>
func.func @main() {
  %a = cutlass.alloc : memref<4x?xf16>
  func.return
}

// -----

// CHECK: 'cutlass.alloc': a buffer has a fixed shape and at least one element, got memref<0xf16>
func.func @main() {
  %a = cutlass.alloc : memref<0xf16>
  func.return
}

// -----

// CHECK: 'cutlass.alloc': a buffer is row-major and in device memory, got memref<4x4xf16, strided<[1, 4]>>
func.func @main() {
  %a = cutlass.alloc : memref<4x4xf16, strided<[1, 4]>>
  func.return
}

// -----

// CHECK: 'cutlass.alloc': elements of f64 are not supported; supported are f32, f16, bf16, i64, i32, i8, ui8, i1
func.func @main() {
  %a = cutlass.alloc : memref<4xf64>
  func.return
}

// -----

// CHECK: 'cutlass.arena': an arena is a one-dimensional memref of i8, got memref<4xf16>
func.func @main() {
  %a = cutlass.arena : memref<4xf16>
  func.return
}

// -----

// CHECK: 'cutlass.view': an arena is a one-dimensional memref of i8, got memref<64xf16>
func.func @main(%a: memref<64xf16>) {
  %v = cutlass.view %a {offset = 0 : i64} : memref<64xf16> -> memref<4xf16>
  func.return
}

// -----

// CHECK: 'cutlass.view': offset 128 is not a multiple of 256 bytes
func.func @main() {
  %a = cutlass.arena : memref<1024xi8>
  %v = cutlass.view %a {offset = 128 : i64} : memref<1024xi8> -> memref<4xf16>
  func.return
}

// -----

// CHECK: 'cutlass.view': 514 bytes at offset 512 do not fit into an arena of 1024 bytes
func.func @main() {
  %a = cutlass.arena : memref<1024xi8>
  %v = cutlass.view %a {offset = 512 : i64} : memref<1024xi8> -> memref<257xf16>
  func.return
}

// -----

// CHECK: 'cutlass.view': 8 bytes at offset -256 do not fit into an arena of 1024 bytes
func.func @main() {
  %a = cutlass.arena : memref<1024xi8>
  %v = cutlass.view %a {offset = -256 : i64} : memref<1024xi8> -> memref<4xf16>
  func.return
}

// -----

// CHECK: 'cutlass.weight': a weight's symbol is one name, got @module::@w
func.func @main() {
  %w = cutlass.weight @module::@w : memref<4xf16>
  func.return
}

// -----

// CHECK: 'cutlass.reinterpret': memref<5x8xf16> does not have the elements of memref<4x8xf16>
func.func @main(%x: memref<4x8xf16>) {
  %y = cutlass.reinterpret %x : memref<4x8xf16> -> memref<5x8xf16>
  func.return
}

// -----

// CHECK: 'cutlass.reinterpret': memref<16xf32> does not have the elements of memref<4x8xf16>
func.func @main(%x: memref<4x8xf16>) {
  %y = cutlass.reinterpret %x : memref<4x8xf16> -> memref<16xf32>
  func.return
}

// -----

// CHECK: 'fused.yield': must end the region of a kernel, not of func.func
func.func @main(%x: memref<4x8xf16>) {
  fused.yield %x : memref<4x8xf16>
}
