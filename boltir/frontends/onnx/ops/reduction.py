"""Reductions over axes."""

from __future__ import annotations

from xdsl.ir import SSAValue

from boltir.dialects.graph import GraphOp
from boltir.dialects.graph.elementwise import AbsOp, LogOp, MulOp, SqrtOp
from boltir.dialects.graph.pooling import ReduceMaxOp, ReduceMeanOp, ReduceMinOp, ReduceSumOp
from boltir.dialects.properties import bool_attr, ints
from boltir.dialects.tensors import static_shape
from boltir.frontends.onnx.node import Node
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.reshaping import checked_axis
from boltir.frontends.onnx.values import Value


def _reduce(node: Node, op: type[GraphOp]) -> SSAValue:
    return _reduced(node, op, node.tensor(0))


def _reduced(node: Node, op: type[GraphOp], x: SSAValue) -> SSAValue:
    axes = _axes(node, len(static_shape(x)))
    if not axes:
        return x
    return node.emit(op, x, axes=ints(axes), keepdims=bool_attr(node.attr_flag("keepdims")))


def _axes(node: Node, rank: int) -> tuple[int, ...]:
    """An attribute, later an input; none given means all, or nothing with noop_with_empty_axes."""
    axes = node.known_ints(1) if node.has(1) else node.attr_ints("axes")
    if not axes:
        return () if node.attr_flag("noop_with_empty_axes") else tuple(range(rank))
    return tuple(checked_axis(node, axis, rank) for axis in axes)


@converts("ReduceMax")
def reduce_max(node: Node) -> Value:
    return _reduce(node, ReduceMaxOp)


@converts("ReduceMean")
def reduce_mean(node: Node) -> Value:
    return _reduce(node, ReduceMeanOp)


@converts("ReduceMin")
def reduce_min(node: Node) -> Value:
    return _reduce(node, ReduceMinOp)


@converts("ReduceSum")
def reduce_sum(node: Node) -> Value:
    return _reduce(node, ReduceSumOp)


@converts("ReduceL1")
def reduce_l1(node: Node) -> Value:
    return _reduced(node, ReduceSumOp, node.emit(AbsOp, node.tensor(0)))


@converts("ReduceSumSquare")
def reduce_sum_square(node: Node) -> Value:
    return _sum_square(node)


@converts("ReduceL2")
def reduce_l2(node: Node) -> Value:
    return node.emit(SqrtOp, _sum_square(node))


@converts("ReduceLogSum")
def reduce_log_sum(node: Node) -> Value:
    return node.emit(LogOp, _reduce(node, ReduceSumOp))


def _sum_square(node: Node) -> SSAValue:
    x = node.tensor(0)
    return _reduced(node, ReduceSumOp, node.emit(MulOp, x, x))
