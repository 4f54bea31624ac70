"""Rows that are moved, each computed on by itself, and moved again can be moved once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.elementwise import UnaryElementwiseOp
from boltir.dialects.graph.linear import BatchMatmulOp, BiasAddOp, GemmOp, MatrixProductOp
from boltir.dialects.graph.movement import ReshapeOp, TransposeOp
from boltir.dialects.graph.rewriting import builder_at
from boltir.dialects.properties import int_attr
from boltir.dialects.tensors import normalized_axis, static_shape

Movement = ReshapeOp | TransposeOp


def computes_by_row(op: object) -> bool:
    """Whether each row (along the last dimension) of the result is a function of that row of the first operand."""
    match op:
        case MatrixProductOp():
            return not op.transpose_a.value.data and len(static_shape(op.b)) == 2
        case BiasAddOp():
            rank = len(static_shape(op.input))
            return normalized_axis(op.axis.value.data, rank) == rank - 1
        case _:
            return isinstance(op, UnaryElementwiseOp)


def moves_rows(op: Movement) -> bool:
    """Whether `op` keeps rows as they are."""
    if isinstance(op, TransposeOp):
        return op.permutation.get_values()[-1:] == (len(op.shape) - 1,)
    return op.shape[-1:] == static_shape(op.result)[-1:]


def steps_before(op: Movement) -> tuple[list[GraphOp], Movement] | None:
    """The operations by row before `op`, the first one first, and the movement before them."""
    steps: list[GraphOp] = []
    value = op.input
    while isinstance(step := value.owner, GraphOp) and computes_by_row(step):
        if not all(_is_same(use.operation, op) if not steps else use.operation is steps[-1] for use in value.uses):
            return None
        steps.append(step)
        value = step.operands[0]
    return (steps[::-1], step) if steps and isinstance(step, Movement) else None


def _is_same(user: object, op: Movement) -> bool:
    return isinstance(user, Movement) and type(user) is type(op) and user.properties == op.properties


def on_rows(steps: Sequence[GraphOp], x: SSAValue, build: GraphBuilder) -> SSAValue:
    """The result of `steps` on `x`, which may have other leading dimensions."""
    for step in steps:
        last = len(static_shape(x)) - 1
        at_step = GraphBuilder(build.builder, step.location)
        properties, kind = dict(step.properties), type(step)
        if isinstance(step, BiasAddOp):
            properties["axis"] = int_attr(last)
        if isinstance(step, MatrixProductOp):
            kind = GemmOp if last == 1 else BatchMatmulOp
        x = at_step.add(kind, [x, *step.operands[1:]], properties)
    return x


def replace_alike(
    op: Movement, steps: Sequence[GraphOp], move: Callable[[GraphBuilder], SSAValue], rewriter: PatternRewriter
) -> None:
    """Replace `op`, and what moves the same rows in the same way, by `steps` on the rows that `move` gives."""
    users = [use.operation for use in op.input.uses]
    rewriter.insertion_point = InsertPoint.after(steps[-1])
    build = builder_at(op, rewriter)
    result = on_rows(steps, move(build), build)
    for user in users:
        rewriter.replace(user, [], [result])


class ReshapeRowsOnce(RewritePattern):
    """reshape(gemm(reshape(x), w)) -> batch_matmul(x, w), if no dimension changes; also with bias and activation"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ReshapeOp, rewriter: PatternRewriter, /) -> None:
        if not moves_rows(op) or (found := steps_before(op)) is None:
            return
        steps, first = found
        if isinstance(first, ReshapeOp) and moves_rows(first) and first.shape[:-1] == static_shape(op.result)[:-1]:
            replace_alike(op, steps, lambda _: first.input, rewriter)


class TransposeRowsOnce(RewritePattern):
    """transpose(batch_matmul(transpose(x), w)) -> batch_matmul(transpose(x), w); also with bias and activation"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: TransposeOp, rewriter: PatternRewriter, /) -> None:
        if not moves_rows(op) or (found := steps_before(op)) is None:
            return
        steps, first = found
        if isinstance(first, TransposeOp) and moves_rows(first):
            order = [first.permutation.get_values()[i] for i in op.permutation.get_values()]
            replace_alike(op, steps, lambda build: build.transpose(first.input, order), rewriter)


ROW_PATTERNS = (
    (ReshapeOp, ReshapeRowsOnce()),
    (TransposeOp, TransposeRowsOnce()),
)
