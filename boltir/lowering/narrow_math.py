"""Cheaper C++ for f32 arithmetic whose results are rounded to 16 bits or fewer.

The functions are in `templates/narrow_math.cuh.jinja`. An exact `erff`, `tanhf` or division takes 20 to 50 instructions
for each element of a product, which its epilogue cannot hide behind the tensor cores.
"""

from collections.abc import Collection
from math import isclose, sqrt

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import BFloat16Type, Float16Type, FloatAttr, IntegerType, f32
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

Form = tuple[str, tuple[SSAValue, ...]]
"""A C++ expression with the places `{0}`, `{1}`, ... and the values that belong there."""

F32_STEP = 2.0**-23
"""Relative distance of neighbouring floats, at most."""
INTEGERS_IN_F32 = 1 << 22
"""Up to this magnitude one addition rounds a float to an integer."""


def is_narrow(stored: Attribute) -> bool:
    """Whether values stored as `stored` keep at most 16 bits of an f32."""
    if isa(stored, IntegerType):
        return stored.width.data <= 16
    return isinstance(stored, Float16Type | BFloat16Type)


def narrow_form(op: Operation, uniform: Collection[SSAValue]) -> Form | None:
    """A form of `op` that is cheaper than the exact one; None if there is none.

    Args:
        uniform: the values that are the same for every element.
    """
    if op.results[0].type != f32 and not isinstance(op, arith.FPToSIOp):
        return None
    match op:
        case math.ExpOp():
            return "boltir::narrow_exp({0})", (op.operand,)
        case arith.AddfOp():
            return _one_plus(op)
        case arith.MulfOp():
            return _gelu(op)
        case arith.DivfOp():
            return _quotient(op, uniform)
        case math.RoundEvenOp() if _is_clamped(op.result):
            return "boltir::narrow_round({0})", (op.operand,)
        case arith.FPToSIOp() if _is_clamped_integer(op.input):
            return "boltir::narrow_int({0})", (op.input,)
        case _:
            return None


def _one_plus(op: arith.AddfOp) -> Form | None:
    for one, other in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
        if _constant(one) != 1.0:
            continue
        if isinstance(other.owner, math.ErfOp):
            return "boltir::narrow_one_plus_erf({0})", (other.owner.operand,)
        if isinstance(other.owner, math.TanhOp):
            return "boltir::narrow_one_plus_tanh({0})", (other.owner.operand,)
    return None


def _gelu(op: arith.MulfOp) -> Form | None:
    """x / 2 * (1 + erf(x / sqrt(2))), multiplied in any order."""
    for phi in _factors(op.result):
        x = _normal_variable(phi)
        if x is None:
            continue
        factors = _factors(op.result, x)
        others = [factor for factor in factors if factor not in (phi, x)]
        if len(factors) == 3 and len(others) == 1 and _constant(others[0]) == 0.5:
            return "boltir::narrow_gelu({0})", (x,)
    return None


def _normal_variable(phi: SSAValue) -> SSAValue | None:
    """x where `phi` is 1 + erf(x / sqrt(2)): twice the normal distribution."""
    if not isinstance(phi.owner, arith.AddfOp):
        return None
    for one, other in ((phi.owner.lhs, phi.owner.rhs), (phi.owner.rhs, phi.owner.lhs)):
        if _constant(one) != 1.0 or not isinstance(other.owner, math.ErfOp):
            continue
        scaled = other.owner.operand.owner
        if not isinstance(scaled, arith.MulfOp):
            return None
        for root, x in ((scaled.lhs, scaled.rhs), (scaled.rhs, scaled.lhs)):
            if isclose(_constant(root) or 0.0, sqrt(0.5), rel_tol=F32_STEP):
                return x
    return None


def _factors(product: SSAValue, whole: SSAValue | None = None) -> tuple[SSAValue, ...]:
    """Of `product`; `whole` is not taken apart."""
    if product is whole or not isinstance(product.owner, arith.MulfOp):
        return (product,)
    return (*_factors(product.owner.lhs, whole), *_factors(product.owner.rhs, whole))


def _quotient(op: arith.DivfOp, uniform: Collection[SSAValue]) -> Form | None:
    """a / s by the reciprocal of s, which is computed once; a / (1 + exp(x)) by an approximate one.

    The latter is 0 where 1 + exp(x) > 2^126, and so must the quotient be: a is a constant, or -x.
    """
    if op.rhs in uniform:
        return "{0} * (1.0f / {1})", (op.lhs, op.rhs)
    exponent = _exponent_of_one_plus_exp(op.rhs)
    if exponent is None:
        return None
    negated = isinstance(exponent.owner, arith.NegfOp) and exponent.owner.operand is op.lhs
    if negated or _constant(op.lhs) is not None:
        return "{0} * boltir::approximate_reciprocal({1})", (op.lhs, op.rhs)
    return None


def _exponent_of_one_plus_exp(value: SSAValue) -> SSAValue | None:
    if not isinstance(value.owner, arith.AddfOp):
        return None
    for one, other in ((value.owner.lhs, value.owner.rhs), (value.owner.rhs, value.owner.lhs)):
        if _constant(one) == 1.0 and isinstance(other.owner, math.ExpOp):
            return other.owner.operand
    return None


def _is_clamped(rounded: SSAValue) -> bool:
    """Whether all that becomes of `rounded` is to be clamped between small integers, perhaps after a sum."""
    user = rounded.get_user_of_unique_use()
    if isinstance(user, arith.AddfOp):
        user = user.result.get_user_of_unique_use()
    if not isinstance(user, arith.MaxnumfOp):
        return False
    above = user.result.get_user_of_unique_use()
    return isinstance(above, arith.MinnumfOp) and _limits(above) is not None


def _is_clamped_integer(value: SSAValue) -> bool:
    """Whether `value` is a clamped, rounded one, perhaps with a zero point added between."""
    if not isinstance(value.owner, arith.MinnumfOp) or (clamped := _limits(value.owner)) is None:
        return False
    terms = (clamped.owner.lhs, clamped.owner.rhs) if isinstance(clamped.owner, arith.AddfOp) else (clamped,)
    return all(_is_integral(term) for term in terms)


def _is_integral(value: SSAValue) -> bool:
    known = _constant(value)
    return isinstance(value.owner, math.RoundEvenOp | arith.SIToFPOp | arith.UIToFPOp) or (
        known is not None and known.is_integer()
    )


def _limits(upper: arith.MinnumfOp) -> SSAValue | None:
    """What `upper` clamps from both sides between small integers; None if it does not."""
    lower = upper.lhs.owner
    if not isinstance(lower, arith.MaxnumfOp):
        return None
    small = (_constant(limit) for limit in (lower.rhs, upper.rhs))
    if not all(limit is not None and limit.is_integer() and abs(limit) < INTEGERS_IN_F32 for limit in small):
        return None
    return lower.lhs


def _constant(value: SSAValue) -> float | None:
    if not isinstance(value.owner, arith.ConstantOp) or not isinstance(value.owner.value, FloatAttr):
        return None
    return value.owner.value.value.data
