// Every operation of the `graph` dialect. Without comments and blank lines this file is exactly what bolt-opt prints.
//
// RUN: grep -v '^ *//' %s | grep . > %t.expected
// RUN: bolt-opt %s | grep . | diff %t.expected -
// RUN: bolt-opt --print-op-generic %s | bolt-opt | grep . | diff %t.expected -
//
// The generic form is MLIR: mlir-opt reads it, and what mlir-opt writes is the same module.
// RUN: bolt-opt --print-op-generic %s | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic > %t.mlir
// RUN: bolt-opt --print-op-generic %t.mlir | mlir-opt --allow-unregistered-dialect --mlir-print-op-generic | diff %t.mlir -

builtin.module {

  // Weights are symbols, small constants are text.
  func.func @values() {
    %w = graph.weight @conv1.weight : tensor<64x3x7x7xf16>
    %odd = graph.weight @"a \22name\22 of any kind" : tensor<4xbf16>
    %c = graph.constant dense<[1.000000e+00, -2.500000e+00]> : tensor<2xf32>
    %i = graph.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi64>
    %t = graph.constant dense<[true, false]> : tensor<2xi1>
    %s = graph.constant dense<5.000000e-01> : tensor<f16>
    func.return
  }

  // Unary functions keep shape and element type; abs, neg and relu take integers too.
  func.func @unary(%x: tensor<2x3xf32>, %i: tensor<4xi32>, %b: tensor<4xi1>) {
    %abs = graph.abs %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %ceil = graph.ceil %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %cos = graph.cos %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %elu = graph.elu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %erf = graph.erf %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %exp = graph.exp %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %floor = graph.floor %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %gelu = graph.gelu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %hard_sigmoid = graph.hard_sigmoid %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %hard_swish = graph.hard_swish %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %leaky_relu = graph.leaky_relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %log = graph.log %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %mish = graph.mish %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %neg = graph.neg %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %reciprocal = graph.reciprocal %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %relu = graph.relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %round = graph.round %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %rsqrt = graph.rsqrt %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %sigmoid = graph.sigmoid %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %sign = graph.sign %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %silu = graph.silu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %sin = graph.sin %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %softplus = graph.softplus %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %sqrt = graph.sqrt %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %tanh = graph.tanh %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %integers = graph.relu %i : (tensor<4xi32>) -> tensor<4xi32>
    %not = graph.not %b : (tensor<4xi1>) -> tensor<4xi1>
    func.return
  }

  // Parameters equal to their default are not printed.
  func.func @unary_parameters(%x: tensor<2x3xf32>) {
    %clip = graph.clip %x {min = 0.000000e+00 : f32, max = 6.000000e+00 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %clip_low = graph.clip %x {min = -1.000000e+00 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %elu = graph.elu %x {alpha = 5.000000e-01 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %gelu = graph.gelu %x {approximation = #graph<gelu_approximation tanh>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %hard_sigmoid = graph.hard_sigmoid %x {alpha = 2.500000e-01 : f32, beta = 1.000000e+00 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %leaky_relu = graph.leaky_relu %x {alpha = 5.000000e-01 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    func.return
  }

  // Conversions change the element type.
  func.func @casts(%x: tensor<4xf32>) {
    %half = graph.cast %x : (tensor<4xf32>) -> tensor<4xf16>
    %brain = graph.cast %x : (tensor<4xf32>) -> tensor<4xbf16>
    %integer = graph.cast %x : (tensor<4xf32>) -> tensor<4xi64>
    %byte = graph.cast %x : (tensor<4xf32>) -> tensor<4xi8>
    %truth = graph.cast %x : (tensor<4xf32>) -> tensor<4xi1>
    func.return
  }

  // Binary operations broadcast as numpy does.
  func.func @binary(%x: tensor<4x1x3xf32>, %y: tensor<2x3xf32>) {
    %add = graph.add %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xf32>
    %div = graph.div %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xf32>
    %maximum = graph.maximum %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xf32>
    %minimum = graph.minimum %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xf32>
    %mul = graph.mul %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xf32>
    %pow = graph.pow %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xf32>
    %prelu = graph.prelu %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xf32>
    %sub = graph.sub %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xf32>
    func.return
  }

  // Comparisons give truth values, which select.
  func.func @comparisons(%x: tensor<4x1x3xf32>, %y: tensor<2x3xf32>) {
    %equal = graph.equal %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xi1>
    %greater = graph.greater %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xi1>
    %greater_or_equal = graph.greater_or_equal %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xi1>
    %less = graph.less %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xi1>
    %less_or_equal = graph.less_or_equal %x, %y : (tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xi1>
    %and = graph.and %less, %equal : (tensor<4x2x3xi1>, tensor<4x2x3xi1>) -> tensor<4x2x3xi1>
    %or = graph.or %less, %equal : (tensor<4x2x3xi1>, tensor<4x2x3xi1>) -> tensor<4x2x3xi1>
    %where = graph.where %or, %x, %y : (tensor<4x2x3xi1>, tensor<4x1x3xf32>, tensor<2x3xf32>) -> tensor<4x2x3xf32>
    func.return
  }

  // 8-bit integers that stand for real numbers: one scale, or one per channel.
  func.func @quantization(%x: tensor<2x4x3xf16>, %scale: tensor<f32>, %scales: tensor<4x1xf32>, %zero: tensor<i8>, %zeros: tensor<4x1xi8>, %middle: tensor<ui8>) {
    %quantize = graph.quantize %x, %scale, %zero : (tensor<2x4x3xf16>, tensor<f32>, tensor<i8>) -> tensor<2x4x3xi8>
    %by_channel = graph.quantize %x, %scales, %zeros : (tensor<2x4x3xf16>, tensor<4x1xf32>, tensor<4x1xi8>) -> tensor<2x4x3xi8>
    %unsigned = graph.quantize %x, %scale, %middle : (tensor<2x4x3xf16>, tensor<f32>, tensor<ui8>) -> tensor<2x4x3xui8>
    %dequantize = graph.dequantize %by_channel, %scales, %zeros : (tensor<2x4x3xi8>, tensor<4x1xf32>, tensor<4x1xi8>) -> tensor<2x4x3xf32>
    func.return
  }

  // Matrix products.
  func.func @products(%a: tensor<8x16xf16>, %b: tensor<16x4xf16>, %c: tensor<4x16xf16>, %d: tensor<16x8xf16>, %e: tensor<5x1x8x16xf16>, %f: tensor<3x16x4xf16>, %bias: tensor<4xf16>) {
    %gemm = graph.gemm %a, %b : (tensor<8x16xf16>, tensor<16x4xf16>) -> tensor<8x4xf16>
    %gemm_tt = graph.gemm %d, %c {transpose_a = true, transpose_b = true} : (tensor<16x8xf16>, tensor<4x16xf16>) -> tensor<8x4xf16>
    %batched = graph.batch_matmul %e, %f : (tensor<5x1x8x16xf16>, tensor<3x16x4xf16>) -> tensor<5x3x8x4xf16>
    %broadcast = graph.batch_matmul %e, %c {transpose_b = true} : (tensor<5x1x8x16xf16>, tensor<4x16xf16>) -> tensor<5x1x8x4xf16>
    %biased = graph.bias_add %gemm, %bias : (tensor<8x4xf16>, tensor<4xf16>) -> tensor<8x4xf16>
    %last = graph.bias_add %batched, %bias {axis = -1 : i64} : (tensor<5x3x8x4xf16>, tensor<4xf16>) -> tensor<5x3x8x4xf16>
    func.return
  }

  // Convolutions in either layout; padding is [top, left, bottom, right].
  func.func @convolutions(%x: tensor<1x8x9x11xf16>, %w: tensor<16x8x3x3xf16>, %depthwise: tensor<8x1x3x3xf16>, %y: tensor<1x9x11x8xf16>, %krsc: tensor<16x3x3x8xf16>, %t: tensor<8x4x3x3xf16>) {
    %plain = graph.conv2d %x, %w : (tensor<1x8x9x11xf16>, tensor<16x8x3x3xf16>) -> tensor<1x16x7x9xf16>
    %strided = graph.conv2d %x, %w {strides = array<i64: 2, 1>, padding = array<i64: 1, 2, 0, 2>, dilations = array<i64: 1, 2>} : (tensor<1x8x9x11xf16>, tensor<16x8x3x3xf16>) -> tensor<1x16x4x11xf16>
    %grouped = graph.conv2d %x, %depthwise {groups = 8 : i64} : (tensor<1x8x9x11xf16>, tensor<8x1x3x3xf16>) -> tensor<1x8x7x9xf16>
    %nhwc = graph.conv2d %y, %krsc {layout = #graph<layout nhwc>} : (tensor<1x9x11x8xf16>, tensor<16x3x3x8xf16>) -> tensor<1x7x9x16xf16>
    %transposed = graph.conv_transpose2d %x, %t {strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>, groups = 2 : i64, output_padding = array<i64: 1, 0>} : (tensor<1x8x9x11xf16>, tensor<8x4x3x3xf16>) -> tensor<1x8x18x21xf16>
    func.return
  }

  // Pooling over windows and over whole images.
  func.func @pooling(%x: tensor<1x8x9x12xf32>, %y: tensor<1x9x12x8xf32>) {
    %max = graph.max_pool2d %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = array<i64: 1, 1, 1, 1>} : (tensor<1x8x9x12xf32>) -> tensor<1x8x5x6xf32>
    %ceil = graph.max_pool2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, ceil_mode = true} : (tensor<1x8x9x12xf32>) -> tensor<1x8x5x6xf32>
    %average = graph.avg_pool2d %x {kernel = array<i64: 2, 3>, dilations = array<i64: 2, 1>} : (tensor<1x8x9x12xf32>) -> tensor<1x8x7x10xf32>
    %padded = graph.avg_pool2d %y {kernel = array<i64: 2, 2>, padding = array<i64: 0, 0, 1, 1>, layout = #graph<layout nhwc>, count_include_pad = true} : (tensor<1x9x12x8xf32>) -> tensor<1x9x12x8xf32>
    %mean = graph.global_avg_pool2d %x : (tensor<1x8x9x12xf32>) -> tensor<1x8x1x1xf32>
    %peak = graph.global_max_pool2d %y {layout = #graph<layout nhwc>} : (tensor<1x9x12x8xf32>) -> tensor<1x1x1x8xf32>
    func.return
  }

  // Reductions.
  func.func @reductions(%x: tensor<2x3x4xf32>) {
    %sum = graph.reduce_sum %x {axes = array<i64: 0, 2>} : (tensor<2x3x4xf32>) -> tensor<1x3x1xf32>
    %mean = graph.reduce_mean %x {axes = array<i64: -1>, keepdims = false} : (tensor<2x3x4xf32>) -> tensor<2x3xf32>
    %max = graph.reduce_max %x {axes = array<i64: 1>} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
    %min = graph.reduce_min %x {axes = array<i64: 0, 1, 2>, keepdims = false} : (tensor<2x3x4xf32>) -> tensor<f32>
    func.return
  }

  // Normalisations.
  func.func @normalisations(%x: tensor<2x8x4x4xf32>, %v: tensor<8xf32>, %last: tensor<4xf32>, %image: tensor<4x4xf32>) {
    %batch = graph.batch_norm %x, %v, %v, %v, %v {epsilon = 1.000000e-03 : f32} : (tensor<2x8x4x4xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x8x4x4xf32>
    %layer = graph.layer_norm %x, %last, %last : (tensor<2x8x4x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x8x4x4xf32>
    %image_wise = graph.layer_norm %x, %image, %image {axis = -2 : i64} : (tensor<2x8x4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<2x8x4x4xf32>
    %softmax = graph.softmax %x {axis = 1 : i64} : (tensor<2x8x4x4xf32>) -> tensor<2x8x4x4xf32>
    func.return
  }

  // Movement: no arithmetic, any element type.
  func.func @movement(%x: tensor<2x6xi32>, %y: tensor<2x3xi32>, %indices: tensor<5x7xi64>, %image: tensor<1x4x4x8xf16>) {
    %reshape = graph.reshape %x {shape_to = array<i64: 3, 4>} : (tensor<2x6xi32>) -> tensor<3x4xi32>
    %transpose = graph.transpose %image {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x4x4x8xf16>) -> tensor<1x8x4x4xf16>
    %broadcast_to = graph.broadcast_to %x {shape_to = array<i64: 4, 2, 6>} : (tensor<2x6xi32>) -> tensor<4x2x6xi32>
    %concat = graph.concat %x, %y {axis = 1 : i64} : (tensor<2x6xi32>, tensor<2x3xi32>) -> tensor<2x9xi32>
    %slice = graph.slice %x {offsets = array<i64: 0, 5>, sizes = array<i64: 2, 3>, strides = array<i64: 1, -2>} : (tensor<2x6xi32>) -> tensor<2x3xi32>
    %pad = graph.pad %x {low = array<i64: 0, 1>, high = array<i64: 1, 0>, value = -1.000000e+00 : f32} : (tensor<2x6xi32>) -> tensor<3x7xi32>
    %reflect = graph.pad %x {low = array<i64: 1, 5>, high = array<i64: 0, 0>, mode = #graph<pad_mode reflect>} : (tensor<2x6xi32>) -> tensor<3x11xi32>
    %edge = graph.pad %x {low = array<i64: 9, 0>, high = array<i64: 0, 0>, mode = #graph<pad_mode edge>} : (tensor<2x6xi32>) -> tensor<11x6xi32>
    %gather = graph.gather %x, %indices {axis = 1 : i64} : (tensor<2x6xi32>, tensor<5x7xi64>) -> tensor<2x5x7xi32>
    %nearest = graph.resize %image {sizes = array<i64: 1, 8, 8, 8>, coordinate_transform = #graph<coordinate_transform asymmetric>, nearest_mode = #graph<nearest_mode floor>} : (tensor<1x4x4x8xf16>) -> tensor<1x8x8x8xf16>
    %unfold = graph.unfold %image {kernel = array<i64: 2, 3>, strides = array<i64: 2, 1>, padding = array<i64: 0, 1, 0, 1>, channels = 64 : i64} : (tensor<1x4x4x8xf16>) -> tensor<1x2x8x64xf16>
    %linear = graph.resize %image {sizes = array<i64: 1, 6, 2, 8>, mode = #graph<resize_mode linear>} : (tensor<1x4x4x8xf16>) -> tensor<1x6x2x8xf16>
    func.return
  }
}
