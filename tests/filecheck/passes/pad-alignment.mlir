// RUN: bolt-opt %s --split-input-file -p 'pad-alignment{force=true}' | filecheck %s

// Rows that a product sums over get zeros: those of weights once and for all.

func.func @product(%x: tensor<64x77xf16>) -> tensor<64x256xf16> {
  %w = graph.weight @w : tensor<77x256xf16>
  %y = graph.gemm %x, %w : (tensor<64x77xf16>, tensor<77x256xf16>) -> tensor<64x256xf16>
  func.return %y : tensor<64x256xf16>
}
// CHECK-LABEL: @product
// CHECK:         [[X:%.*]] = graph.pad %x {low = array<i64: 0, 0>, high = array<i64: 0, 3>}
// CHECK-NEXT:    [[W:%.*]] = graph.pad %w {low = array<i64: 0, 0>, high = array<i64: 3, 0>}
// CHECK-NEXT:    %y = graph.gemm [[X]], [[W]] : (tensor<64x80xf16>, tensor<80x256xf16>)

// -----

// The columns of a weight get zeros, and what they add to the result is cut off.

func.func @columns(%x: tensor<64x256xf16>) -> tensor<64x333xf16> {
  %w = graph.weight @w : tensor<256x333xf16>
  %y = graph.gemm %x, %w : (tensor<64x256xf16>, tensor<256x333xf16>) -> tensor<64x333xf16>
  func.return %y : tensor<64x333xf16>
}
// CHECK-LABEL: @columns
// CHECK:         [[W:%.*]] = graph.pad %w {low = array<i64: 0, 0>, high = array<i64: 0, 3>}
// CHECK-NEXT:    %y = graph.gemm %x, [[W]]
// CHECK-NEXT:    graph.slice %y {offsets = array<i64: 0, 0>, sizes = array<i64: 64, 333>, strides = array<i64: 1, 1>}

// -----

// The same for channels of convolutions. Between them rows stay padded: the chain pads once and cuts off once.

func.func @chain(%x: tensor<1x8x8x46xf16>) -> tensor<1x8x8x46xf16> {
  %v = graph.weight @v : tensor<46x3x3x46xf16>
  %b = graph.weight @b : tensor<46xf16>
  %w = graph.weight @w : tensor<46x1x1x46xf16>
  %0 = graph.conv2d %x, %v {padding = array<i64: 1, 1, 1, 1>, layout = #graph<layout nhwc>} : (tensor<1x8x8x46xf16>, tensor<46x3x3x46xf16>) -> tensor<1x8x8x46xf16>
  %1 = graph.bias_add %0, %b {axis = 3} : (tensor<1x8x8x46xf16>, tensor<46xf16>) -> tensor<1x8x8x46xf16>
  %2 = graph.relu %1 : (tensor<1x8x8x46xf16>) -> tensor<1x8x8x46xf16>
  %3 = graph.conv2d %2, %w {layout = #graph<layout nhwc>} : (tensor<1x8x8x46xf16>, tensor<46x1x1x46xf16>) -> tensor<1x8x8x46xf16>
  %4 = graph.add %3, %2 : (tensor<1x8x8x46xf16>, tensor<1x8x8x46xf16>) -> tensor<1x8x8x46xf16>
  func.return %4 : tensor<1x8x8x46xf16>
}
// CHECK-LABEL: @chain
// CHECK:         graph.pad %x {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 0, 0, 2>}
// CHECK-COUNT-2: graph.pad {{.*}} : (tensor<46x3x3x4
// CHECK:         graph.conv2d {{.*}} -> tensor<1x8x8x48xf16>
// CHECK-NEXT:    graph.pad %b {low = array<i64: 0>, high = array<i64: 2>}
// CHECK-NEXT:    graph.bias_add
// CHECK-NEXT:    graph.relu
// CHECK-COUNT-2: graph.pad {{.*}} : (tensor<46x1x1x4
// CHECK:         graph.conv2d {{.*}} -> tensor<1x8x8x48xf16>
// CHECK-NEXT:    graph.add
// CHECK-NEXT:    graph.slice {{.*}} sizes = array<i64: 1, 8, 8, 46>
// CHECK-NEXT:    func.return

// -----

// Rows of both operands of a batched product are padded together, whatever computes them.

func.func @batched(%q: tensor<2x40x46xf16>, %k: tensor<2x40x46xf16>) -> tensor<2x40x40xf16> {
  %0 = graph.relu %k : (tensor<2x40x46xf16>) -> tensor<2x40x46xf16>
  %1 = graph.batch_matmul %q, %0 {transpose_b = true} : (tensor<2x40x46xf16>, tensor<2x40x46xf16>) -> tensor<2x40x40xf16>
  func.return %1 : tensor<2x40x40xf16>
}
// CHECK-LABEL: @batched
// CHECK:         [[K:%.*]] = graph.pad %k {low = array<i64: 0, 0, 0>, high = array<i64: 0, 0, 2>}
// CHECK-NEXT:    [[R:%.*]] = graph.relu [[K]]
// CHECK-NEXT:    [[Q:%.*]] = graph.pad %q {low = array<i64: 0, 0, 0>, high = array<i64: 0, 0, 2>}
// CHECK-NEXT:    graph.batch_matmul [[Q]], [[R]] {transpose_b = true}

// -----

// A right operand of longer rows gives longer rows; where it is read along its columns, it gets rows of zeros.

func.func @right_operand(%x: tensor<2x64x46xf16>, %y: tensor<2x46x30xf16>) -> tensor<2x64x30xf16> {
  %0 = graph.batch_matmul %x, %y : (tensor<2x64x46xf16>, tensor<2x46x30xf16>) -> tensor<2x64x30xf16>
  func.return %0 : tensor<2x64x30xf16>
}
// CHECK-LABEL: @right_operand
// CHECK:         [[X:%.*]] = graph.pad %x {{.*}} high = array<i64: 0, 0, 2>
// CHECK-NEXT:    [[Y:%.*]] = graph.pad %y {{.*}} high = array<i64: 0, 0, 2>
// CHECK-NEXT:    [[Z:%.*]] = graph.pad [[Y]] {{.*}} high = array<i64: 0, 2, 0>
// CHECK-NEXT:    [[R:%.*]] = graph.batch_matmul [[X]], [[Z]]
// CHECK-NEXT:    graph.slice [[R]] {{.*}} sizes = array<i64: 2, 64, 30>

// -----

// One tensor as both operands: its rows are summed over as the right one, and counted by the result's rows as the left one.

func.func @both_operands(%x: tensor<46x46xf16>) -> tensor<46x46xf16> {
  %0 = graph.gemm %x, %x {transpose_a = true, transpose_b = true} : (tensor<46x46xf16>, tensor<46x46xf16>) -> tensor<46x46xf16>
  func.return %0 : tensor<46x46xf16>
}
// CHECK-LABEL: @both_operands
// CHECK-DAG:     [[L:%.*]] = graph.pad %x {{.*}} -> tensor<48x46xf16>
// CHECK-DAG:     [[R:%.*]] = graph.pad %x {{.*}} -> tensor<46x48xf16>
// CHECK:         graph.gemm [[L]], [[R]] {{.*}} -> tensor<46x46xf16>

// -----

// A concat along the rows joins zeros, too; rows of a table of weights are padded in the table.

func.func @makers(%x: tensor<64x20xf16>, %y: tensor<64x26xf16>, %ids: tensor<64xi64>) -> (tensor<64x64xf16>, tensor<64x64xf16>) {
  %w = graph.weight @w : tensor<46x64xf16>
  %0 = graph.concat %x, %y {axis = 1} : (tensor<64x20xf16>, tensor<64x26xf16>) -> tensor<64x46xf16>
  %1 = graph.gemm %0, %w : (tensor<64x46xf16>, tensor<46x64xf16>) -> tensor<64x64xf16>
  %table = graph.weight @table : tensor<1000x46xf16>
  %2 = graph.gather %table, %ids : (tensor<1000x46xf16>, tensor<64xi64>) -> tensor<64x46xf16>
  %3 = graph.gemm %2, %w : (tensor<64x46xf16>, tensor<46x64xf16>) -> tensor<64x64xf16>
  func.return %1, %3 : tensor<64x64xf16>, tensor<64x64xf16>
}
// CHECK-LABEL: @makers
// CHECK:         [[ZEROS:%.*]] = graph.constant {{.*}} : tensor<64x2xf16>
// CHECK-NEXT:    graph.concat %x, %y, [[ZEROS]] {axis = 1 : i64}
// CHECK:         [[TABLE:%.*]] = graph.pad %table {low = array<i64: 0, 0>, high = array<i64: 0, 2>}
// CHECK-NEXT:    graph.gather [[TABLE]], %ids

// -----

// A depthwise convolution filters channels of zeros with zeros.

func.func @depthwise(%x: tensor<1x8x8x12xf16>) -> tensor<1x8x8x64xf16> {
  %v = graph.weight @v : tensor<12x3x3x1xf16>
  %w = graph.weight @w : tensor<64x1x1x12xf16>
  %0 = graph.conv2d %x, %v {padding = array<i64: 1, 1, 1, 1>, groups = 12, layout = #graph<layout nhwc>} : (tensor<1x8x8x12xf16>, tensor<12x3x3x1xf16>) -> tensor<1x8x8x12xf16>
  %1 = graph.conv2d %0, %w {layout = #graph<layout nhwc>} : (tensor<1x8x8x12xf16>, tensor<64x1x1x12xf16>) -> tensor<1x8x8x64xf16>
  func.return %1 : tensor<1x8x8x64xf16>
}
// CHECK-LABEL: @depthwise
// CHECK:         graph.pad %x
// CHECK-NEXT:    graph.pad %v {low = array<i64: 0, 0, 0, 0>, high = array<i64: 4, 0, 0, 0>}
// CHECK-NEXT:    graph.conv2d {{.*}} groups = 16

// -----

// Attention reads columns of longer rows, and a sum over rows that end in zeros stays what it is.

func.func @tolerant(%x: tensor<1x64x64xf16>) -> (tensor<1x64x32xf16>, tensor<1x64x1xf16>, tensor<1x64x64xf16>) {
  %w = graph.weight @w : tensor<64x100xf16>
  %0 = graph.batch_matmul %x, %w : (tensor<1x64x64xf16>, tensor<64x100xf16>) -> tensor<1x64x100xf16>
  %1 = graph.attention %0, %0, %0 {heads = 1, head_dim = 32, offsets = array<i64: 0, 32, 64>, scale = 1.0 : f32} : (tensor<1x64x100xf16>, tensor<1x64x100xf16>, tensor<1x64x100xf16>) -> tensor<1x64x32xf16>
  %2 = graph.reduce_sum %0 {axes = array<i64: 2>} : (tensor<1x64x100xf16>) -> tensor<1x64x1xf16>
  %v = graph.weight @v : tensor<100x64xf16>
  %3 = graph.batch_matmul %0, %v : (tensor<1x64x100xf16>, tensor<100x64xf16>) -> tensor<1x64x64xf16>
  func.return %1, %2, %3 : tensor<1x64x32xf16>, tensor<1x64x1xf16>, tensor<1x64x64xf16>
}
// CHECK-LABEL: @tolerant
// CHECK-NOT:     graph.slice
// CHECK:         func.return

// -----

// What stays as it is: aligned, grouped and channels-first operations, and rows that no product reads or computes.

func.func @aligned(%x: tensor<64x64xf16>) -> tensor<64x64xf16> {
  %w = graph.weight @w : tensor<64x64xf16>
  %y = graph.gemm %x, %w : (tensor<64x64xf16>, tensor<64x64xf16>) -> tensor<64x64xf16>
  func.return %y : tensor<64x64xf16>
}

func.func @grouped(%x: tensor<1x8x8x12xf16>) -> tensor<1x8x8x12xf16> {
  %w = graph.weight @w : tensor<12x1x1x6xf16>
  %y = graph.conv2d %x, %w {groups = 2, layout = #graph<layout nhwc>} : (tensor<1x8x8x12xf16>, tensor<12x1x1x6xf16>) -> tensor<1x8x8x12xf16>
  func.return %y : tensor<1x8x8x12xf16>
}

func.func @channels_first(%x: tensor<1x3x32x30xf16>) -> tensor<1x8x30x28xf16> {
  %w = graph.weight @w : tensor<8x3x3x3xf16>
  %y = graph.conv2d %x, %w : (tensor<1x3x32x30xf16>, tensor<8x3x3x3xf16>) -> tensor<1x8x30x28xf16>
  func.return %y : tensor<1x8x30x28xf16>
}

func.func @rows_only(%x: tensor<64x46xf16>) -> tensor<64x46xf16> {
  %y = graph.relu %x : (tensor<64x46xf16>) -> tensor<64x46xf16>
  func.return %y : tensor<64x46xf16>
}
// CHECK-LABEL: @aligned
// CHECK-NOT:     graph.pad
