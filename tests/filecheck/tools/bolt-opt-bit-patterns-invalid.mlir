// RUN: not bolt-opt %s 2>&1 | filecheck %s

// CHECK: error: {{.*}}bolt-opt-bit-patterns-invalid.mlir:6:{{[0-9]+}}: 0x13C00 has more than the 16 bits of an element

func.func @main() {
  %a = graph.constant dense<0x13C00> : tensor<2xf16>
  func.return
}
