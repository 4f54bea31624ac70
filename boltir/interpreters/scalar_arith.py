"""The `arith` dialect on whole arrays: an epilogue's scalar code runs once for all elements.

xDSL's own interpreter of `arith` computes on Python numbers, one element at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, IntegerAttr
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues
from xdsl.ir import Operation

from boltir.errors import BoltError
from boltir.interpreters.arrays import Array, convert, numpy_dtype
from boltir.interpreters.reference.elementwise import divide, remainder
from boltir.interpreters.registry import Meaning, Meanings, implement, where


class ArithFunctions(InterpreterFunctions):
    """Operations of `arith` on arrays of one shape, or scalars that broadcast."""

    def run_op(self, interpreter: Interpreter, op: Operation, args: PythonValues) -> PythonValues:
        return (ARITH[type(op)](op, *args),)


def _float(function: Callable[..., Array]) -> Meaning:
    def run(_op: Operation, *operands: Array) -> Array:
        return function(*operands)

    return run


def _integer(function: Callable[..., Array], view: Callable[[Array], Array]) -> Meaning:
    """Integers as `view` (signed or unsigned) sees them; i1 computes modulo 2."""

    def run(_op: Operation, *operands: Array) -> Array:
        value = function(*map(view, operands))
        return (value & 1) != 0 if operands[0].dtype == np.bool_ else value.astype(operands[0].dtype)

    return run


def signed(value: Array) -> Array:
    """`value` as signed integers: the i1 1 is -1."""
    return -value.astype(np.int8) if value.dtype == np.bool_ else value


def unsigned(value: Array) -> Array:
    """`value` as unsigned integers of the same bits: the i1 1 is 1."""
    return value.astype(f"uint{8 * value.dtype.itemsize}")


ARITH = Meanings(
    {
        arith.AddfOp: _float(np.add),
        arith.SubfOp: _float(np.subtract),
        arith.MulfOp: _float(np.multiply),
        arith.DivfOp: _float(np.divide),
        arith.NegfOp: _float(np.negative),
        arith.MaximumfOp: _float(np.maximum),
        arith.MinimumfOp: _float(np.minimum),
        arith.MaxnumfOp: _float(np.fmax),
        arith.MinnumfOp: _float(np.fmin),
        arith.SelectOp: _float(np.where),
        arith.AddiOp: _integer(np.add, signed),
        arith.SubiOp: _integer(np.subtract, signed),
        arith.MuliOp: _integer(np.multiply, signed),
        arith.DivSIOp: _integer(divide, signed),
        arith.DivUIOp: _integer(divide, unsigned),
        arith.FloorDivSIOp: _integer(np.floor_divide, signed),
        arith.RemSIOp: _integer(remainder, signed),
        arith.RemUIOp: _integer(remainder, unsigned),
        arith.AndIOp: _integer(np.bitwise_and, signed),
        arith.OrIOp: _integer(np.bitwise_or, signed),
        arith.XOrIOp: _integer(np.bitwise_xor, signed),
        arith.ShLIOp: _integer(np.left_shift, signed),
        arith.ShRSIOp: _integer(np.right_shift, signed),
        arith.ShRUIOp: _integer(np.right_shift, unsigned),
        arith.MaxSIOp: _integer(np.maximum, signed),
        arith.MinSIOp: _integer(np.minimum, signed),
        arith.MaxUIOp: _integer(np.maximum, unsigned),
        arith.MinUIOp: _integer(np.minimum, unsigned),
    }
)


@ARITH.of(arith.ConstantOp)
def constant(op: arith.ConstantOp) -> Array:
    if not isinstance(op.value, IntegerAttr | FloatAttr):
        raise BoltError("an epilogue's constants are scalars", where=where(op))
    return np.asarray(op.value.value.data).astype(numpy_dtype(op.result.type))


# By the integer that stands for the predicate in the IR; what float predicates say of two numbers, neither NaN.
_ORDER = (np.equal, np.greater, np.greater_equal, np.less, np.less_equal, np.not_equal)
_FLOAT_COMPARISONS = (False, *_ORDER, True, *_ORDER, False, True)
_INTEGER_COMPARISONS = (np.equal, np.not_equal, *2 * (np.less, np.less_equal, np.greater, np.greater_equal))


@ARITH.of(arith.CmpfOp)
def cmpf(op: arith.CmpfOp, a: Array, b: Array) -> Array:
    """If an operand is NaN, predicates below 8 (ordered) are false and the others (unordered) true."""
    predicate = op.predicate.value.data
    compare = _FLOAT_COMPARISONS[predicate]
    value = compare if isinstance(compare, bool) else compare(a, b)
    return np.where(np.isnan(a) | np.isnan(b), predicate >= 8, value)


@ARITH.of(arith.CmpiOp)
def cmpi(op: arith.CmpiOp, a: Array, b: Array) -> Array:
    predicate = op.predicate.value.data
    view = unsigned if predicate >= 6 else signed
    return _INTEGER_COMPARISONS[predicate](view(a), view(b))


def _result_dtype(op: Operation) -> np.dtype[Any]:
    return numpy_dtype(op.results[0].type)


@ARITH.of(arith.ExtFOp, arith.TruncFOp)
def change_float(op: Operation, x: Array) -> Array:
    return x.astype(_result_dtype(op))


@ARITH.of(arith.FPToSIOp)
def float_to_signed(op: arith.FPToSIOp, x: Array) -> Array:
    return convert(x, _result_dtype(op))


@ARITH.of(arith.SIToFPOp, arith.ExtSIOp)
def widen_signed(op: Operation, x: Array) -> Array:
    return signed(x).astype(_result_dtype(op))


@ARITH.of(arith.UIToFPOp, arith.ExtUIOp)
def widen_unsigned(op: Operation, x: Array) -> Array:
    return unsigned(x).astype(_result_dtype(op))


@ARITH.of(arith.TruncIOp)
def truncate_integer(op: arith.TruncIOp, x: Array) -> Array:
    """Keeps the low bits."""
    dtype = _result_dtype(op)
    return (x & 1) != 0 if dtype == np.bool_ else x.astype(dtype)


implement(ArithFunctions, ARITH, ArithFunctions.run_op)
