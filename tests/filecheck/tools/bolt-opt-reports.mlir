// RUN: bolt-opt %s -p 'cse,canonicalize' --print-ir-after-all --time-passes 2>&1 >%t.mlir | filecheck %s
// RUN: filecheck %s --check-prefix OUTPUT --input-file %t.mlir

// Reports go to stderr: what goes to stdout is IR and nothing else.

// CHECK:      // -----// IR Dump After cse //----- //
// CHECK-NEXT: builtin.module {
// CHECK-NEXT:   func.func @main() {
// CHECK:      // -----// IR Dump After canonicalize //----- //
// CHECK:      ms      %  pass
// CHECK-NEXT: (parse)
// CHECK-NEXT: cse
// CHECK-NEXT: canonicalize
// CHECK-NEXT: (print)
// CHECK-NEXT: (verify)
// CHECK-NEXT: 100.0  total

// OUTPUT-NOT:  Dump
// OUTPUT:      builtin.module {
// OUTPUT-NOT:  total
func.func @main() {
  func.return
}
