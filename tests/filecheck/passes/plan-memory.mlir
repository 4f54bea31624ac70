// RUN: bolt-opt %s --split-input-file -p plan-memory | filecheck %s

// Two buffers that are alive at the same time lie beside each other, at multiples of 256 bytes.

func.func @alive_together(%x: memref<8x8xf32>, %y: memref<8x8xf32>) attributes {"cutlass.outputs" = 1 : i64} {
  %a = cutlass.alloc : memref<8x8xf32>
  "test.op"(%x, %a) : (memref<8x8xf32>, memref<8x8xf32>) -> ()
  %b = cutlass.alloc : memref<4x4xf32>
  "test.op"(%a, %b) : (memref<8x8xf32>, memref<4x4xf32>) -> ()
  "test.op"(%a, %b, %y) : (memref<8x8xf32>, memref<4x4xf32>, memref<8x8xf32>) -> ()
  func.return
}
// CHECK-LABEL: @alive_together
// CHECK:         [[ARENA:%.*]] = cutlass.arena : memref<512xi8>
// CHECK-NEXT:    cutlass.view [[ARENA]] {offset = 0 : i64} : memref<512xi8> -> memref<8x8xf32>
// CHECK:         cutlass.view [[ARENA]] {offset = 256 : i64} : memref<512xi8> -> memref<4x4xf32>

// -----

// A buffer takes over the place of one that nothing uses any more.

func.func @one_after_the_other(%x: memref<8x8xf32>, %y: memref<8x8xf32>) attributes {"cutlass.outputs" = 1 : i64} {
  %a = cutlass.alloc : memref<8x8xf32>
  "test.op"(%x, %a) : (memref<8x8xf32>, memref<8x8xf32>) -> ()
  %b = cutlass.alloc : memref<8x8xf32>
  "test.op"(%a, %b) : (memref<8x8xf32>, memref<8x8xf32>) -> ()
  %c = cutlass.alloc : memref<8x8xf32>
  "test.op"(%b, %c) : (memref<8x8xf32>, memref<8x8xf32>) -> ()
  "test.op"(%c, %y) : (memref<8x8xf32>, memref<8x8xf32>) -> ()
  func.return
}
// CHECK-LABEL: @one_after_the_other
// CHECK:         cutlass.arena : memref<512xi8>
// CHECK:         cutlass.view {{%.*}} {offset = 0 : i64}
// CHECK:         cutlass.view {{%.*}} {offset = 256 : i64}
// CHECK:         cutlass.view {{%.*}} {offset = 0 : i64}

// -----

// A buffer lives as long as any reinterpretation of it is used.

func.func @through_reinterpret(%x: memref<8x8xf32>, %y: memref<8x8xf32>) attributes {"cutlass.outputs" = 1 : i64} {
  %a = cutlass.alloc : memref<8x8xf32>
  "test.op"(%x, %a) : (memref<8x8xf32>, memref<8x8xf32>) -> ()
  %flat = cutlass.reinterpret %a : memref<8x8xf32> -> memref<64xf32>
  %b = cutlass.alloc : memref<8x8xf32>
  "test.op"(%x, %b) : (memref<8x8xf32>, memref<8x8xf32>) -> ()
  "test.op"(%flat, %b, %y) : (memref<64xf32>, memref<8x8xf32>, memref<8x8xf32>) -> ()
  func.return
}
// CHECK-LABEL: @through_reinterpret
// CHECK:         cutlass.arena : memref<512xi8>

// -----

// Gaps that lie side by side serve one larger buffer.

func.func @merged_gap(%x: memref<8x8xf32>, %y: memref<8x8xf32>) attributes {"cutlass.outputs" = 1 : i64} {
  %a = cutlass.alloc : memref<8x8xf32>
  %b = cutlass.alloc : memref<8x8xf32>
  "test.op"(%a, %b) : (memref<8x8xf32>, memref<8x8xf32>) -> ()
  %c = cutlass.alloc : memref<16x8xf32>
  "test.op"(%c, %y) : (memref<16x8xf32>, memref<8x8xf32>) -> ()
  func.return
}
// CHECK-LABEL: @merged_gap
// CHECK:         cutlass.arena : memref<512xi8>

// -----

// Without buffers there is no arena.

func.func @no_buffers(%x: memref<8x8xf32>, %y: memref<8x8xf32>) attributes {"cutlass.outputs" = 1 : i64} {
  "test.op"(%x, %y) : (memref<8x8xf32>, memref<8x8xf32>) -> ()
  func.return
}
// CHECK-LABEL: @no_buffers
// CHECK-NOT:     cutlass.arena
// CHECK:         func.return
