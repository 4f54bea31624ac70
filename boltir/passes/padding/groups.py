"""Tensors whose rows are padded together or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

from xdsl.dialects.builtin import AnyFloat, IntegerType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, SSAValue, Use

from boltir.dialects.graph.attention import AttentionOp
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.linear import Conv2dOp, MatrixProductOp
from boltir.dialects.graph.movement import GatherOp
from boltir.dialects.graph.pooling import ReduceSumOp
from boltir.dialects.shapes import round_up
from boltir.dialects.tensors import element_type, normalized_axis, static_shape
from boltir.passes.fold_prologue import summed_axes
from boltir.passes.padding.infinities import BOTH, Infinities, result_infinities
from boltir.passes.padding.lanes import FILLS, is_depthwise, is_harmless, lane_operands, lane_value
from boltir.precision import Precision

Product = MatrixProductOp | Conv2dOp
ACCESS_BYTES = 16
"""What tensor-core kernels read and store at once at best."""


def is_product(op: object) -> TypeGuard[Product]:
    """Whether `op` is a matrix product, or a convolution that amounts to one."""
    if isinstance(op, Conv2dOp):
        return op.channels_last and op.groups.value.data == 1
    return isinstance(op, MatrixProductOp)


def column_axis(op: Product) -> int:
    """The dimension of the right operand that counts the columns of the result."""
    rank = len(static_shape(op.operands[1]))
    return 0 if isinstance(op, Conv2dOp) else rank - (2 if op.transpose_b.value.data else 1)


def operands_along_rows(op: Product) -> tuple[int, ...]:
    """The numbers of the operands over whose rows `op` sums."""
    axes = summed_axes(op) or ()
    return tuple(i for i, axis in enumerate(axes) if axis == len(static_shape(op.operands[i])) - 1)


def picks_rows(op: GatherOp) -> bool:
    """Whether `op` picks whole rows of its data."""
    rank = len(static_shape(op.data))
    return normalized_axis(op.axis.value.data, rank) < rank - 1


def alignment_of(element: Attribute, precision: Precision) -> int:
    """How many elements one access holds; floats are stored in `precision`, and 1 stands for types without kernels."""
    if isinstance(element, AnyFloat):
        return ACCESS_BYTES // precision.bytes
    return ACCESS_BYTES if isinstance(element, IntegerType) and element.bitwidth == 8 else 1


@dataclass
class Group:
    """Tensors with rows of as many lanes, each lane computed from the same lane of others of the group.

    Attributes:
        lanes: how many there are.
        alignment: of how many lanes products want a multiple.
        members: in the order of the function.
        readers: the products that sum over the lanes.
        makers: the members that no operation computes lane by lane from other members.
    """

    lanes: int
    alignment: int = 1
    members: list[SSAValue] = field(default_factory=list[SSAValue])
    readers: list[Product] = field(default_factory=list[Product])
    makers: list[SSAValue] = field(default_factory=list[SSAValue])

    @property
    def aligned(self) -> int:
        """The next number of lanes that is a multiple of the alignment."""
        return round_up(self.lanes, self.alignment)

    @property
    def products(self) -> list[Product]:
        """Those that read or compute the rows."""
        made = (value.owner for value in self.members)
        return list(dict.fromkeys((*self.readers, *(op for op in made if is_product(op)))))


@dataclass
class LaneFinder:
    """Visits a function's operations in order.

    Attributes:
        weights: what is computed from weights and constants alone.
        numbers: what the lanes hold that padding adds to a tensor.
        infinities: what has become of infinities in tensors whose added lanes hold NaN where a product read infinities.
        fills: what the constants are padded with of each operation that works lane by lane.
        summing: for each product that may sum over more lanes, the tensors it reads along them.
    """

    precision: Precision
    weights: set[SSAValue] = field(default_factory=set[SSAValue])
    numbers: dict[SSAValue, float] = field(default_factory=dict[SSAValue, float])
    infinities: dict[SSAValue, Infinities] = field(default_factory=dict[SSAValue, Infinities])
    fills: dict[Operation, float] = field(default_factory=dict[Operation, float])
    summing: dict[Operation, list[SSAValue]] = field(default_factory=dict[Operation, list[SSAValue]])
    parents: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def visit(self, function: FuncOp) -> None:
        block = function.body.block
        for argument in block.args:
            self._start(argument)
        for op in block.ops:
            if not isinstance(op, GraphOp):
                continue
            if all(operand in self.weights for operand in op.operands):
                self.weights.add(op.result)
                continue
            if not self._works_by_lane(op):
                self._start(op.result)
            self._follow_infinities(op)
            if isinstance(op, Product):
                self._sum(op)

    def _start(self, value: SSAValue) -> None:
        """`value` can get lanes of zeros; rows that are aligned for every type need none."""
        shape = static_shape(value)
        if shape and shape[-1] % ACCESS_BYTES:
            self.numbers[value] = 0.0
            self.parents[value] = value

    def _works_by_lane(self, op: GraphOp) -> bool:
        lanes = lane_operands(op)
        varying = [op.operands[i] for i in lanes if op.operands[i] not in self.weights]
        if not varying or not all(value in self.numbers for value in varying):
            return False
        if isinstance(op, Conv2dOp) and is_depthwise(op) and op.filter not in self.weights:
            return False
        for fill in FILLS:
            number = lane_value(op, {i: self.numbers.get(op.operands[i], fill) for i in lanes})
            if is_harmless(number, self.precision.largest):
                assert number is not None
                self._start(op.result)
                self.numbers[op.result] = number
                self.fills[op] = fill
                self._join([op.result, *varying])
                return True
        return False

    def _follow_infinities(self, op: GraphOp) -> None:
        if op not in self.fills and not self.widens(op):
            return  # a kernel writes zeros
        lanes = lane_operands(op) if op in self.fills else ()
        known = {i: self.infinities[op.operands[i]] for i in lanes if op.operands[i] in self.infinities}
        if (infinities := result_infinities(op, known)) is not None:
            self.infinities[op.result] = infinities

    def can_sum(self, value: SSAValue) -> bool:
        """Whether the added lanes of `value` hold NaN in no row that is finite without them."""
        return bool(self.infinities.get(value, BOTH))

    def _sum(self, op: Product) -> None:
        """More lanes add nothing to the sums if the rows of one operand at least end in zeros."""
        if not is_product(op):
            return
        varying = [op.operands[i] for i in operands_along_rows(op) if op.operands[i] not in self.weights]
        if not varying or not all(value in self.numbers and self.can_sum(value) for value in varying):
            return
        if len(varying) == 1 or any(self.numbers[value] == 0 for value in varying):
            self.summing[op] = varying
            self._join(varying)

    def root(self, value: SSAValue) -> SSAValue:
        """The same one for all tensors of a group."""
        while self.parents[value] is not value:
            self.parents[value] = self.parents[self.parents[value]]
            value = self.parents[value]
        return value

    def _join(self, values: list[SSAValue]) -> None:
        for value in values[1:]:
            self.parents[self.root(value)] = self.root(values[0])

    def groups(self) -> Iterator[Group]:
        """Those with a product for which some alignment is missing, in the order of their first members."""
        found: dict[SSAValue, Group] = {}
        for value in self.numbers:
            group = found.setdefault(self.root(value), Group(static_shape(value)[-1]))
            group.members.append(value)
            owner = value.owner
            if owner not in self.fills:
                group.makers.append(value)
            if is_product(owner) and (owner in self.fills or self.widens(owner)):
                group.alignment = max(group.alignment, alignment_of(element_type(owner.operands[1]), self.precision))
        for op, values in self.summing.items():
            assert isinstance(op, Product)
            group = found[self.root(values[0])]
            group.readers.append(op)
            group.alignment = max(group.alignment, alignment_of(element_type(values[0]), self.precision))
        return (group for group in found.values() if group.lanes % group.alignment)

    def widens(self, op: Operation) -> bool:
        """Whether `op` is a product that computes more columns where its weight is padded."""
        return is_product(op) and op.operands[1] in self.weights

    def takes_padding(self, use: Use) -> bool:
        """Whether what reads a tensor there gives the same, or as many lanes more, if its rows are padded."""
        op, value = use.operation, use.operation.operands[use.index]
        if op in self.fills:
            assert isinstance(op, GraphOp)
            if use.index in lane_operands(op):
                return True
        if op in self.summing and is_product(op) and use.index in operands_along_rows(op):
            return True
        return ignores_padding(op, use.index, is_zero=self.numbers[value] == 0 and self.can_sum(value))


def ignores_padding(op: Operation, operand: int, *, is_zero: bool) -> bool:
    """Whether `op` computes the same where the rows of an operand end in more lanes, all zeros or not."""
    if isinstance(op, ReduceSumOp):
        rank = len(op.shape)
        return is_zero and rank - 1 in {normalized_axis(axis, rank) for axis in op.axes.get_values()}
    return isinstance(op, AttentionOp) and operand < 3
