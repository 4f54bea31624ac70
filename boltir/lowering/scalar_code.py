"""The C++ of scalar operations in `arith` and `math`."""

import math as python_math

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, IntegerType, Signedness
from xdsl.ir import Attribute, Operation
from xdsl.utils.hints import isa

from boltir.errors import UnsupportedError

_UNARY_CALLS: dict[type[Operation], str] = {
    math.AbsFOp: "fabsf",
    math.CeilOp: "ceilf",
    math.CosOp: "cosf",
    math.ErfOp: "erff",
    math.ExpOp: "expf",
    math.Exp2Op: "exp2f",
    math.ExpM1Op: "expm1f",
    math.FloorOp: "floorf",
    math.LogOp: "logf",
    math.Log1pOp: "log1pf",
    math.Log2Op: "log2f",
    math.RoundEvenOp: "rintf",
    math.RsqrtOp: "rsqrtf",
    math.SinOp: "sinf",
    math.SqrtOp: "sqrtf",
    math.TanhOp: "tanhf",
    math.TanOp: "tanf",
    math.AbsIOp: "abs",
}

_BINARY_CALLS: dict[type[Operation], str] = {
    math.CopySignOp: "copysignf",
    math.PowFOp: "powf",
    arith.MaxnumfOp: "fmaxf",
    arith.MinnumfOp: "fminf",
    arith.MaxSIOp: "max",
    arith.MinSIOp: "min",
}

_BINARY_OPERATORS: dict[type[Operation], str] = {
    arith.AddfOp: "+",
    arith.AddiOp: "+",
    arith.SubfOp: "-",
    arith.SubiOp: "-",
    arith.MulfOp: "*",
    arith.MuliOp: "*",
    arith.DivfOp: "/",
    arith.DivSIOp: "/",
    arith.RemSIOp: "%",
    arith.AndIOp: "&",
    arith.OrIOp: "|",
    arith.XOrIOp: "^",
}

_CONVERSIONS: tuple[type[Operation], ...] = (
    arith.ExtFOp,
    arith.TruncFOp,
    arith.SIToFPOp,
    arith.UIToFPOp,
    arith.FPToSIOp,
    arith.ExtSIOp,
    arith.ExtUIOp,
    arith.TruncIOp,
)

# Ordered predicates are false on NaN, as C++'s operators are, except `!=`; unordered ones are true on NaN.
_FLOAT_PREDICATES = {
    0: "false",
    1: "{0} == {1}",
    2: "{0} > {1}",
    3: "{0} >= {1}",
    4: "{0} < {1}",
    5: "{0} <= {1}",
    6: "({0} < {1} || {0} > {1})",
    7: "({0} == {0} && {1} == {1})",
    8: "!({0} < {1} || {0} > {1})",
    9: "!({0} <= {1})",
    10: "!({0} < {1})",
    11: "!({0} >= {1})",
    12: "!({0} > {1})",
    13: "{0} != {1}",
    14: "!({0} == {0} && {1} == {1})",
    15: "true",
}

_SIGNED_PREDICATES = {0: "==", 1: "!=", 2: "<", 3: "<=", 4: ">", 5: ">="}


def cpp_scalar_type(kind: Attribute) -> str:
    """The C++ type of values of compute type `kind`, or of an integer type in memory.

    Raises:
        UnsupportedError: kernels do not compute on that type.
    """
    if isinstance(kind, AnyFloat):
        return "float"
    if isa(kind, IntegerType):
        if kind.signedness.data == Signedness.UNSIGNED:
            return f"uint{kind.width.data}_t"
        widths = {1: "bool", 8: "int8_t", 16: "int16_t", 32: "int32_t", 64: "int64_t"}
        if kind.width.data in widths:
            return widths[kind.width.data]
    raise UnsupportedError(f"no C++ type for scalar {kind}")


def expression(op: Operation) -> str:
    """The C++ of `op`, with `{0}`, `{1}`, ... for its operands.

    Raises:
        UnsupportedError: it has no C++ form.
    """
    kind = type(op)
    if isinstance(op, arith.ConstantOp):
        return _literal(op)
    if kind in _UNARY_CALLS:
        return _UNARY_CALLS[kind] + "({0})"
    if kind in _BINARY_CALLS:
        return _BINARY_CALLS[kind] + "({0}, {1})"
    if kind in _BINARY_OPERATORS:
        return f"{{0}} {_BINARY_OPERATORS[kind]} {{1}}"
    if kind in _CONVERSIONS:
        return f"static_cast<{cpp_scalar_type(op.results[0].type)}>({{0}})"
    return _special_expression(op)


def _special_expression(op: Operation) -> str:
    match op:
        case arith.NegfOp():
            return "-{0}"
        case arith.MaximumfOp() | arith.MinimumfOp():
            sign = ">" if isinstance(op, arith.MaximumfOp) else "<"
            # Unlike fmaxf, a NaN in either operand is the result.
            return f"({{0}} {sign} {{1}} || {{0}} != {{0}}) ? {{0}} : {{1}}"
        case arith.SelectOp():
            return "{0} ? {1} : {2}"
        case math.FmaOp():
            return "fmaf({0}, {1}, {2})"
        case arith.CmpfOp():
            return _FLOAT_PREDICATES[op.predicate.value.data]
        case arith.CmpiOp() if op.predicate.value.data in _SIGNED_PREDICATES:
            return f"{{0}} {_SIGNED_PREDICATES[op.predicate.value.data]} {{1}}"
        case _:
            raise UnsupportedError(f"{op.name} has no CUDA form in an epilogue")


def _literal(op: arith.ConstantOp) -> str:
    value = op.value
    if isa(value, IntegerAttr):
        if value.type == IntegerType(1):
            return "true" if value.value.data else "false"
        return f"static_cast<{cpp_scalar_type(op.result.type)}>({value.value.data}LL)"
    if not isa(value, FloatAttr):
        raise UnsupportedError(f"constant {value} has no CUDA form in an epilogue")
    number = value.value.data
    if python_math.isnan(number):
        return "__int_as_float(0x7fffffff)"
    if python_math.isinf(number):
        return "__int_as_float(0x7f800000)" if number > 0 else "__int_as_float(0xff800000)"
    text = f"{number:.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"
