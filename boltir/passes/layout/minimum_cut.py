"""Which operations compute channels-last, such that the fewest tensors are needed in both orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from typing import Any

from boltir.dialects.graph.base import GraphOp
from boltir.passes.layout.order import Order

Node = GraphOp | Order
"""An operation that can compute in either order, or the order that another one needs."""


@dataclass(frozen=True)
class Tensor:
    """A tensor that costs `weight` if one of its `readers` needs it in another order than its `producer` gives."""

    producer: Node
    readers: tuple[Node, ...]
    weight: int

    @property
    def operations(self) -> Iterator[GraphOp]:
        """Those whose order is to be chosen."""
        return (node for node in (self.producer, *self.readers) if not isinstance(node, Order))

    @property
    def needed(self) -> Iterator[Order]:
        """The orders that are given."""
        return (node for node in (self.producer, *self.readers) if isinstance(node, Order))


def cheapest_orders(tensors: Sequence[Tensor]) -> dict[GraphOp, Order]:
    """The orders of all operations for which the tensors cost least; those that no order reaches are left out.

    Where that leaves a choice, operations compute channels-last: what reads an input follows its transpose, and what
    reads a convolution goes before the transpose, so that both become part of a kernel that is there.
    """
    orders: dict[GraphOp, Order] = {}
    for part in _connected(tensors):
        operations = dict.fromkeys(op for tensor in part for op in tensor.operations)
        needed = {order for tensor in part for order in tensor.needed}
        if len(needed) == 1:
            orders |= dict.fromkeys(operations, *needed)
        elif needed:
            first = _computed_first(part)
            orders |= {op: Order.FIRST if op in first else Order.LAST for op in operations}
    return orders


def _connected(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """`tensors` in groups that have no operation in common."""
    by_operation: dict[GraphOp, list[Tensor]] = {}
    for tensor in tensors:
        for op in tensor.operations:
            by_operation.setdefault(op, []).append(tensor)
    seen: set[GraphOp] = set()
    for start in by_operation:
        if start in seen:
            continue
        seen.add(start)
        pending, found = [start], dict[int, Tensor]()
        while pending:
            for tensor in by_operation[pending.pop()]:
                found[id(tensor)] = tensor
                new = [op for op in tensor.operations if op not in seen]
                seen.update(new)
                pending.extend(new)
        yield list(found.values())


def _computed_first(tensors: Sequence[Tensor]) -> set[Node]:
    """The operations behind the minimum cut between channels-last and channels-first.

    A tensor whose producer is channels-last is cut once if any reader is not, by a node between them that no reader
    can be cut off from; and the other way round.
    """
    networkx: Any = import_module("networkx")
    graph, numbers = networkx.DiGraph(), count()
    for tensor in tensors:
        before, after = next(numbers), next(numbers)
        graph.add_edge(tensor.producer, before, capacity=tensor.weight)
        graph.add_edge(after, tensor.producer, capacity=tensor.weight)
        for reader in tensor.readers:
            graph.add_edge(before, reader)
            graph.add_edge(reader, after)
    # Its searches meet near the few tensors that are cut, whatever the size of the network.
    find_paths = networkx.algorithms.flow.edmonds_karp
    cut: tuple[int, tuple[set[Node | int], set[Node | int]]]
    cut = networkx.minimum_cut(graph, Order.LAST, Order.FIRST, flow_func=find_paths)
    return {node for node in cut[1][1] if not isinstance(node, int)}
