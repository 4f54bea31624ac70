// RUN: not bolt-opt %s --split-input-file -p cse 2>%t | filecheck %s
// RUN: filecheck %s --check-prefix ERROR --input-file %t

// Each piece is a module of its own; an error counts lines from the start of the file.

// CHECK: func.func @first
func.func @first() {
  func.return
}

// -----

// CHECK: {{/}}/ -----
// CHECK: func.func @second
func.func @second() {
  func.return
}

// -----

// ERROR: error: {{.*}}bolt-opt-split-input.mlir:23:3: 'func.return': Expected arguments
func.func @third(%x: i32) {
  func.return %x : i32
}
