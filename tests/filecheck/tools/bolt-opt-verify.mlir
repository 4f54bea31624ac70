// RUN: not bolt-opt %s 2>&1 | filecheck %s
// RUN: not bolt-opt %s --split-input-file 2>&1 | filecheck %s
// RUN: bolt-opt %s --verify-diagnostics | filecheck %s
// RUN: bolt-opt %s --disable-verify | filecheck %s --check-prefix UNCHECKED

// An operation that does not verify is named, with its place; the module is not printed.

// CHECK-NOT:   builtin.module
// CHECK:       {{.*}}bolt-opt-verify.mlir:13:3: 'func.return': Expected arguments to have the same types
// UNCHECKED:   func.return %x : i32

func.func @main(%x: i32) {
  func.return %x : i32
}
