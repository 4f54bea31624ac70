// RUN: bolt-opt %s -p cse,canonicalize | filecheck %s
// RUN: bolt-opt %s --pass-pipeline 'builtin.module(cse, func.func(canonicalize))' | filecheck %s
// RUN: bolt-opt %s --pass-pipeline 'any(cse)' | bolt-opt -p canonicalize - | filecheck %s

// xDSL's spelling of a pipeline and MLIR's mean the same.

// CHECK:      func.func @twice(%x: i32) -> i32 {
// CHECK-NEXT:   %y = arith.addi %x, %x : i32
// CHECK-NEXT:   func.return %y : i32
func.func @twice(%x: i32) -> i32 {
  %y = arith.addi %x, %x : i32
  %unused = arith.addi %x, %x : i32
  func.return %y : i32
}
