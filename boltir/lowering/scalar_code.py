"""Turns an epilogue region, scalar code in `arith` and `math`, into one C++ function."""

import math as python_math
from collections.abc import Sequence

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, IntegerType, Signedness
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.hints import isa

from boltir.dialects.fused import YieldOp
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


def epilogue_struct(block: Block) -> str:
    """The epilogue as a C++ struct `Epilogue` with one static function `apply`.

    Its parameters are the block arguments, then one reference per yielded value.

    Raises:
        UnsupportedError: the region holds an operation that has no C++ form.
    """
    names: dict[SSAValue, str] = {argument: f"a{i}" for i, argument in enumerate(block.args)}
    lines: list[str] = []
    results: Sequence[SSAValue] = ()
    for op in block.ops:
        if isinstance(op, YieldOp):
            results = op.values
            break
        name = f"v{len(lines)}"
        lines.append(f"{cpp_scalar_type(op.results[0].type)} {name} = {_expression(op, names)};")
        names[op.results[0]] = name
    parameters = [f"{cpp_scalar_type(a.type)} {names[a]}" for a in block.args]
    parameters += [f"{cpp_scalar_type(v.type)}& r{i}" for i, v in enumerate(results)]
    lines += [f"r{i} = {names[value]};" for i, value in enumerate(results)]
    body = "\n".join(f"    {line}" for line in lines)
    return (
        "struct Epilogue {\n"
        f"  __device__ __forceinline__ static void apply({', '.join(parameters)}) {{\n{body}\n  }}\n"
        "};"
    )


def _expression(op: Operation, names: dict[SSAValue, str]) -> str:
    if isinstance(op, arith.ConstantOp):
        return _literal(op)
    operands = [names[operand] for operand in op.operands]
    kind = type(op)
    if kind in _UNARY_CALLS:
        return f"{_UNARY_CALLS[kind]}({operands[0]})"
    if kind in _BINARY_CALLS:
        return f"{_BINARY_CALLS[kind]}({operands[0]}, {operands[1]})"
    if kind in _BINARY_OPERATORS:
        return f"{operands[0]} {_BINARY_OPERATORS[kind]} {operands[1]}"
    if kind in _CONVERSIONS:
        return f"static_cast<{cpp_scalar_type(op.results[0].type)}>({operands[0]})"
    return _special_expression(op, operands)


def _special_expression(op: Operation, operands: list[str]) -> str:
    match op:
        case arith.NegfOp():
            return f"-{operands[0]}"
        case arith.MaximumfOp() | arith.MinimumfOp():
            sign = ">" if isinstance(op, arith.MaximumfOp) else "<"
            a, b = operands
            # Unlike fmaxf, a NaN in either operand is the result.
            return f"({a} {sign} {b} || {a} != {a}) ? {a} : {b}"
        case arith.SelectOp():
            return f"{operands[0]} ? {operands[1]} : {operands[2]}"
        case math.FmaOp():
            return f"fmaf({', '.join(operands)})"
        case arith.CmpfOp():
            return _FLOAT_PREDICATES[op.predicate.value.data].format(*operands)
        case arith.CmpiOp() if op.predicate.value.data in _SIGNED_PREDICATES:
            return f"{operands[0]} {_SIGNED_PREDICATES[op.predicate.value.data]} {operands[1]}"
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
