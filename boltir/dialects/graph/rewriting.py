"""How patterns on graph operations end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import Attribute, SSAValue
from xdsl.pattern_rewriter import PatternRewriter

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder


def builder_at(op: GraphOp, rewriter: PatternRewriter) -> GraphBuilder:
    """Builds before the matched operation `op`, at its location."""
    return GraphBuilder(rewriter, op.location)


def replace_by(op: GraphOp, value: SSAValue, rewriter: PatternRewriter) -> None:
    """Replace the matched operation by a value that exists already."""
    rewriter.replace(op, [], [value])


def replace_by_op(
    op: GraphOp,
    op_type: type[GraphOp],
    operands: Sequence[SSAValue],
    properties: Mapping[str, Attribute],
    rewriter: PatternRewriter,
) -> None:
    """Replace the matched operation by another one, at its location."""
    replace_by(op, builder_at(op, rewriter).add(op_type, operands, properties), rewriter)
