"""Which operations compute channels-last."""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.ir import Operation, SSAValue

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import moves_no_element
from boltir.dialects.graph.constants import is_constant
from boltir.dialects.graph.enums import TO_CHANNELS_FIRST, TO_CHANNELS_LAST
from boltir.dialects.graph.movement import TransposeOp
from boltir.dialects.tensors import static_shape
from boltir.passes.layout.axes import (
    image_operands,
    is_channels_first_image,
    is_flexible,
)


def is_free(value: SSAValue) -> bool:
    """Whether `value` changes between the two orders without work at run time."""
    shape = static_shape(value)
    return is_constant(value) or len(shape) < 4 or moves_no_element(shape, TO_CHANNELS_LAST)


def choose_channels_last(ops: Iterable[GraphOp]) -> set[Operation]:
    """The operations among `ops`, which are in order, that compute channels-last.

    Convolutions and poolings do; what can follow either order follows its operands, and stays as it
    is while all of them are. So transposes sink from convolutions until they cancel or meet
    something that needs the dimensions in their own order.
    """
    chosen: set[Operation] = set()
    channels_last: set[SSAValue] = set()
    for op in ops:
        if is_channels_first_image(op) or (is_flexible(op) and _follows(op, channels_last)):
            chosen.add(op)
            channels_last.add(op.result)
        elif isinstance(op, TransposeOp) and op.permutation.get_values() == TO_CHANNELS_FIRST:
            channels_last.add(op.result)
    return chosen


def _follows(op: GraphOp, channels_last: set[SSAValue]) -> bool:
    operands = image_operands(op)
    present = [value for value in operands if value in channels_last]
    if not present:
        return False
    return any(not is_free(value) for value in present) or all(map(is_free, operands))
