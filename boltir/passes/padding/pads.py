"""Numbers behind the end of a dimension: adding them and cutting them off."""

from __future__ import annotations

from xdsl.ir import SSAValue

from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.movement import PadOp, SliceOp
from boltir.dialects.properties import float_attr, ints
from boltir.dialects.tensors import static_shape


def pad_end(value: SSAValue, axis: int, count: int, build: GraphBuilder, fill: float = 0.0) -> SSAValue:
    """`value` with `count` times the number `fill` after its dimension `axis`; itself for none."""
    if not count:
        return value
    rank = len(static_shape(value))
    high = [count if i == axis % rank else 0 for i in range(rank)]
    return build.add(PadOp, [value], {"low": ints([0] * rank), "high": ints(high), "value": float_attr(fill)})


def keep_start(value: SSAValue, axis: int, count: int, build: GraphBuilder) -> SSAValue:
    """The first `count` entries of `value` along `axis`; itself if it has no more."""
    shape = static_shape(value)
    if shape[axis] == count:
        return value
    sizes = [count if i == axis % len(shape) else extent for i, extent in enumerate(shape)]
    zeros, ones = ints([0] * len(shape)), ints([1] * len(shape))
    return build.add(SliceOp, [value], {"offsets": zeros, "sizes": ints(sizes), "strides": ones})
