"""Operations that compute every lane of their rows by itself, and what they make of lanes that hold one number.

A row runs along the last dimension of a tensor, and its lanes are that dimension's positions. Lanes that padding adds
behind the end of a row hold the same number in every row. As long as that is known and finite, nothing that reads the
padded rows can be changed by it: matrix products and convolutions multiply it by zeros. What they make of infinities is
told in `infinities.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, Block, SSAValue

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.constants import splat_value
from boltir.dialects.graph.elementwise import ElementwiseOp, MulOp
from boltir.dialects.graph.enums import PadMode
from boltir.dialects.graph.linear import BiasAddOp, Conv2dOp, MatrixProductOp
from boltir.dialects.graph.movement import (
    BroadcastToOp,
    ConcatOp,
    GatherOp,
    PadOp,
    ReshapeOp,
    ResizeOp,
    SliceOp,
    TransposeOp,
)
from boltir.dialects.graph.pooling import AvgPool2dOp, GlobalPool2dOp, Pool2dOp, ReduceOp, ReduceSumOp
from boltir.dialects.properties import int_attr, ints
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import element_type, normalized_axis, static_shape

FILLS = (0.0, 1.0)
"""What constants are padded with, in the order of preference: a row of divisors must not end in zeros."""


def is_depthwise(op: Conv2dOp) -> bool:
    """Whether every channel of a channels-last image has a filter, and an output channel, of its own."""
    channels = static_shape(op.input)[-1]
    return op.channels_last and op.groups.value.data == channels == static_shape(op.filter)[0] > 1


def lane_operands(op: GraphOp) -> tuple[int, ...]:
    """The numbers of the operands whose lanes the result's lanes are computed from; none where lanes are mixed."""
    match op:
        case MatrixProductOp():
            return () if op.transpose_b.value.data else (1,)
        case Conv2dOp():
            return (0,) if is_depthwise(op) else ()
        case BiasAddOp():
            rank = len(static_shape(op.input))
            return (0, 1) if normalized_axis(op.axis.value.data, rank) == rank - 1 else (0,)
        case ElementwiseOp():
            lanes = static_shape(op.result)[-1:]
            return tuple(i for i, value in enumerate(op.operands) if lanes and static_shape(value)[-1:] == lanes)
        case ConcatOp():
            rank = len(static_shape(op.result))
            return () if normalized_axis(op.axis.value.data, rank) == rank - 1 else tuple(range(len(op.operands)))
        case GatherOp():
            rank = len(static_shape(op.data))
            return () if normalized_axis(op.axis.value.data, rank) == rank - 1 else (0,)
        case _:
            return (0,) if _keeps_rows(op) else ()


def _keeps_rows(op: GraphOp) -> bool:
    """Whether `op`, which has one operand, moves or combines whole rows."""
    match op:
        case Pool2dOp() | GlobalPool2dOp():
            return op.channels_last
        case ReduceOp():
            rank = len(op.shape)
            return rank - 1 not in {normalized_axis(axis, rank) for axis in op.axes.get_values()}
        case PadOp():
            return op.low.get_values()[-1:] == op.high.get_values()[-1:] == (0,)
        case SliceOp():
            bounds = (op.offsets.get_values()[-1:], op.sizes.get_values()[-1:], op.strides.get_values()[-1:])
            return bounds == ((0,), op.shape[-1:], (1,))
        case TransposeOp():
            return op.permutation.get_values()[-1:] == (len(op.shape) - 1,)
        case ReshapeOp() | BroadcastToOp() | ResizeOp():
            return bool(op.shape) and static_shape(op.result)[-1:] == op.shape[-1:]
        case _:
            return False


def widened_properties(op: GraphOp, lanes: int) -> dict[str, Attribute]:
    """The properties of `op` when its rows have so many lanes."""
    match op:
        case ReshapeOp() | BroadcastToOp():
            changed = {"shape_to": ints((*op.shape_to.get_values()[:-1], lanes))}
        case SliceOp() | ResizeOp():
            changed = {"sizes": ints((*op.sizes.get_values()[:-1], lanes))}
        case Conv2dOp():
            changed = {"groups": int_attr(lanes)}
        case _:
            changed = {}
    return {**op.properties, **changed}


def lane_value(op: GraphOp, lanes: Mapping[int, float]) -> float | None:
    """The number in added lanes of the result of `op`, whose lane operands hold `lanes` there; None if not one number.

    It may be infinite or NaN. Whatever else `op` multiplies zeros by is taken to be finite.
    """
    match op:
        case ElementwiseOp():
            return _elementwise(op, lanes)
        case BiasAddOp():
            return lanes[0] + lanes[1] if 1 in lanes else None
        case MatrixProductOp() | Conv2dOp():
            return 0.0 if lanes[min(lanes)] == 0 else None
        case AvgPool2dOp():
            return lanes[0] if lanes[0] == 0 or not op.count_include_pad.value.data else None
        case ReduceSumOp():
            return lanes[0] * (element_count(op.shape) // element_count(static_shape(op.result)))
        case PadOp():
            repeats = op.mode.data is not PadMode.CONSTANT
            return lanes[0] if repeats or op.value.value.data == lanes[0] else None
        case _:
            distinct = set(lanes.values())
            return distinct.pop() if len(distinct) == 1 else None


def _elementwise(op: ElementwiseOp, lanes: Mapping[int, float]) -> float | None:
    if isinstance(op, MulOp) and 0.0 in lanes.values():
        return 0.0
    numbers = [lanes[i] if i in lanes else splat_value(value) for i, value in enumerate(op.operands)]
    known = [number for number in numbers if number is not None]
    return evaluate_lane(op, known) if len(known) == len(numbers) else None


def evaluate_lane(op: ElementwiseOp, numbers: list[float]) -> float:
    """What `op` computes of single numbers, each of its operand's type."""
    import numpy as np

    from boltir.interpreters import evaluate
    from boltir.interpreters.arrays import numpy_dtype

    elements = [element_type(value) for value in op.operands]
    block = Block(arg_types=[TensorType(element, [1]) for element in elements])
    trial = with_lanes(op, block.args, TensorType(element_type(op.result), [1]))
    arrays = [np.full(1, number, numpy_dtype(element)) for number, element in zip(numbers, elements, strict=True)]
    result = float(evaluate(trial, arrays)[0])
    trial.erase()
    return result


def with_lanes(op: GraphOp, operands: Sequence[SSAValue], result: TensorType[Attribute]) -> GraphOp:
    """What `op`, which works by lane, is for operands of other shapes."""
    groups, properties = op.operand_groups(operands), widened_properties(op, result.get_shape()[-1])
    return type(op)(operands=groups, result_types=[result], properties=properties)


def is_harmless(number: float | None, largest: float) -> bool:
    """Whether lanes that hold `number` can be multiplied by zeros: finite in a precision up to `largest`."""
    return number is not None and isfinite(number) and abs(number) <= largest
