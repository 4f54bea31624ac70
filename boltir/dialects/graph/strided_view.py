"""Reading a tensor out of the memory of the one it was made from, through operations that only move elements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from boltir.dialects.graph.movement import BroadcastToOp, ReshapeOp, SliceOp, TransposeOp
from boltir.dialects.shapes import dense_strides
from boltir.dialects.tensors import Shape, static_shape


@dataclass(frozen=True)
class Factor:
    """Part of a dimension: `extent` positions that lie `stride` elements apart."""

    extent: int
    stride: int


Factors = tuple[Factor, ...]
"""A dimension as a product of factors, the slowest first; none for extent 1."""


@dataclass(frozen=True)
class StridedView:
    """A tensor as elements of `base`: the sum of the factors' indices times their strides, plus `offset`.

    `moved` counts the operations between the two that are no reshape.
    """

    base: SSAValue
    dimensions: tuple[Factors, ...]
    offset: int = 0
    moved: int = 0

    @staticmethod
    def of(value: SSAValue) -> StridedView:
        """`value` as a view of itself."""
        shape = static_shape(value)
        return StridedView(value, tuple(map(_factors, shape, dense_strides(shape))))

    def outward(self) -> StridedView | None:
        """The same tensor as a view of the operand of what made `base`; None where that is no movement."""
        op = self.base.owner
        if isinstance(op, ReshapeOp):
            return StridedView(op.input, self.dimensions, self.offset, self.moved)
        if not isinstance(op, TransposeOp | SliceOp | BroadcastToOp):
            return None
        start, targets = _source_strides(op)
        return self._moved_to(op.input, static_shape(self.base), start, targets)

    def _moved_to(self, source: SSAValue, shape: Shape, start: int, targets: Shape) -> StridedView | None:
        """This view of a tensor of `shape`, each of whose dimensions steps through `source` by its target stride."""
        strides = dense_strides(shape)
        digits = [self.offset // stride % extent for stride, extent in zip(strides, shape, strict=True)]
        offset = start + sum(digit * target for digit, target in zip(digits, targets, strict=True))
        dimensions: list[Factors] = []
        for factors in self.dimensions:
            found: list[Factor] = []
            for factor in factors:
                steps = _digit_steps(factor, shape, strides)
                if steps is None:
                    return None
                for d, extent, step in steps:
                    digits[d] += step * (extent - 1)
                    found.append(Factor(extent, step * targets[d]))
            dimensions.append(joined(found))
        if any(digit >= extent for digit, extent in zip(digits, shape, strict=True)):
            return None
        return StridedView(source, tuple(dimensions), offset, self.moved + 1)


def views_of(view: StridedView | None) -> Iterator[StridedView]:
    """`view`, then the same as a view of the tensor before its base, and so on as far as movement goes."""
    while view is not None:
        yield view
        view = view.outward()


def joined(factors: Sequence[Factor]) -> Factors:
    """The fewest factors that step through the same elements."""
    result: list[Factor] = []
    for factor in factors:
        if result and result[-1].stride == factor.stride * factor.extent:
            result[-1] = Factor(result[-1].extent * factor.extent, factor.stride)
        else:
            result.append(factor)
    return tuple(result)


def _factors(extent: int, stride: int) -> Factors:
    return (Factor(extent, stride),) if extent > 1 else ()


def _source_strides(op: TransposeOp | SliceOp | BroadcastToOp) -> tuple[int, Shape]:
    """Where the result begins in the operand, and how far apart neighbours along each of its dimensions are there."""
    strides = dense_strides(op.shape)
    match op:
        case TransposeOp():
            return 0, tuple(strides[i] for i in op.permutation.get_values())
        case SliceOp():
            offsets, steps = op.offsets.get_values(), op.strides.get_values()
            start = sum(offset * stride for offset, stride in zip(offsets, strides, strict=True))
            return start, tuple(step * stride for step, stride in zip(steps, strides, strict=True))
        case BroadcastToOp():
            rank = len(static_shape(op.result))
            extents = (1,) * (rank - len(op.shape)) + op.shape
            padded = (0,) * (rank - len(op.shape)) + strides
            return 0, tuple(0 if extent == 1 else stride for extent, stride in zip(extents, padded, strict=True))


def _digit_steps(factor: Factor, shape: Shape, strides: Shape) -> list[tuple[int, int, int]] | None:
    """`factor` as (dimension, extent, step) over the dimensions of a dense tensor, the slowest first."""
    if factor.stride == 0:
        return [(0, factor.extent, 0)] if shape else None
    for d, (extent, stride) in enumerate(zip(shape, strides, strict=True)):
        if not stride <= factor.stride < stride * extent:
            continue
        step, rest = divmod(factor.stride, stride)
        if rest:
            return None
        if step * (factor.extent - 1) < extent:
            return [(d, factor.extent, step)]
        inner = extent // step
        if extent % step or factor.extent % inner:
            return None
        outer = _digit_steps(Factor(factor.extent // inner, stride * extent), shape, strides)
        return None if outer is None else [*outer, (d, inner, step)]
    return None
