"""The `math` dialect on whole arrays; each result has the dtype of its operands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from xdsl.dialects import math
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues
from xdsl.ir import Operation

from boltir.interpreters.arrays import Array
from boltir.interpreters.reference.elementwise import round_half_away, rsqrt
from boltir.interpreters.reference.erf import erf
from boltir.interpreters.registry import implement


def _fma(a: Array, b: Array, c: Array) -> Array:
    """a * b + c; the product of two f32 is exact in f64, so rounding happens in the sum alone."""
    return np.asarray(a.astype(np.float64) * b + c).astype(a.dtype)


def _power_of_integer(base: Array, exponent: Array) -> Array:
    return np.power(base, exponent.astype(np.float64)).astype(base.dtype)


MATH: dict[type[Operation], Callable[..., Array]] = {
    math.AbsFOp: np.abs,
    math.AbsIOp: np.abs,
    math.AcosOp: np.arccos,
    math.AcoshOp: np.arccosh,
    math.AsinOp: np.arcsin,
    math.AsinhOp: np.arcsinh,
    math.Atan2Op: np.arctan2,
    math.AtanOp: np.arctan,
    math.AtanhOp: np.arctanh,
    math.CbrtOp: np.cbrt,
    math.CeilOp: np.ceil,
    math.CopySignOp: np.copysign,
    math.CosOp: np.cos,
    math.CoshOp: np.cosh,
    math.ErfOp: erf,
    math.Exp2Op: np.exp2,
    math.ExpM1Op: np.expm1,
    math.ExpOp: np.exp,
    math.FPowIOp: _power_of_integer,
    math.FloorOp: np.floor,
    math.FmaOp: _fma,
    math.Log10Op: np.log10,
    math.Log1pOp: np.log1p,
    math.Log2Op: np.log2,
    math.LogOp: np.log,
    math.PowFOp: np.power,
    math.RoundEvenOp: np.rint,
    math.RoundOp: round_half_away,
    math.RsqrtOp: rsqrt,
    math.SinOp: np.sin,
    math.SinhOp: np.sinh,
    math.SqrtOp: np.sqrt,
    math.TanOp: np.tan,
    math.TanhOp: np.tanh,
    math.TruncOp: np.trunc,
}


class MathFunctions(InterpreterFunctions):
    """Operations of `math` on arrays of one shape, or scalars that broadcast."""

    def run_op(self, interpreter: Interpreter, op: Operation, args: PythonValues) -> PythonValues:
        return (MATH[type(op)](*args),)


implement(MathFunctions, MATH, MathFunctions.run_op)
