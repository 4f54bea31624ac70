"""Products with scalar constants."""

from __future__ import annotations

from xdsl.ir import SSAValue

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.constants import splat_value
from boltir.dialects.graph.elementwise import AddOp, DivOp, MulOp
from boltir.dialects.tensors import static_shape


def with_scalar(op: GraphOp) -> tuple[SSAValue, float] | None:
    """The operand and the scalar of a binary `op`; for a commutative one the scalar may come first."""
    lhs, rhs = op.operands
    if (scalar := splat_value(rhs)) is not None and static_shape(lhs) == static_shape(op.result):
        return lhs, scalar
    if isinstance(op, AddOp | MulOp) and (scalar := splat_value(lhs)) is not None:
        return (rhs, scalar) if static_shape(rhs) == static_shape(op.result) else None
    return None


def scaled(value: SSAValue) -> tuple[float, SSAValue] | None:
    """(c, x) if `value` is x * c or x / c for a scalar c."""
    op = value.owner
    if not isinstance(op, MulOp | DivOp) or (found := with_scalar(op)) is None:
        return None
    x, scalar = found
    if isinstance(op, MulOp):
        return scalar, x
    return (1 / scalar, x) if scalar else None
