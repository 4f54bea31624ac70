"""Which tensors of a function are images, and in which order the model has their dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from xdsl.ir import SSAValue

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import moves_no_element
from boltir.dialects.graph.movement import ReshapeOp, TransposeOp
from boltir.dialects.tensors import Shape, static_shape
from boltir.passes.layout.axes import Pinned, can_move, image_operands, image_rank, layout_order, result_permutation
from boltir.passes.layout.order import SMALLEST_RANK, Order, identity


@dataclass
class Images:
    """What convolutions and poolings read and write, and all that has the same dimensions.

    Attributes:
        constants: what is computed from weights alone; it moves at compile time, and has no order.
        orders: of every image, the order in which the model has its dimensions.
        movable: the operations that can compute in either order, each with the one that the model has.
        views: what only names the dimensions of an image anew, as a transpose between the orders or a reshape of the
            pixels, with that image. Both are one tensor in memory.
    """

    constants: set[SSAValue] = field(default_factory=set[SSAValue])
    orders: dict[SSAValue, Order] = field(default_factory=dict[SSAValue, Order])
    movable: dict[GraphOp, Order] = field(default_factory=dict[GraphOp, Order])
    views: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    @staticmethod
    def of(ops: Sequence[GraphOp]) -> Images:
        """The images among the values of `ops`, which are in order."""
        images = Images()
        for op in ops:
            if all(operand in images.constants for operand in op.operands):
                images.constants.add(op.result)
        pending: list[SSAValue] = []
        for op in ops:
            if isinstance(op, Pinned):
                images._add(op, layout_order(op), pending)
        torn: set[GraphOp] = set()
        while pending:
            value = pending.pop()
            for op in _neighbours(value):
                images._visit(op, value, pending, torn)
        for op in torn:
            del images.movable[op]
        return images

    def other_form(self, value: SSAValue) -> Shape:
        """The permutation that brings image `value` into the order that it does not have."""
        return self.orders[value].other.from_other(len(static_shape(value)))

    def lies_alike(self, value: SSAValue) -> bool:
        """Whether the elements of image `value` lie alike in both orders."""
        return moves_no_element(static_shape(value), self.other_form(value))

    def _visit(self, op: GraphOp, value: SSAValue, pending: list[SSAValue], torn: set[GraphOp]) -> None:
        """Let `op`, which reads or writes image `value`, tell which of its other values are images."""
        order = self.orders[value]
        if isinstance(op, TransposeOp | ReshapeOp):
            self._look_through(op, value, pending)
        elif op in self.movable:
            if self.movable[op] is not order and not isinstance(op, Pinned) and value in _linked(op, order):
                torn.add(op)
        elif can_move(op, order) and value in _linked(op, order):
            self._add(op, order, pending)

    def _add(self, op: GraphOp, order: Order, pending: list[SSAValue]) -> None:
        self.movable[op] = order
        for value in _linked(op, order):
            self._record(value, order, pending)

    def _record(self, value: SSAValue, order: Order, pending: list[SSAValue]) -> None:
        if value not in self.orders and value not in self.constants:
            self.orders[value] = order
            pending.append(value)

    def _look_through(self, op: TransposeOp | ReshapeOp, value: SSAValue, pending: list[SSAValue]) -> None:
        """Record what `op` makes of image `value`, or makes it of, if it only renames dimensions."""
        order = self.orders[value]
        before = order.other if value is op.result and isinstance(op, TransposeOp) else order
        if op.result in self.constants or (after := _order_after(op, before)) is None:
            return
        self._record(op.input, before, pending)
        self._record(op.result, after, pending)
        if self.orders[op.input] is before and self.orders[op.result] is after:
            self.views[op.result] = op.input


def _neighbours(value: SSAValue) -> Iterator[GraphOp]:
    """The graph operations that compute or read `value`."""
    if isinstance(value.owner, GraphOp):
        yield value.owner
    for use in value.uses:
        if isinstance(use.operation, GraphOp):
            yield use.operation


def _linked(op: GraphOp, order: Order) -> Sequence[SSAValue]:
    """The images of `order` that movable `op` reads and writes."""
    permutation = result_permutation(op, order.other.from_other(image_rank(op)))
    is_image = permutation != identity(len(permutation))
    return (*image_operands(op), op.result) if is_image else image_operands(op)


def _order_after(op: TransposeOp | ReshapeOp, order: Order) -> Order | None:
    """The order of the result of `op` for an operand of `order`; None if it is no image of the same pixels."""
    if isinstance(op, TransposeOp):
        return order.other if op.permutation.get_values() == order.other.from_other(len(op.shape)) else None
    shapes = op.shape, static_shape(op.result)
    if min(map(len, shapes)) < SMALLEST_RANK:
        return None
    first, second = map(order.channels_and_pictures, shapes)
    return order if first == second else None
