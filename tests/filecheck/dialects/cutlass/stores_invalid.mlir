// RUN: bolt-opt --verify-diagnostics --split-input-file %s | filecheck %s

// CHECK: 'cutlass.kernel': the template reduce has no padded store
cutlass.kernel @k "sm_80" #cutlass.reduce<vector = 2, rank = 0, general = [], kind = max, algorithm = row, lanes = 4> [f32] -> [f32] attributes {stores = [#cutlass.store<padded>]} {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': 1 outputs need as many stores, got 2
cutlass.kernel @k "sm_80" #cutlass.reduce<vector = 2, rank = 0, general = [], kind = max, algorithm = row, lanes = 4> [f32] -> [f32] attributes {stores = [#cutlass.store<elements>, #cutlass.store<elements>]} {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': the epilogue takes (f32), this kernel gives (f32, f32)
cutlass.kernel @k "sm_80" #cutlass.reduce<vector = 2, rank = 0, general = [], kind = max, algorithm = row, lanes = 4> [f32] -> [f32] attributes {accumulators = 2 : i64} {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: 'cutlass.kernel': the template reduce does not accumulate 2 products
cutlass.kernel @k "sm_80" #cutlass.reduce<vector = 2, rank = 0, general = [], kind = max, algorithm = row, lanes = 4> [f32] -> [f32] attributes {accumulators = 2 : i64} {
^bb0(%a: f32, %b: f32):
  fused.yield %a : f32
}

// -----

// CHECK: 'cutlass.kernel': a kernel has one or two accumulators, and no negative general_rank
cutlass.kernel @k "sm_80" #cutlass.reduce<vector = 2, rank = 0, general = [], kind = max, algorithm = row, lanes = 4> [f32] -> [f32] attributes {accumulators = 0 : i64} {
^bb0(%acc: f32):
  fused.yield %acc : f32
}

// -----

// CHECK: permuted<2, 3> needs a rank of at least its column rank of at least 1
func.func @main() attributes {store = #cutlass.store<permuted<2, 3>>} {
  func.return
}
