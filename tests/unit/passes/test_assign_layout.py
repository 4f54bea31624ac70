"""`assign-layout` finds the fewest transposes that there can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from boltir.dialects import graph
from boltir.dialects.graph.base import GraphOp
from boltir.passes.assign_layout import transposes_at_run_time
from boltir.passes.layout.axes import Pinned
from boltir.passes.layout.choice import choose_orders
from boltir.passes.layout.images import Images
from boltir.passes.layout.minimum_cut import Node, Tensor, cheapest_orders
from boltir.passes.layout.order import Order, composed, identity
from boltir.passes.layout.rewriter import LayoutRewriter
from boltir.passes.support.rewriting import functions
from tests.support.network_builder import NetworkBuilder
from tests.support.random_graphs import random_cnn

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MOST_OPERATIONS = 5


def operations(count: int) -> list[GraphOp]:
    """Operations to be told apart; what they compute is not looked at."""
    net = NetworkBuilder(np.random.default_rng(0))
    x = net.image(1, 2, 2, 2)
    return [op for _ in range(count) if isinstance(op := net.add(graph.ReluOp, x).owner, GraphOp)]


OPERATIONS = operations(MOST_OPERATIONS)
nodes = st.sampled_from([*OPERATIONS, *Order])
tensors = st.builds(Tensor, nodes, st.lists(nodes, max_size=4).map(tuple), st.integers(1, 9))


def cost(tensors: list[Tensor], orders: Mapping[GraphOp, Order]) -> int:
    """What `tensors` cost when the operations compute in `orders`."""

    def order(node: Node) -> Order:
        return node if isinstance(node, Order) else orders[node]

    dear = (tensor for tensor in tensors if any(order(node) is not order(tensor.producer) for node in tensor.readers))
    return sum(tensor.weight for tensor in dear)


@given(st.lists(tensors, max_size=12))
def test_no_choice_of_orders_is_cheaper(tensors: list[Tensor]) -> None:
    free = dict.fromkeys(OPERATIONS, Order.FIRST)
    chosen = cost(tensors, free | cheapest_orders(tensors))
    choices = product(Order, repeat=len(OPERATIONS))
    assert chosen == min(cost(tensors, dict(zip(OPERATIONS, choice, strict=True))) for choice in choices)


def assignments(orders: Mapping[GraphOp, Order]) -> Iterator[list[Order]]:
    """All orders that movable operations can compute in, those without a choice in the one they have in `orders`."""
    return map(list, product(*([order] if isinstance(op, Pinned) else list(Order) for op, order in orders.items())))


def transposes(seed: int, length: int, orders: list[Order] | None) -> tuple[int, Mapping[GraphOp, Order]]:
    """How many are left in a random network, and the orders, by default the chosen ones, of its movable operations."""
    network = random_cnn(seed, length)
    (function,) = functions(network.module)
    block = function.body.block
    images = Images.of(network.ops(GraphOp))
    given = choose_orders(block, images) if orders is None else dict(zip(images.movable, orders, strict=True))
    LayoutRewriter(images, given).rewrite_block(block)
    network.module.verify()
    return len(transposes_at_run_time(block)), given


@few
@given(seed=st.integers(0, 2**32), length=st.integers(1, 5))
def test_no_rewriting_has_fewer_transposes(seed: int, length: int) -> None:
    left, chosen = transposes(seed, length, None)
    others = list(assignments(chosen))
    assume(1 < len(others) <= 2**MOST_OPERATIONS)
    assert left == min(transposes(seed, length, orders)[0] for orders in others)


@given(st.sampled_from(list(Order)), st.integers(3, 6))
def test_orders_are_inverse_to_each_other(order: Order, rank: int) -> None:
    there, back = order.other.from_other(rank), order.from_other(rank)
    assert composed(there, back) == identity(rank)
