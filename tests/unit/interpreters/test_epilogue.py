"""Epilogue regions: scalar code, evaluated for all elements at once, against the same code element by element."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.builder import ImplicitBuilder
from xdsl.dialects import arith, builtin
from xdsl.dialects import math as math_dialect
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, IntegerType, f16, f32, i1, i8, i32
from xdsl.interpreter import Interpreter
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.utils.test_value import create_ssa_value

from boltir.dialects.fused import YieldOp
from boltir.interpreters.arrays import Array, numpy_dtype
from boltir.interpreters.epilogue import run_epilogue
from boltir.interpreters.fused import FusedFunctions
from boltir.interpreters.scalar_arith import ArithFunctions
from boltir.interpreters.scalar_math import MATH, MathFunctions


def interpreter() -> Interpreter:
    result = Interpreter(builtin.ModuleOp([]))
    for functions in (ArithFunctions(), MathFunctions(), FusedFunctions()):
        result.register_implementations(functions)
    return result


def evaluate(op: Operation, *arrays: Array) -> Array:
    with np.errstate(all="ignore"):
        (result,) = interpreter().run_op(op, arrays)
    assert result.dtype == numpy_dtype(op.results[0].type)
    return result


def value(element: Attribute) -> SSAValue:
    return create_ssa_value(element)


def maximum(a: float, b: float) -> float:
    return math.nan if math.isnan(a + b) else max(a, b)


def minnum(a: float, b: float) -> float:
    if math.isnan(a) or math.isnan(b):
        return b if math.isnan(a) else a
    return min(a, b)


def floor(a: float) -> float:
    return float(math.floor(a)) if math.isfinite(a) else a


def sqrt(a: float) -> float:
    return math.nan if a < 0 else math.sqrt(a)


# Operations that IEEE 754 rounds correctly: computed in f64 and rounded to f32, they agree to the last bit
# (Figueroa 1995, "When is double rounding innocuous?").
OPERATIONS: list[tuple[type[Operation], int, Callable[..., float]]] = [
    (arith.AddfOp, 2, operator.add),
    (arith.SubfOp, 2, operator.sub),
    (arith.MulfOp, 2, operator.mul),
    (arith.NegfOp, 1, float.__neg__),
    (arith.MaximumfOp, 2, maximum),
    (arith.MinnumfOp, 2, minnum),
    (math_dialect.AbsFOp, 1, math.fabs),
    (math_dialect.FloorOp, 1, floor),
    (math_dialect.SqrtOp, 1, sqrt),
]


def rounded(number: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(number))


@st.composite
def programs(draw: st.DrawFn) -> list[tuple[int, list[int]]]:
    """Operations by their position in OPERATIONS, with operands by their position among the values before."""
    program: list[tuple[int, list[int]]] = []
    for position in range(draw(st.integers(1, 8))):
        choice = draw(st.integers(0, len(OPERATIONS) - 1))
        count = OPERATIONS[choice][1]
        program.append((choice, draw(st.lists(st.integers(0, position + 1), min_size=count, max_size=count))))
    return program


def region_of(program: Sequence[tuple[int, list[int]]]) -> Region:
    """The region that applies `program` to two arguments and yields the last value."""
    block = Block(arg_types=[f32, f32])
    values: list[SSAValue] = list(block.args)
    for choice, operands in program:
        op = OPERATIONS[choice][0].create(operands=[values[i] for i in operands], result_types=[f32])
        block.add_op(op)
        values.append(op.results[0])
    block.add_op(YieldOp(operands=[[values[-1]]]))
    return Region(block)


def scalar_result(program: Sequence[tuple[int, list[int]]], a: float, b: float) -> float:
    values = [a, b]
    for choice, operands in program:
        values.append(rounded(OPERATIONS[choice][2](*(values[i] for i in operands))))
    return values[-1]


@settings(max_examples=80, deadline=None)
@given(programs())
def test_whole_arrays_agree_with_scalar_code(program: list[tuple[int, list[int]]]) -> None:
    random = np.random.default_rng(0)
    accumulator = (random.normal(size=(3, 4)) * 4).astype(np.float32)
    row = np.array([0.5, -2.0, 0.0, 7.25], dtype=np.float32)
    with np.errstate(all="ignore"):
        (result,) = run_epilogue(interpreter(), region_of(program), [accumulator, row], (3, 4))
    expected = [
        [scalar_result(program, float(a), float(b)) for a, b in zip(line, row, strict=True)] for line in accumulator
    ]
    np.testing.assert_array_equal(result, np.array(expected, dtype=np.float32))


def test_a_constant_fills_the_result() -> None:
    block = Block(arg_types=[f32])
    with ImplicitBuilder(block):
        constant = arith.ConstantOp(FloatAttr(2.5, f32))
        YieldOp(operands=[[constant.result]])
    (result,) = run_epilogue(interpreter(), Region(block), [np.zeros((2, 3), np.float32)], (2, 3))
    np.testing.assert_array_equal(result, np.full((2, 3), 2.5))


NAN = math.nan
FLOAT_PREDICATES = {
    "oeq": [False, True, False, False],
    "ogt": [False, False, True, False],
    "oge": [False, True, True, False],
    "olt": [True, False, False, False],
    "ole": [True, True, False, False],
    "one": [True, False, True, False],
    "ord": [True, True, True, False],
    "ueq": [False, True, False, True],
    "ugt": [False, False, True, True],
    "uge": [False, True, True, True],
    "ult": [True, False, False, True],
    "ule": [True, True, False, True],
    "une": [True, False, True, True],
    "uno": [False, False, False, True],
    "true": [True, True, True, True],
    "false": [False, False, False, False],
}


@pytest.mark.parametrize(("predicate", "expected"), FLOAT_PREDICATES.items())
def test_float_comparison(predicate: str, expected: list[bool]) -> None:
    a, b = np.array([1, 2, 3, NAN], dtype=np.float32), np.array([2, 2, 2, 2], dtype=np.float32)
    np.testing.assert_array_equal(evaluate(arith.CmpfOp(value(f32), value(f32), predicate), a, b), expected)


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        ("eq", [False, True]),
        ("ne", [True, False]),
        ("slt", [True, False]),
        ("sge", [False, True]),
        ("ult", [False, False]),
        ("ugt", [True, False]),
    ],
)
def test_integer_comparison(predicate: str, expected: list[bool]) -> None:
    a, b = np.array([-1, 1], dtype=np.int32), np.array([1, 1], dtype=np.int32)
    np.testing.assert_array_equal(evaluate(arith.CmpiOp(value(i32), value(i32), predicate), a, b), expected)


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (arith.AddiOp, [-128, -5, 3]),
        (arith.SubiOp, [126, -9, 11]),
        (arith.MuliOp, [127, -14, -28]),
        (arith.DivSIOp, [127, -3, -1]),
        (arith.FloorDivSIOp, [127, -4, -2]),
        (arith.RemSIOp, [0, -1, 3]),
        (arith.MaxSIOp, [127, 2, 7]),
        (arith.MinUIOp, [1, 2, 7]),
        (arith.AndIOp, [1, 0, 4]),
        (arith.XOrIOp, [126, -5, -5]),
    ],
)
def test_integer_arithmetic_wraps(op: type[Any], expected: list[int]) -> None:
    a, b = np.array([127, -7, 7], dtype=np.int8), np.array([1, 2, -4], dtype=np.int8)
    np.testing.assert_array_equal(evaluate(op(value(i8), value(i8)), a, b), expected)


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (arith.AddiOp, [False, True, True, False]),
        (arith.MuliOp, [False, False, False, True]),
        (arith.OrIOp, [False, True, True, True]),
        (arith.MaxUIOp, [False, True, True, True]),
        (arith.MaxSIOp, [False, False, False, True]),
    ],
)
def test_truth_values_compute_modulo_two(op: type[Any], expected: list[bool]) -> None:
    a, b = np.array([False, False, True, True]), np.array([False, True, False, True])
    np.testing.assert_array_equal(evaluate(op(value(i1), value(i1)), a, b), expected)


CONVERSIONS = [
    (arith.FPToSIOp, f32, i8, [1.9, -1.9, 300.0, NAN], [1, -1, 127, 0]),
    (arith.SIToFPOp, i8, f32, [-1, 5], [-1.0, 5.0]),
    (arith.UIToFPOp, i8, f32, [-1, 5], [255.0, 5.0]),
    (arith.SIToFPOp, i1, f32, [True, False], [-1.0, 0.0]),
    (arith.UIToFPOp, i1, f32, [True, False], [1.0, 0.0]),
    (arith.ExtSIOp, i1, i32, [True, False], [-1, 0]),
    (arith.ExtUIOp, i1, i32, [True, False], [1, 0]),
    (arith.ExtUIOp, i8, i32, [-1, 3], [255, 3]),
    (arith.TruncIOp, i32, i8, [300, -1], [44, -1]),
    (arith.TruncIOp, i32, i1, [2, 3], [False, True]),
    (arith.TruncFOp, f32, f16, [1 + 2.0**-11], [1.0]),
    (arith.ExtFOp, f16, f32, [1.5], [1.5]),
]


@pytest.mark.parametrize(("op", "source", "target", "values", "expected"), CONVERSIONS)
def test_conversion(
    op: type[Any], source: Attribute, target: Attribute, values: list[float], expected: list[float]
) -> None:
    x = np.array(values).astype(numpy_dtype(source))
    np.testing.assert_array_equal(evaluate(op(value(source), target), x), expected)


@pytest.mark.parametrize(("element", "expected"), [(i1, True), (i8, -1), (i32, -1)])
def test_integer_constant(element: IntegerType, expected: int) -> None:
    assert evaluate(arith.ConstantOp(IntegerAttr(-1, element))) == expected


def test_select_picks_per_element() -> None:
    a, b = np.array([1, 2], dtype=np.float32), np.array([3, 4], dtype=np.float32)
    op = arith.SelectOp(value(i1), value(f32), value(f32))
    np.testing.assert_array_equal(evaluate(op, np.array([True, False]), a, b), [1, 4])


def test_fma_rounds_once() -> None:
    a, c = np.array([1 + 2.0**-23], dtype=np.float32), np.array([-1], dtype=np.float32)
    op = math_dialect.FmaOp(value(f32), value(f32), value(f32))
    assert evaluate(op, a, a, c)[0] == np.float32(2.0**-22 + 2.0**-46)


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (math_dialect.RoundEvenOp, [0, 2, 2, -2]),
        (math_dialect.RoundOp, [1, 2, 3, -3]),
        (math_dialect.TruncOp, [0, 1, 2, -2]),
        (math_dialect.CeilOp, [1, 2, 3, -2]),
    ],
)
def test_rounding(op: type[Any], expected: list[int]) -> None:
    np.testing.assert_array_equal(evaluate(op(value(f32)), np.array([0.5, 1.5, 2.5, -2.5], dtype=np.float32)), expected)


UNARY = ("acos", "asin", "atan", "cos", "erf", "exp", "expm1", "log", "log10", "log1p", "log2", "sin", "tan", "tanh")


@pytest.mark.parametrize("name", UNARY)
def test_transcendental_functions_match_the_c_library(name: str) -> None:
    op_type = next(op for op in MATH if op.name == f"math.{name}")
    x = np.linspace(0.05, 0.95, 19, dtype=np.float32)
    result = evaluate(op_type.create(operands=[value(f32)], result_types=[f32]), x)
    np.testing.assert_allclose(result, [getattr(math, name)(float(v)) for v in x], rtol=1e-6)
