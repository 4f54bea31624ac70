// RUN: not bolt-opt %s 2>&1 | filecheck %s

// CHECK:     error: {{.*}}bolt-opt-parse-error.mlir:[[# @LINE + 2]]:
func.func @main() {
  %x = arith.constant : i32
}
