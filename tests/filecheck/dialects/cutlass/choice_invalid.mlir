// RUN: bolt-opt %s --split-input-file --verify-diagnostics | filecheck %s

// CHECK: 1 : i64 is not a template
func.func private @f() attributes {a.b = #cutlass.choice<1 : i64 <m = 1>>}

// -----

// CHECK: the choice gives ['m'], launches of pointwise take ['size_0']
func.func private @f() attributes {a.b = #cutlass.choice<#cutlass.pointwise<inputs = 0, vector = 8, rank = 1, strided = [], innermost = []> <m = 1>>}
