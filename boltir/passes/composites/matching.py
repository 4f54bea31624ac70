"""Reading expressions up to scalar factors and terms, which exporters write in any order."""

from __future__ import annotations

from collections.abc import Iterator
from math import isclose

from xdsl.ir import SSAValue

from boltir.dialects.graph.constants import splat_value
from boltir.dialects.graph.elementwise import AddOp, MulOp, PowOp, SubOp
from boltir.dialects.graph.scalars import scaled, with_scalar

RELATIVE_TOLERANCE = 1e-4
"""How far a constant of the model may be from the formula's; exporters round them."""
MOST_FACTORS = 3
"""Scalar factors that are looked for around one value."""


def near(number: float, expected: float) -> bool:
    """Whether a constant of the model stands for `expected`."""
    return isclose(number, expected, rel_tol=RELATIVE_TOLERANCE)


def scalings(value: SSAValue) -> Iterator[tuple[float, SSAValue]]:
    """Every (c, x) such that `value` is c * x, from (1, value) inwards."""
    factor = 1.0
    yield factor, value
    for _ in range(MOST_FACTORS):
        found = scaled(value)
        if found is None:
            return
        factor, value = factor * found[0], found[1]
        yield factor, value


def shifted(value: SSAValue) -> tuple[SSAValue, float]:
    """(x, c) such that `value` is x + c; c may be 0."""
    op = value.owner
    if not isinstance(op, AddOp | SubOp) or (found := with_scalar(op)) is None:
        return value, 0.0
    x, scalar = found
    return x, scalar if isinstance(op, AddOp) else -scalar


def affine(value: SSAValue) -> Iterator[tuple[float, SSAValue, float]]:
    """Every (a, x, b) such that `value` is a * x + b."""
    inner, shift = shifted(value)
    for factor, x in scalings(inner):
        yield factor, x, shift


def products(value: SSAValue) -> Iterator[tuple[float, SSAValue, SSAValue]]:
    """Every (c, x, y), in both orders, such that `value` is c * x * y."""
    for outer, product in scalings(value):
        if isinstance(product.owner, MulOp):
            for left, x in scalings(product.owner.lhs):
                for right, y in scalings(product.owner.rhs):
                    yield outer * left * right, x, y
                    yield outer * left * right, y, x


def is_square(value: SSAValue, x: SSAValue) -> bool:
    """Whether `value` is x * x or x ** 2."""
    op = value.owner
    if isinstance(op, PowOp):
        return op.lhs is x and splat_value(op.rhs) == 2
    return isinstance(op, MulOp) and op.lhs is x and op.rhs is x


def is_cube(value: SSAValue, x: SSAValue) -> bool:
    """Whether `value` is x * x * x or x ** 3."""
    op = value.owner
    if isinstance(op, PowOp):
        return op.lhs is x and splat_value(op.rhs) == 3
    if not isinstance(op, MulOp):
        return False
    return (op.lhs is x and is_square(op.rhs, x)) or (op.rhs is x and is_square(op.lhs, x))
