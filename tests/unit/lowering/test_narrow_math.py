"""Cheaper functions for results of 16 bits or fewer: as right as f16 can tell, wherever a float can be."""

from collections.abc import Callable
from math import erfc, exp, sqrt
from pathlib import Path

import numpy as np
import pytest

from boltir.compiler import Network
from boltir.lowering.epilogue_struct import epilogue_struct
from boltir.lowering.render import render_template
from tests.support.scalar_cpp import Array, kernel_of, run_as_cpp

HOST = """
#define BOLTIR_APPROXIMATE
#include <algorithm>
static inline float __saturatef(float x) { return x != x ? 0.0f : std::min(std::max(x, 0.0f), 1.0f); }
static inline int __float_as_int(float x) { int y; std::memcpy(&y, &x, 4); return y; }
namespace boltir {
static inline float approximate_exp2(float x) { return exp2f(x); }
static inline float approximate_reciprocal(float x) { return 1.0f / x; }
static inline float positive_part(float x) { return x < 0.0f ? 0.0f : x; }
}
"""

ONE = "%one = arith.constant 1.0 : f32\n"
GELU = ONE + (
    "%root = arith.constant 0.70710678 : f32\n%s = arith.mulf %a, %root : f32\n%e = math.erf %s : f32\n"
    "%p = arith.addf %e, %one : f32\n%half = arith.constant 0.5 : f32\n%h = arith.mulf %a, %half : f32\n"
    "%r = arith.mulf %h, %p : f32"
)
PHI = (
    ONE
    + "%root = arith.constant 0.70710678 : f32\n%s = arith.mulf %root, %a : f32\n%e = math.erf %s : f32\n"
    + "%p = arith.addf %one, %e : f32\n%half = arith.constant 0.5 : f32\n"
)
GELU_OTHERWISE = PHI + "%h = arith.mulf %p, %half : f32\n%r = arith.mulf %a, %h : f32"
PHI_ALONE = PHI + "%r = arith.mulf %p, %half : f32"
TANH = ONE + "%t = math.tanh %a : f32\n%r = arith.addf %one, %t : f32"
SILU = ONE + (
    "%n = arith.negf %a : f32\n%e = math.exp %n : f32\n%d = arith.addf %one, %e : f32\n%r = arith.divf %a, %d : f32"
)
SIGMOID = SILU.replace("divf %a", "divf %one")
EXP = "%r = math.exp %a : f32"
QUANTIZED = (
    "%s = arith.divf %a, %b : f32\n%i = math.roundeven %s : f32\n%z = arith.constant 3.0 : f32\n"
    "%m = arith.addf %i, %z : f32\n%low = arith.constant -128.0 : f32\n%high = arith.constant 127.0 : f32\n"
    "%u = arith.maxnumf %m, %low : f32\n%v = arith.minnumf %u, %high : f32\n%q = arith.fptosi %v : f32 to i8\n"
    "%r = arith.sitofp %q : i8 to f32"
)


def narrow(body: str, x: Array, y: Array, folder: Path) -> tuple[Array, Array, str]:
    """What the interpreter and the cheaper C++ compute, and that C++; %b is the same for every element."""
    module, kernel = kernel_of(body, len(x))
    (expected,) = Network(module).run([x, y])
    struct = epilogue_struct(kernel.epilogue.block, narrow=True, uniform=[1])
    functions = render_template("narrow_math.cuh.jinja", {})
    return expected, run_as_cpp(HOST + functions + struct, x, y, folder), struct


EXACT: dict[str, Callable[[float], float]] = {
    GELU: lambda x: x / 2 * erfc(-x / sqrt(2)),
    GELU_OTHERWISE: lambda x: x / 2 * erfc(-x / sqrt(2)),
    PHI_ALONE: lambda x: erfc(-x / sqrt(2)) / 2,
    TANH: lambda x: 2 / (1 + exp(-2 * x)) if x > -350 else 0.0,
    SILU: lambda x: x / (1 + exp(-x)) if x > -700 else 0.0,
    SIGMOID: lambda x: 1 / (1 + exp(-x)) if x > -700 else 0.0,
    EXP: lambda x: exp(min(x, 700.0)),
}


@pytest.mark.parametrize(
    ("body", "function"),
    [
        (GELU, "narrow_gelu"),
        (GELU_OTHERWISE, "narrow_gelu"),
        (PHI_ALONE, "narrow_one_plus_erf"),
        (TANH, "narrow_one_plus_tanh"),
        (SILU, "approximate_reciprocal"),
        (SIGMOID, "approximate_reciprocal"),
        (EXP, "narrow_exp"),
    ],
    ids=["gelu", "gelu in another order", "normal distribution", "tanh", "silu", "sigmoid", "exp"],
)
def test_results_are_a_small_part_of_an_f16_step_off(body: str, function: str, tmp_path: Path) -> None:
    size = np.concatenate([np.linspace(0, 11, 4_000), np.geomspace(1e-30, 6e4, 2_000)]).astype(np.float32)
    x = np.concatenate([size, -size])
    _, result, struct = narrow(body, x, np.ones_like(x), tmp_path)
    assert function in struct
    exact = np.array([EXACT[body](float(number)) for number in x])
    smallest_normal, largest = 2.0**-14, 65504
    step = np.maximum(np.abs(exact), smallest_normal) * 2.0**-10
    in_range = np.abs(exact) < largest
    assert np.abs(result - exact)[in_range].max() > 0
    allowed = np.where(np.abs(exact) < smallest_normal, 0.25, 0.02)
    np.testing.assert_array_less((np.abs(result - exact) / step)[in_range], allowed[in_range])
    assert (np.abs(result[~in_range]) >= largest).all()


@pytest.mark.parametrize("body", [GELU, TANH, SILU, SIGMOID, EXP], ids=["gelu", "tanh", "silu", "sigmoid", "exp"])
def test_not_a_number_stays_one(body: str, tmp_path: Path) -> None:
    x = np.full(4, np.nan, dtype=np.float32)
    assert np.isnan(narrow(body, x, np.ones_like(x), tmp_path)[1]).all()


def test_quantizing_rounds_and_saturates_without_the_conversion_unit(tmp_path: Path) -> None:
    ties = np.arange(-160, 160, dtype=np.float32) / 2
    far = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 5e6, -5e6, 2.0**22 + 1], dtype=np.float32)
    x = np.concatenate([ties, far])
    expected, result, struct = narrow(QUANTIZED, x, np.full_like(x, 0.5), tmp_path)
    for form in ("narrow_round", "narrow_int", "(1.0f / a1)"):
        assert form in struct
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("%e = math.erf %a : f32\n%r = arith.addf %e, %b : f32", "erff"),
        ("%e = math.exp %a : f32\n%r = arith.divf %b, %e : f32", "a1 / v0"),
        ("%r = math.roundeven %a : f32", "rintf"),
        ("%q = arith.fptosi %a : f32 to i8\n%r = arith.sitofp %q : i8 to f32", "static_cast<int8_t>(a0)"),
    ],
    ids=["erf without one", "quotient of any exponential", "rounding of any number", "truncation"],
)
def test_what_could_be_wrong_stays_exact(body: str, kept: str) -> None:
    _, kernel = kernel_of(body)
    assert kept in epilogue_struct(kernel.epilogue.block, narrow=True)


def test_wide_results_take_the_exact_functions() -> None:
    _, kernel = kernel_of(GELU)
    assert "erff" in epilogue_struct(kernel.epilogue.block)


def test_a_function_that_is_part_of_a_cheaper_one_is_not_computed_again() -> None:
    _, kernel = kernel_of(GELU)
    assert "erff" not in epilogue_struct(kernel.epilogue.block, narrow=True)
