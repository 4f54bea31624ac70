// RUN: bolt-opt %s -p fold-into-store,dce --split-input-file --remarks=%t | filecheck %s
// RUN: filecheck %s --input-file %t --check-prefix REMARK

// The heads of attention: a product seen as rows of heads, the heads moved outwards, is stored so.

// CHECK-LABEL: @heads
// CHECK-NEXT:    %heads = fused.gemm(%x, %w : {{.*}}) {fused.origin = ["graph.gemm", "graph.transpose"], stores = [#fused.permuted<[2, 8, 4, 6], [0, 2, 1, 3]>]} -> tensor<2x4x8x6xf16> {
// CHECK-NEXT:    ^bb0(%acc: f32):
// CHECK-NEXT:      fused.yield %acc : f32
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %heads
// REMARK: {"kind": "passed", "pass_name": "fold-into-store", "op": "fused.transpose", {{.*}}, "message": "fused.gemm stores permuted<[2, 8, 4, 6], [0, 2, 1, 3]> instead", 
func.func @heads(%x: tensor<16x16xf16>, %w: tensor<16x24xf16>) -> tensor<2x4x8x6xf16> {
  %y = fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x24xf16>) {fused.origin = ["graph.gemm"]} -> tensor<16x24xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %view = fused.reshape %y : tensor<16x24xf16> -> tensor<2x8x4x6xf16>
  %heads = fused.transpose(%view : tensor<2x8x4x6xf16>) {permutation = array<i64: 0, 2, 1, 3>, fused.origin = ["graph.transpose"]} -> tensor<2x4x8x6xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %heads : tensor<2x4x8x6xf16>
}

// -----

// The parts of a product of several weights are outputs of their own, each in the shape that it had.

// CHECK-LABEL: @parts
// CHECK-NEXT:    %q, %k = fused.gemm(%x, %w : {{.*}}) {stores = [#fused.columns<0, 8>, #fused.columns<8, 16>]} -> tensor<16x8xf16>, tensor<16x16xf16> {
// CHECK-NEXT:    ^bb0(%acc: f32):
// CHECK-NEXT:      [[MINUS:%.*]] = arith.negf %acc : f32
// CHECK-NEXT:      fused.yield [[MINUS]], [[MINUS]] : f32, f32
// CHECK-NEXT:    }
// CHECK-NEXT:    %q_1 = fused.reshape %q : tensor<16x8xf16> -> tensor<2x8x8xf16>
// CHECK-NEXT:    func.return %q_1, %k
// REMARK-NEXT: "fused.gemm stores columns<0, 8> instead"
// REMARK-NEXT: "fused.gemm stores columns<8, 16> instead"
func.func @parts(%x: tensor<16x16xf16>, %w: tensor<16x24xf16>) -> (tensor<2x8x8xf16>, tensor<16x16xf16>) {
  %y = fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x24xf16>) -> tensor<16x24xf16> {
  ^bb0(%acc: f32):
    %0 = arith.negf %acc : f32
    fused.yield %0 : f32
  }
  %view = fused.reshape %y : tensor<16x24xf16> -> tensor<2x8x24xf16>
  %q = fused.slice(%view : tensor<2x8x24xf16>) {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 2, 8, 8>, strides = array<i64: 1, 1, 1>} -> tensor<2x8x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %k = fused.slice(%y : tensor<16x24xf16>) {offsets = array<i64: 0, 8>, sizes = array<i64: 16, 16>, strides = array<i64: 1, 1>} -> tensor<16x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %q, %k : tensor<2x8x8xf16>, tensor<16x16xf16>
}

// -----

// What is computed on the elements of a part alone becomes part of its output's value.

// CHECK-LABEL: @activations
// CHECK-NEXT:    %r, %c = fused.gemm(%x, %w : {{.*}}) {stores = [#fused.columns<0, 8>, #fused.columns<8, 16>]} -> tensor<16x8xf16>, tensor<16x16xf32> {
// CHECK-NEXT:    ^bb0(%acc: f32):
// CHECK-NEXT:      [[R:%.*]] = math.tanh %acc : f32
// CHECK-NEXT:      fused.yield [[R]], %acc : f32, f32
// REMARK-NEXT: "fused.gemm stores columns<0, 8> instead"
// REMARK-NEXT: "fused.gemm stores columns<8, 16> instead"
func.func @activations(%x: tensor<16x16xf16>, %w: tensor<16x24xf16>) -> (tensor<16x8xf16>, tensor<16x16xf32>) {
  %y = fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x24xf16>) -> tensor<16x24xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %r = fused.slice(%y : tensor<16x24xf16>) {offsets = array<i64: 0, 0>, sizes = array<i64: 16, 8>, strides = array<i64: 1, 1>} -> tensor<16x8xf16> {
  ^bb0(%acc: f32):
    %0 = math.tanh %acc : f32
    fused.yield %0 : f32
  }
  %c = fused.slice(%y : tensor<16x24xf16>) {offsets = array<i64: 0, 8>, sizes = array<i64: 16, 16>, strides = array<i64: 1, 1>} -> tensor<16x16xf32> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %r, %c : tensor<16x8xf16>, tensor<16x16xf32>
}

// -----

// Of several outputs each is stored in its own way.

// CHECK-LABEL: @outputs
// CHECK-NEXT:    %a, %b = fused.conv2d({{.*}}) {stores = [#fused.padded<8>, #fused.elements]} -> tensor<1x4x4x8xf16>, tensor<1x4x4x5xf16> {
// CHECK:         func.return %a, %b
// REMARK-NEXT: "fused.conv2d stores padded<8> instead"
func.func @outputs(%x: tensor<1x4x4x8xf16>, %w: tensor<5x1x1x8xf16>) -> (tensor<1x4x4x8xf16>, tensor<1x4x4x5xf16>) {
  %y, %b = fused.conv2d(%x, %w : tensor<1x4x4x8xf16>, tensor<5x1x1x8xf16>) -> tensor<1x4x4x5xf16>, tensor<1x4x4x5xf16> {
  ^bb0(%acc: f32):
    %0 = arith.negf %acc : f32
    fused.yield %0, %acc : f32, f32
  }
  %a = fused.pad(%y : tensor<1x4x4x5xf16>) {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 0, 0, 3>} -> tensor<1x4x4x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %a, %b : tensor<1x4x4x8xf16>, tensor<1x4x4x5xf16>
}

// -----

// Convolutions write their channels straight into the channels of the whole.

// CHECK-LABEL: @concat
// CHECK:         fused.concat(%a, %b : {{.*}}) {axis = -1 : i64, in_place = [true, true]}
// REMARK-NEXT: "op": "fused.concat", {{.*}} "its 2 inputs are written in place"
func.func @concat(%x: tensor<1x4x4x8xf16>, %v: tensor<8x1x1x8xf16>, %w: tensor<16x1x1x8xf16>) -> tensor<1x4x4x24xf16> {
  %a = fused.conv2d(%x, %v : tensor<1x4x4x8xf16>, tensor<8x1x1x8xf16>) -> tensor<1x4x4x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %b = fused.conv2d(%x, %w : tensor<1x4x4x8xf16>, tensor<16x1x1x8xf16>) -> tensor<1x4x4x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %y = fused.concat(%a, %b : tensor<1x4x4x8xf16>, tensor<1x4x4x16xf16>) {axis = -1 : i64} -> tensor<1x4x4x24xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y : tensor<1x4x4x24xf16>
}

// -----

// One input that no product computes is copied, and the others with it. Along another axis than the first that has
// several entries or the last, an input has no one place.

// CHECK-LABEL: @copied_concats
// CHECK:         fused.concat(%a, %x : {{.*}}) {axis = 1 : i64} -> tensor<16x32xf16>
// CHECK:         fused.concat(%b, %b : {{.*}}) {axis = 1 : i64} -> tensor<2x16x16xf16>
// REMARK-NEXT: "its inputs are not written in place: input 1 would be copied in any case, since no matrix product or convolution computes it"
// REMARK-NEXT: "its inputs are not written in place: along axis 1 of [2, 16, 16] an input lies in several pieces of several rows"
func.func @copied_concats(%x: tensor<16x16xf16>, %z: tensor<2x8x16xf16>, %w: tensor<16x16xf16>) -> (tensor<16x32xf16>, tensor<2x16x16xf16>) {
  %a = fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x16xf16>) -> tensor<16x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %y = fused.concat(%a, %x : tensor<16x16xf16>, tensor<16x16xf16>) {axis = 1 : i64} -> tensor<16x32xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %b = fused.gemm(%z, %w : tensor<2x8x16xf16>, tensor<16x16xf16>) -> tensor<2x8x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %t = fused.concat(%b, %b : tensor<2x8x16xf16>, tensor<2x8x16xf16>) {axis = 1 : i64} -> tensor<2x16x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %y, %t : tensor<16x32xf16>, tensor<2x16x16xf16>
}

// -----

// What stays: a transpose that takes rows apart into single elements, a slice of rows, a slice beside another use, a
// slice that loads another tensor, and zeros in front.

// CHECK-LABEL: @unfolded
// CHECK-COUNT-5: fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x24xf16>) -> tensor<16x24xf16> {
// REMARK-NEXT: "op": "fused.transpose", {{.*}} "not folded into the store of fused.gemm: neighbours in a row would be stored apart from each other, one by one"
// REMARK-NEXT: "op": "fused.slice", {{.*}} "not folded into the store of fused.gemm: the slice is no range of columns"
// REMARK-NEXT: "op": "fused.slice", {{.*}} "not folded into the store of fused.gemm: func.return needs the whole result, too"
// REMARK-NEXT: "op": "fused.slice", {{.*}} "not folded into the store of fused.gemm: fused.slice computes on more than what it moves"
// REMARK-NEXT: "op": "fused.pad", {{.*}} "not folded into the store of fused.gemm: more is padded than zeros behind the last column"
func.func @unfolded(%x: tensor<16x16xf16>, %w: tensor<16x24xf16>) -> (tensor<24x16xf16>, tensor<8x24xf16>, tensor<16x24xf16>, tensor<16x8xf16>, tensor<16x8xf16>, tensor<16x26xf16>) {
  %a = fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x24xf16>) -> tensor<16x24xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %turned = fused.transpose(%a : tensor<16x24xf16>) {permutation = array<i64: 1, 0>} -> tensor<24x16xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %b = fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x24xf16>) -> tensor<16x24xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %rows = fused.slice(%b : tensor<16x24xf16>) {offsets = array<i64: 0, 0>, sizes = array<i64: 8, 24>, strides = array<i64: 1, 1>} -> tensor<8x24xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %c = fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x24xf16>) -> tensor<16x24xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %part = fused.slice(%c : tensor<16x24xf16>) {offsets = array<i64: 0, 0>, sizes = array<i64: 16, 8>, strides = array<i64: 1, 1>} -> tensor<16x8xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %d = fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x24xf16>) -> tensor<16x24xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %sum = fused.slice(%d : tensor<16x24xf16>) epilogue(%part : tensor<16x8xf16>) [full] {offsets = array<i64: 0, 0>, sizes = array<i64: 16, 8>, strides = array<i64: 1, 1>} -> tensor<16x8xf16> {
  ^bb0(%acc: f32, %other: f32):
    %0 = arith.addf %acc, %other : f32
    fused.yield %0 : f32
  }
  %e = fused.gemm(%x, %w : tensor<16x16xf16>, tensor<16x24xf16>) -> tensor<16x24xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  %padded = fused.pad(%e : tensor<16x24xf16>) {low = array<i64: 0, 2>, high = array<i64: 0, 0>} -> tensor<16x26xf16> {
  ^bb0(%acc: f32):
    fused.yield %acc : f32
  }
  func.return %turned, %rows, %c, %part, %sum, %padded : tensor<24x16xf16>, tensor<8x24xf16>, tensor<16x24xf16>, tensor<16x8xf16>, tensor<16x8xf16>, tensor<16x26xf16>
}
