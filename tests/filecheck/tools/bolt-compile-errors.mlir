// RUN: not bolt-compile %s -o %t --emit cuda 2>&1 | filecheck %s
// RUN: not bolt-compile %s -o %t --emit cuda --target sm_70 2>&1 | filecheck %s --check-prefix TARGET
// RUN: not bolt-compile no-such-file.onnx -o %t 2>&1 | filecheck %s --check-prefix MISSING
// RUN: not bolt-compile %s 2>&1 | filecheck %s --check-prefix USAGE
// RUN: not ls %t

func.func @main(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %y = graph.relu %x : (tensor<1x8xf32>) -> tensor<1x9xf32>
  func.return %y : tensor<1x9xf32>
}

// CHECK:       error: {{.*}}bolt-compile-errors.mlir:8:3: {{.*}}graph.relu{{.*}}result type is tensor<1x9xf32>, the operands and attributes give tensor<1x8xf32>
// CHECK-NOT:   Traceback
// TARGET:      error: unknown target 'sm_70' ({{.*}}sm_80
// MISSING:     error: no-such-file.onnx: cannot read the model: No such file or directory
// USAGE:       error: the following arguments are required: -o (see --help)
