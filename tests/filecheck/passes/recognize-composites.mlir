// RUN: bolt-opt %s --split-input-file -p recognize-composites --remarks=- 2>&1 | filecheck %s

func.func @hard_swish(%x: tensor<4xf32>) -> tensor<4xf32> {
  %three = graph.constant dense<3.0> : tensor<f32>
  %six = graph.constant dense<6.0> : tensor<f32>
  %a = graph.add %x, %three : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %b = graph.clip %a {min = 0.0 : f32, max = 6.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %c = graph.mul %x, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %d = graph.div %c, %six : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  func.return %d : tensor<4xf32>
}
// CHECK-LABEL: @hard_swish
// CHECK-NEXT:    %d = graph.hard_swish %x
// CHECK-NEXT:    func.return %d

// -----

// The constants may be rounded, and stand on either side.

func.func @hard_swish_rounded(%x: tensor<4xf32>) -> tensor<4xf32> {
  %three = graph.constant dense<3.0> : tensor<4xf32>
  %sixth = graph.constant dense<0.166666> : tensor<f32>
  %a = graph.add %three, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %b = graph.clip %a {min = 0.0 : f32, max = 6.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %c = graph.mul %sixth, %b : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %d = graph.mul %c, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %d : tensor<4xf32>
}
// CHECK-LABEL: @hard_swish_rounded
// CHECK-NEXT:    %d = graph.hard_swish %x
// CHECK-NEXT:    func.return %d

// -----

func.func @hard_swish_of_hard_sigmoid(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = graph.hard_sigmoid %x {alpha = 0.16666667 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %b = graph.mul %a, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}
// CHECK-LABEL: @hard_swish_of_hard_sigmoid
// CHECK-NEXT:    %b = graph.hard_swish %x
// CHECK-NEXT:    func.return %b

// -----

func.func @other_slope(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = graph.hard_sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %b = graph.mul %a, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}
// CHECK-LABEL: @other_slope
// CHECK-NEXT:    graph.hard_sigmoid
// CHECK-NEXT:    graph.mul

// -----

func.func @other_value(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %a = graph.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %b = graph.mul %a, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}
// CHECK-LABEL: @other_value
// CHECK-NEXT:    graph.sigmoid
// CHECK-NEXT:    graph.mul

// -----

func.func @hard_sigmoid(%x: tensor<4xf32>) -> tensor<4xf32> {
  %slope = graph.constant dense<1.2> : tensor<f32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %six = graph.constant dense<6.0> : tensor<f32>
  %s = graph.mul %x, %slope : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %a = graph.add %s, %three : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %b = graph.clip %a {min = 0.0 : f32, max = 6.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %c = graph.div %b, %six : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  func.return %c : tensor<4xf32>
}
// CHECK-LABEL: @hard_sigmoid
// CHECK-NEXT:    %c = graph.hard_sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    func.return %c

// -----

// relu6 stays a clip.

func.func @relu6(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = graph.clip %x {min = 0.0 : f32, max = 6.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  func.return %a : tensor<4xf32>
}
// CHECK-LABEL: @relu6
// CHECK-NEXT:    graph.clip

// -----

func.func @silu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = graph.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %b = graph.mul %x, %a : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %b : tensor<4xf32>
}
// CHECK-LABEL: @silu
// CHECK-NEXT:    graph.silu %x

// -----

func.func @silu_as_quotient(%x: tensor<4xf32>) -> tensor<4xf32> {
  %one = graph.constant dense<1.0> : tensor<f32>
  %n = graph.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %e = graph.exp %n : (tensor<4xf32>) -> tensor<4xf32>
  %d = graph.add %e, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %y = graph.div %x, %d : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}
// CHECK-LABEL: @silu_as_quotient
// CHECK-NEXT:    graph.silu %x

// -----

func.func @mish(%x: tensor<4xf32>) -> tensor<4xf32> {
  %one = graph.constant dense<1.0> : tensor<f32>
  %e = graph.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %s = graph.add %e, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %l = graph.log %s : (tensor<4xf32>) -> tensor<4xf32>
  %t = graph.tanh %l : (tensor<4xf32>) -> tensor<4xf32>
  %y = graph.mul %x, %t : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %y : tensor<4xf32>
}
// CHECK-LABEL: @mish
// CHECK-NEXT:    graph.mish %x

// -----

func.func @gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %root = graph.constant dense<1.41421354> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %a = graph.div %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %b = graph.erf %a : (tensor<4xf32>) -> tensor<4xf32>
  %c = graph.add %b, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %d = graph.mul %x, %c : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %e = graph.mul %d, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  func.return %e : tensor<4xf32>
}
// CHECK-LABEL: @gelu
// CHECK-NEXT:    graph.gelu %x :

// -----

func.func @gelu_tanh(%x: tensor<4xf32>) -> tensor<4xf32> {
  %k = graph.constant dense<0.044715> : tensor<f32>
  %root = graph.constant dense<0.797884583> : tensor<f32>
  %three = graph.constant dense<3.0> : tensor<f32>
  %one = graph.constant dense<1.0> : tensor<f32>
  %half = graph.constant dense<0.5> : tensor<f32>
  %p = graph.pow %x, %three : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %q = graph.mul %p, %k : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %r = graph.add %x, %q : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %s = graph.mul %r, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %t = graph.tanh %s : (tensor<4xf32>) -> tensor<4xf32>
  %u = graph.add %one, %t : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %v = graph.mul %x, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %w = graph.mul %v, %u : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  func.return %w : tensor<4xf32>
}
// CHECK-LABEL: @gelu_tanh
// CHECK-NEXT:    graph.gelu %x {approximation = #graph<gelu_approximation tanh>}

// -----

func.func @layer_norm(%x: tensor<2x3x4xf32>, %s: tensor<4xf32>, %b: tensor<1x1x4xf32>) -> tensor<2x3x4xf32> {
  %two = graph.constant dense<2.0> : tensor<f32>
  %e = graph.constant dense<0.5> : tensor<f32>
  %m = graph.reduce_mean %x {axes = array<i64: -1>} : (tensor<2x3x4xf32>) -> tensor<2x3x1xf32>
  %d = graph.sub %x, %m : (tensor<2x3x4xf32>, tensor<2x3x1xf32>) -> tensor<2x3x4xf32>
  %q = graph.pow %d, %two : (tensor<2x3x4xf32>, tensor<f32>) -> tensor<2x3x4xf32>
  %v = graph.reduce_mean %q {axes = array<i64: 2>} : (tensor<2x3x4xf32>) -> tensor<2x3x1xf32>
  %w = graph.add %v, %e : (tensor<2x3x1xf32>, tensor<f32>) -> tensor<2x3x1xf32>
  %r = graph.sqrt %w : (tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  %n = graph.div %d, %r : (tensor<2x3x4xf32>, tensor<2x3x1xf32>) -> tensor<2x3x4xf32>
  %t = graph.mul %n, %s : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  %y = graph.add %t, %b : (tensor<2x3x4xf32>, tensor<1x1x4xf32>) -> tensor<2x3x4xf32>
  func.return %y : tensor<2x3x4xf32>
}
// CHECK-LABEL: @layer_norm
// CHECK-NEXT:    [[B:%.*]] = graph.reshape %b {shape_to = array<i64: 4>}
// CHECK-NEXT:    graph.layer_norm %x, %s, [[B]] {axis = 2 : i64, epsilon = 5.000000e-01 : f32}
// CHECK-NEXT:    func.return

// -----

// A scale that is not one number per normalised element stays a product; then no bias is taken in either.

func.func @layer_norm_alone(%x: tensor<2x4x4xf32>, %s: tensor<4x4xf32>, %b: tensor<4xf32>) -> tensor<2x4x4xf32> {
  %e = graph.constant dense<0.5> : tensor<f32>
  %m = graph.reduce_mean %x {axes = array<i64: -1>} : (tensor<2x4x4xf32>) -> tensor<2x4x1xf32>
  %d = graph.sub %x, %m : (tensor<2x4x4xf32>, tensor<2x4x1xf32>) -> tensor<2x4x4xf32>
  %q = graph.mul %d, %d : (tensor<2x4x4xf32>, tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
  %v = graph.reduce_mean %q {axes = array<i64: 2>} : (tensor<2x4x4xf32>) -> tensor<2x4x1xf32>
  %w = graph.add %v, %e : (tensor<2x4x1xf32>, tensor<f32>) -> tensor<2x4x1xf32>
  %r = graph.rsqrt %w : (tensor<2x4x1xf32>) -> tensor<2x4x1xf32>
  %n = graph.mul %d, %r : (tensor<2x4x4xf32>, tensor<2x4x1xf32>) -> tensor<2x4x4xf32>
  %t = graph.mul %n, %s : (tensor<2x4x4xf32>, tensor<4x4xf32>) -> tensor<2x4x4xf32>
  %y = graph.add %t, %b : (tensor<2x4x4xf32>, tensor<4xf32>) -> tensor<2x4x4xf32>
  func.return %y : tensor<2x4x4xf32>
}
// CHECK-LABEL: @layer_norm_alone
// CHECK-NEXT:    [[ONE:%.*]] = graph.constant dense<1.000000e+00> : tensor<4xf32>
// CHECK-NEXT:    [[ZERO:%.*]] = graph.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT:    [[N:%.*]] = graph.layer_norm %x, [[ONE]], [[ZERO]] {axis = 2 : i64, epsilon = 5.000000e-01 : f32}
// CHECK-NEXT:    [[T:%.*]] = graph.mul [[N]], %s
// CHECK-NEXT:    graph.add [[T]], %b

// -----

// The mean must be over the last dimensions.

func.func @no_layer_norm(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %e = graph.constant dense<0.5> : tensor<f32>
  %m = graph.reduce_mean %x {axes = array<i64: 0>} : (tensor<4x2xf32>) -> tensor<1x2xf32>
  %d = graph.sub %x, %m : (tensor<4x2xf32>, tensor<1x2xf32>) -> tensor<4x2xf32>
  %q = graph.mul %d, %d : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  %v = graph.reduce_mean %q {axes = array<i64: 0>} : (tensor<4x2xf32>) -> tensor<1x2xf32>
  %w = graph.add %v, %e : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
  %r = graph.rsqrt %w : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %n = graph.mul %d, %r : (tensor<4x2xf32>, tensor<1x2xf32>) -> tensor<4x2xf32>
  func.return %n : tensor<4x2xf32>
}
// CHECK-LABEL: @no_layer_norm
// CHECK-NOT:     graph.layer_norm

// CHECK:      passed: [recognize-composites] graph.div: recognised graph.hard_swish
// CHECK:      passed: [recognize-composites] graph.div: recognised graph.layer_norm
// CHECK-NEXT: passed: [recognize-composites] graph.mul: recognised graph.layer_norm
