"""Moves reshapes below the pointwise kernels that use them, so that these meet their producers."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.ir import Block, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.dialects.fused import Broadcast, FusedOp, PointwiseOp, ReshapeOp
from boltir.dialects.fused.broadcast import classify_broadcast
from boltir.dialects.tensors import Shape, element_type, static_shape


def sink_reshapes(block: Block) -> None:
    """Let pointwise kernels of `block` compute in the shape of the one kernel that feeds them alone."""
    for op in tuple(block.ops):
        if isinstance(op, PointwiseOp):
            _sink_above(op)
    for op in reversed(tuple(block.ops)):
        if isinstance(op, ReshapeOp) and op.output.first_use is None:
            Rewriter.erase_op(op)


def _sink_above(op: PointwiseOp) -> None:
    for source in _reshaped_producers(op):
        shape = static_shape(source)
        views = [view_shape(static_shape(value), op.result_shape, shape) for value in op.epilogue_operands]
        known = [view for view in views if view is not None]
        if len(known) == len(views):
            _compute_in_shape(op, shape, known)
            return


def _reshaped_producers(op: PointwiseOp) -> Iterator[SSAValue]:
    """The kernel results that `op` alone uses, reshaped to the shape of its own result."""
    for value in op.epilogue_operands:
        source = unviewed(value)
        is_reshaped_kernel = source is not value and isinstance(source.owner, FusedOp)
        if is_reshaped_kernel and static_shape(value) == op.result_shape and _feeds_only(source, op):
            yield source


def _feeds_only(value: SSAValue, op: PointwiseOp) -> bool:
    """Whether every use of `value`, seen through reshapes, is `op`."""
    users = (use.operation for use in value.uses)
    return all(user is op or (isinstance(user, ReshapeOp) and _feeds_only(user.output, op)) for user in users)


def unviewed(value: SSAValue) -> SSAValue:
    """`value` before all reshapes."""
    while isinstance(value.owner, ReshapeOp):
        value = value.owner.input
    return value


def view_shape(operand: Shape, result: Shape, new_result: Shape) -> Shape | None:
    """The shape under which an operand pairs with the same elements once `result` is seen as `new_result`.

    None if there is none that broadcasts.
    """
    kind = classify_broadcast(operand, result)
    same_rows = result[-1:] == new_result[-1:]
    if kind == Broadcast.FULL:
        return new_result
    if kind == Broadcast.SCALAR:
        return ()
    if kind == Broadcast.ROW and same_rows:
        return operand[-1:]
    if kind == Broadcast.COLUMN and same_rows:
        return (*new_result[:-1], 1)
    return None


def _compute_in_shape(op: PointwiseOp, shape: Shape, views: list[Shape]) -> None:
    def viewed(value: SSAValue, view: Shape) -> SSAValue:
        source = unviewed(value)
        if static_shape(source) == view:
            return source
        reshape = ReshapeOp.of(source, view)
        reshape.location = op.location
        Rewriter.insert_op(reshape, InsertPoint.before(op))
        return reshape.output

    operands = [viewed(value, view) for value, view in zip(op.epilogue_operands, views, strict=True)]
    old_shape, elements = op.result_shape, [element_type(result) for result in op.outputs]
    region = op.detach_region(op.epilogue)
    kernel = PointwiseOp.of_shape(shape, operands, region, result_element_types=elements, location=op.location)
    kernel.attributes.update(op.attributes)
    reshapes = [ReshapeOp.of(result, old_shape) for result in kernel.outputs]
    for reshape in reshapes:
        reshape.location = op.location
    Rewriter.replace_op(op, [kernel, *reshapes], [reshape.output for reshape in reshapes])
