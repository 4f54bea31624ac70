"""Which operations compute channels-last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.ir import Block, Operation, SSAValue

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import moves_no_element
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import Shape, static_shape
from boltir.passes.layout.axes import Pinned, image_operands, image_rank, spread_operands
from boltir.passes.layout.images import Images
from boltir.passes.layout.minimum_cut import Node, Tensor, cheapest_orders
from boltir.passes.layout.order import Order
from boltir.passes.layout.readers import takes_either_order


@dataclass(frozen=True)
class Costs:
    """What it costs to have a tensor in both orders: first of all a transpose, then its elements, and last a reshape.

    A reshape, where no element moves, still stands between kernels that could be one.
    """

    transpose: int
    element: int
    reshape: int = 1

    @staticmethod
    def of(shapes: list[Shape]) -> Costs:
        """Costs of tensors of these shapes, none of which outweighs a dearer one however many there are."""
        element = len(shapes) + 1
        return Costs(transpose=element * (sum(map(element_count, shapes)) + 1), element=element)

    def weight(self, shape: Shape, order: Order) -> int:
        """The cost of an image of `shape` that has its dimensions in `order`."""
        if moves_no_element(shape, order.other.from_other(len(shape))):
            return self.reshape
        return self.transpose + self.element * element_count(shape)


def choose_orders(block: Block, images: Images) -> dict[GraphOp, Order]:
    """The order in which each movable operation computes: the fewest transposes, and then the fewest elements moved.

    Transposes of what is computed from weights cost nothing, and neither do those that a reader can take in.
    """
    spread = [(op, shape) for op in images.movable for shape in _spread_shapes(op, images)]
    costs = Costs.of([*map(static_shape, images.orders), *(shape for _, shape in spread)])
    tensors = list(_image_tensors(block, images, costs))
    for op, shape in spread:
        own = images.movable[op]
        tensors.append(Tensor(own, (_node(op),), costs.weight(shape, own)))
    orders = cheapest_orders(tensors)
    return {op: Order.LAST if isinstance(op, Pinned) else orders.get(op, own) for op, own in images.movable.items()}


def _node(op: GraphOp) -> Node:
    """What decides in which order movable `op` computes."""
    return Order.LAST if isinstance(op, Pinned) else op


def _spread_shapes(op: GraphOp, images: Images) -> Iterator[Shape]:
    """The shapes, with leading ones, of what `op` spreads over its images."""
    for value in spread_operands(op):
        if value not in images.constants:
            shape = static_shape(value)
            yield (1,) * (image_rank(op) - len(shape)) + shape


def _image_tensors(block: Block, images: Images, costs: Costs) -> Iterator[Tensor]:
    """The images, with all that reads them or a view of them."""
    readers: dict[SSAValue, list[Node]] = {value: [] for value in images.orders if value not in images.views}
    seen_through = {value: value for value in readers}
    for op in block.ops:
        for index, value in enumerate(op.operands):
            node = _reader(op, index, images) if value in images.orders else None
            if node is not None:
                readers[seen_through[value]].append(node)
        for result in op.results:
            if result in images.views:
                seen_through[result] = seen_through[images.views[result]]
    for value, nodes in readers.items():
        weight = costs.weight(static_shape(value), images.orders[value])
        yield Tensor(_producer(value, images), tuple(dict.fromkeys(nodes)), weight)


def _producer(value: SSAValue, images: Images) -> Node:
    owner = value.owner
    if isinstance(owner, GraphOp) and owner in images.movable:
        return _node(owner)
    return images.orders[value]


def _reader(op: Operation, index: int, images: Images) -> Node | None:
    """What decides in which order operand `index` of `op` is needed; None if that is the same to it."""
    value = op.operands[index]
    if not isinstance(op, GraphOp):
        return images.orders[value]
    if op.result in images.views or takes_either_order(op, value, images):
        return None
    if op not in images.movable:
        return images.orders[value]
    return _node(op) if value in image_operands(op) else None
