"""What becomes of infinities in rows with added lanes.

The lanes that a padded product adds hold zeros where all that it sums over is finite, and NaN elsewhere. The product's
own columns are infinite or NaN there, too: more NaN does not matter until an operation such as a sigmoid makes finite
numbers of all infinities, but not of NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite, isinf, nan

from xdsl.dialects.builtin import AnyFloat

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.constants import splat_value
from boltir.dialects.graph.elementwise import ElementwiseOp, MulOp, WhereOp
from boltir.dialects.graph.linear import Conv2dOp, MatrixProductOp
from boltir.dialects.graph.pooling import GlobalMaxPool2dOp, MaxPool2dOp, ReduceMaxOp, ReduceMinOp
from boltir.dialects.tensors import element_type
from boltir.passes.padding.lanes import evaluate_lane, is_depthwise, lane_operands

Infinities = frozenset[float]
"""What infinite numbers may have become, as far as that is not finite."""
BOTH: Infinities = frozenset((inf, -inf))


def result_infinities(op: GraphOp, operands: Mapping[int, Infinities]) -> Infinities | None:
    """Those of `op`, which works by lane or is a product; None if its added lanes never hold NaN.

    Args:
        operands: those of the lane operands whose lanes may.
    """
    kept = [_kept(op, index, infinities) for index, infinities in operands.items()]
    if isinstance(element_type(op.result), AnyFloat) and _multiplies_unknown(op):
        kept.append(BOTH)
    if not kept:
        return None
    return frozenset[float]().union(*kept) if all(kept) else frozenset()


def _multiplies_unknown(op: GraphOp) -> bool:
    """Whether `op` multiplies the zeros in added lanes by other lanes, or by one number of each row."""
    if isinstance(op, MulOp):
        lanes = lane_operands(op)
        return any(i not in lanes and splat_value(value) is None for i, value in enumerate(op.operands))
    return isinstance(op, MatrixProductOp) or (isinstance(op, Conv2dOp) and not is_depthwise(op))


def _kept(op: GraphOp, index: int, infinities: Infinities) -> Infinities:
    match op:
        case WhereOp():
            return frozenset()  # it may choose the other operand
        case ElementwiseOp():
            results = (_at_infinity(op, index, infinity) for infinity in infinities)
            return frozenset(number if isinf(number) else nan for number in results if not isfinite(number))
        case MaxPool2dOp() | GlobalMaxPool2dOp() | ReduceMaxOp():
            return infinities - {-inf}
        case ReduceMinOp():
            return infinities - {inf}
        case MatrixProductOp() | Conv2dOp():
            return BOTH if infinities else infinities
        case _:
            return infinities


def _at_infinity(op: ElementwiseOp, index: int, infinity: float) -> float:
    """What `op` makes of `infinity` as operand `index` and of ones as those that are not known."""
    numbers = [splat_value(value) for value in op.operands]
    return evaluate_lane(op, [infinity if i == index else 1.0 if n is None else n for i, n in enumerate(numbers)])
