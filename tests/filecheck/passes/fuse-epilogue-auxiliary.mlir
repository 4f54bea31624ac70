// RUN: bolt-opt %s --split-input-file -p convert-graph-to-fused,fuse-epilogue{always=true},canonicalize --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARK

// What others need, too, can be stored besides.

// The pre-activation is needed itself: it is stored besides, unrounded on the way to the activation.

// CHECK-LABEL: @pre_activation(
// CHECK-NEXT:    %y, %x = fused.gemm(%a, %b : {{.*}}) epilogue(%c : tensor<8xf16>) [row] {{.*}} -> tensor<8x8xf16>, tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.addf %0, %1 : f32
// CHECK-NEXT:      %3 = math.tanh %2 : f32
// CHECK-NEXT:      fused.yield %3, %2 : f32, f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %x, %y : tensor<8x8xf16>, tensor<8x8xf16>

func.func @pre_activation(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %c: tensor<8xf16>) -> (tensor<8x8xf16>, tensor<8x8xf16>) {
  %p = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %x = graph.bias_add %p, %c : (tensor<8x8xf16>, tensor<8xf16>) -> tensor<8x8xf16>
  %y = graph.tanh %x : (tensor<8x8xf16>) -> tensor<8x8xf16>
  func.return %x, %y : tensor<8x8xf16>, tensor<8x8xf16>
}

// -----

// Two activations of one result that something else needs, too: three stores.

// CHECK-LABEL: @siblings(
// CHECK-NEXT:    %e, %t, %p = fused.conv2d(%x, %f : {{.*}}) {{.*}} -> tensor<1x4x4x8xf16>, tensor<1x4x4x8xf16>, tensor<1x4x4x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = math.tanh %0 : f32
// CHECK-NEXT:      %2 = math.exp %0 : f32
// CHECK-NEXT:      fused.yield %2, %1, %0 : f32, f32, f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %p, %e, %t : tensor<1x4x4x8xf16>, tensor<1x4x4x8xf16>, tensor<1x4x4x8xf16>

func.func @siblings(%x: tensor<1x4x4x8xf16>, %f: tensor<8x1x1x8xf16>) -> (tensor<1x4x4x8xf16>, tensor<1x4x4x8xf16>, tensor<1x4x4x8xf16>) {
  %p = graph.conv2d %x, %f {layout = #graph<layout nhwc>} : (tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16>
  %e = graph.exp %p : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  %t = graph.tanh %p : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  func.return %p, %e, %t : tensor<1x4x4x8xf16>, tensor<1x4x4x8xf16>, tensor<1x4x4x8xf16>
}

// -----

// The residual is computed later: the kernel waits for it, since the other user of the product comes after both.

// CHECK-LABEL: @waits(
// CHECK-NEXT:    %s = fused.softmax(%z : tensor<8x8xf16>) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y, %p = fused.gemm(%a, %b : {{.*}}) epilogue(%s : tensor<8x8xf16>) [full] {{.*}} -> tensor<8x8xf16>, tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.addf %0, %1 : f32
// CHECK-NEXT:      fused.yield %2, %0 : f32, f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %q = fused.softmax(%p : tensor<8x8xf16>) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %s, %y, %q : tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>

func.func @waits(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>, %z: tensor<8x8xf16>) -> (tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>) {
  %p = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16>
  %s = graph.softmax %z : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %y = graph.add %p, %s : (tensor<8x8xf16>, tensor<8x8xf16>) -> tensor<8x8xf16>
  %q = graph.softmax %p : (tensor<8x8xf16>) -> tensor<8x8xf16>
  func.return %s, %y, %q : tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>
}

// -----

// Here the consumer needs what is computed from the product: there is no order in which one kernel could do both.

// CHECK-LABEL: @cycle(
// CHECK-NEXT:    %p = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      fused.yield %0 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y, %s = fused.softmax(%p : tensor<8x8xf16>) epilogue(%p : tensor<8x8xf16>) [full] {{.*}} -> tensor<8x8xf16>, tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.mulf %1, %0 : f32
// CHECK-NEXT:      fused.yield %2, %0 : f32, f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y, %s : tensor<8x8xf16>, tensor<8x8xf16>
// REMARK: "missed", {{.*}} "op": "fused.gemm", "location": "product", "message": "not fused with its consumer: its result is needed before its consumer can run"

func.func @cycle(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>) -> (tensor<8x8xf16>, tensor<8x8xf16>) {
  %p = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16> loc("product")
  %s = graph.softmax %p : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %y = graph.mul %p, %s : (tensor<8x8xf16>, tensor<8x8xf16>) -> tensor<8x8xf16>
  func.return %y, %s : tensor<8x8xf16>, tensor<8x8xf16>
}

// -----

// So it is where the anchor itself reads what its epilogue loads.

// CHECK-LABEL: @read_by_the_anchor(
// CHECK-NEXT:    %p = fused.pointwise epilogue(%x : tensor<8x8xf16>) [full] {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32):
// CHECK-NEXT:      %1 = math.exp %0 : f32
// CHECK-NEXT:      fused.yield %1 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %y = fused.softmax(%p : tensor<8x8xf16>) epilogue(%p : tensor<8x8xf16>) [full] {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%0: f32, %1: f32):
// CHECK-NEXT:      %2 = arith.mulf %1, %0 : f32
// CHECK-NEXT:      fused.yield %2 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : tensor<8x8xf16>
// REMARK: "missed", {{.*}} "op": "fused.pointwise", "location": "read_twice", "message": "not fused with its consumer: its result is needed before its consumer can run"

func.func @read_by_the_anchor(%x: tensor<8x8xf16>) -> tensor<8x8xf16> {
  %p = graph.exp %x : (tensor<8x8xf16>) -> tensor<8x8xf16> loc("read_twice")
  %s = graph.softmax %p : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %y = graph.mul %p, %s : (tensor<8x8xf16>, tensor<8x8xf16>) -> tensor<8x8xf16>
  func.return %y : tensor<8x8xf16>
}

// -----

// A kernel stores four results at most.

// CHECK-LABEL: @too_many(
// CHECK-NEXT:    %0, %1, %2, %p = fused.gemm(%a, %b : {{.*}}) {{.*}} -> tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%3: f32):
// CHECK-NEXT:      %4 = math.absf %3 : f32
// CHECK-NEXT:      %5 = math.exp %3 : f32
// CHECK-NEXT:      %6 = math.sqrt %3 : f32
// CHECK-NEXT:      fused.yield %6, %5, %4, %3 : f32, f32, f32, f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %3 = fused.pointwise epilogue(%p : tensor<8x8xf16>) [full] {{.*}} -> tensor<8x8xf16> {
// CHECK-NEXT:    ^bb0(%4: f32):
// CHECK-NEXT:      %5 = math.tanh %4 : f32
// CHECK-NEXT:      fused.yield %5 : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %p, %1, %3, %0, %2 : tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>
// REMARK: "missed", {{.*}} "location": "wide", "message": "not fused with its consumer: the kernel would store 5 results, the limit is 4"

func.func @too_many(%a: tensor<8x16xf16>, %b: tensor<16x8xf16>) -> (tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>) {
  %p = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x8xf16>) -> tensor<8x8xf16> loc("wide")
  %0 = graph.exp %p : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %1 = graph.tanh %p : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %2 = graph.sqrt %p : (tensor<8x8xf16>) -> tensor<8x8xf16>
  %3 = graph.abs %p : (tensor<8x8xf16>) -> tensor<8x8xf16>
  func.return %p, %0, %1, %2, %3 : tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>, tensor<8x8xf16>
}
