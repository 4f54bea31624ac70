"""Rewriting a function such that each operation computes in the order chosen for it."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.linear import BatchMatmulOp
from boltir.dialects.graph.movement import ReshapeOp, TransposeOp
from boltir.dialects.tensors import Shape, static_shape
from boltir.passes.layout.axes import (
    image_operands,
    image_rank,
    permuted_operation,
    result_permutation,
    spread_operands,
)
from boltir.passes.layout.forms import Forms
from boltir.passes.layout.images import Images
from boltir.passes.layout.order import Order, identity
from boltir.passes.layout.readers import (
    exchange_matrix,
    products_of_rows,
    reorder_rows,
    takes_either_order,
    transpose_before,
)
from boltir.passes.support.rewriting import erase_unused


class LayoutRewriter:
    """Visits every operation once, in order; each asks for its operands in the form it needs.

    Args:
        images: those of the function to be rewritten.
        orders: the one in which each movable operation is to compute.
    """

    def __init__(self, images: Images, orders: Mapping[GraphOp, Order]) -> None:
        self.images = images
        self.orders = orders
        self.forms = Forms(images)

    def rewrite_block(self, block: Block) -> None:
        """Rewrite the body of the function, and erase what nothing uses any more."""
        graph_ops = [op for op in block.ops if isinstance(op, GraphOp)]
        for op in tuple(block.ops):
            self._rewrite(op)
        erase_unused(graph_ops)

    def _rewrite(self, op: Operation) -> None:
        if isinstance(op, GraphOp) and op.result in self.images.views:
            self._look_through(op)
        elif isinstance(op, GraphOp) and self.orders.get(op) is not self.images.movable.get(op):
            self._move(op, self.orders[op].from_other(image_rank(op)))
        else:
            op.operands = self._as_the_model_has_them(op)

    def _as_the_model_has_them(self, op: Operation) -> list[SSAValue]:
        """The operands of `op` in their own orders, but those that it can as well read in the other one."""
        if isinstance(op, GraphOp):
            for index, value in enumerate(op.operands):
                self._read_as_it_lies(op, index, value)
        return [self.forms.own(value, op) for value in op.operands]

    def _read_as_it_lies(self, op: GraphOp, index: int, value: SSAValue) -> None:
        """If `value` is an image that is held in the other order only, let `op` read that if it can."""
        if value not in self.images.orders or not takes_either_order(op, value, self.images):
            return
        shape, other = static_shape(value), self.images.other_form(value)
        if self.forms.has(value, identity(len(shape))) or not self.forms.has(value, other):
            return
        match op:
            case TransposeOp():
                transpose_before(op, other)
            case BatchMatmulOp():
                exchange_matrix(op, index)
            case ReshapeOp() if not self.images.lies_alike(value):
                for product in products_of_rows(op, self.images) or ():
                    reorder_rows(product, shape[1:], other)
            case _:
                pass
        op.operands[index] = self.forms.get(value, other, op)

    def _look_through(self, op: GraphOp) -> None:
        """A reshape stays if its operand does, and a transpose if one is needed; other views are made for who reads."""
        (value,) = op.operands
        is_held = self.forms.has(value, identity(len(static_shape(value))))
        if is_held:
            op.operands[0] = self.forms.own(value, op)
        if is_held and isinstance(op, TransposeOp) and not self.images.lies_alike(value):
            self.forms.spare.setdefault(value, {})[op.permutation.get_values()] = op.result
        if not is_held or isinstance(op, TransposeOp):
            self.forms.record(op.result, {})

    def _move(self, op: GraphOp, permutation: Shape) -> None:
        """Replace `op` by what computes on images whose dimensions are permuted."""
        if isinstance(op, BatchMatmulOp):
            operands = self._as_the_model_has_them(op)[::-1]
        else:
            moved = {*image_operands(op), *spread_operands(op)}
            get, own = self.forms.get, self.forms.own
            operands = [get(value, permutation, op) if value in moved else own(value, op) for value in op.operands]
        new = permuted_operation(op, operands, permutation)
        new.location = op.location
        new.result.name_hint = op.result.name_hint
        Rewriter.insert_op(new, InsertPoint.before(op))
        self.forms.record(op.result, {result_permutation(op, permutation): new.result})
