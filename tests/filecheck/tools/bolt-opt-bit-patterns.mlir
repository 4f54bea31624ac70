// RUN: bolt-opt %s | filecheck %s
// RUN: bolt-opt %s | bolt-opt | filecheck %s

// A hexadecimal element of a float constant is its bits, as in MLIR; of an integer constant, its value.

// CHECK: graph.constant dense<[0x49742410, 5.000000e-01]> : tensor<2xf32>
// CHECK: graph.constant dense<1.000000e+00> : tensor<2xf16>
// CHECK: graph.constant dense<[0xfe00, 0xfc00]> : tensor<2xf16>
// CHECK: graph.constant dense<[16, 1]> : tensor<2xi64>

func.func @main() {
  %a = graph.constant dense<[0x49742410, 0x3F000000]> : tensor<2xf32>
  %b = graph.constant dense<0x3C00> : tensor<2xf16>
  %n = graph.constant dense<[0xFFFF, 0xFC00]> : tensor<2xf16>
  %c = graph.constant dense<[0x10, 1]> : tensor<2xi64>
  func.return
}
