"""Which nodes of a graph its outputs depend on; the others are not imported."""

from __future__ import annotations

from collections.abc import Iterator

from onnx import GraphProto, NodeProto


def live_nodes(graph: GraphProto) -> tuple[list[NodeProto], set[str]]:
    """The nodes that the outputs depend on, in order, and the names of all values that are used."""
    needed = {output.name for output in graph.output}
    live: list[NodeProto] = []
    for node in reversed(graph.node):
        if needed.isdisjoint(node.output):
            continue
        live.append(node)
        needed.update(_names_read(node))
    needed.discard("")
    return live[::-1], needed


def _names_read(node: NodeProto) -> Iterator[str]:
    """The operands of `node`, and every name that its subgraphs mention, among them the values they capture."""
    yield from node.input
    for attribute in node.attribute:
        if not attribute.HasField("g"):
            continue
        yield from (output.name for output in attribute.g.output)
        for inner in attribute.g.node:
            yield from _names_read(inner)
