"""Runs of anchors that one kernel could compute: each result is read by the next product, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from xdsl.ir import Block, Operation, SSAValue, Use

from boltir.dialects.cutlass.choice import choice_of
from boltir.dialects.fused import Conv2dOp, FusedOp, GemmOp, ReshapeOp
from boltir.dialects.tensors import static_shape
from boltir.lowering.fused_to_cutlass.chains.problem import product_layout
from boltir.lowering.fused_to_cutlass.selection import Refusal
from boltir.lowering.fused_to_cutlass.stores import stores_of

Anchor = GemmOp | Conv2dOp


@dataclass(frozen=True)
class Obstacle:
    """Why the product behind an anchor is not computed by its kernel.

    Attributes:
        reason: without this operation's numbers.
    """

    anchor: FusedOp
    message: str
    reason: str


def runs_of(block: Block) -> tuple[list[tuple[FusedOp, ...]], list[Obstacle]]:
    """The longest runs of at least two anchors of `block`, and what ends runs where another product follows."""
    following: dict[FusedOp, FusedOp] = {}
    obstacles: list[Obstacle] = []
    for op in block.ops:
        if not isinstance(op, Anchor):
            continue
        match _next_anchor(op):
            case Obstacle() as obstacle:
                obstacles.append(obstacle)
            case None:
                pass
            case consumer:
                following[op] = consumer
    heads = [op for op in following if op not in set(following.values())]
    return [tuple(_run_from(head, following)) for head in heads], obstacles


def _run_from(op: FusedOp, following: dict[FusedOp, FusedOp]) -> Iterator[FusedOp]:
    yield op
    while op in following:
        op = following[op]
        yield op


def _next_anchor(op: Anchor) -> FusedOp | Obstacle | None:
    """The product that reads what `op` computes, what keeps it from one kernel with `op`, or None without one."""
    uses = [use for value in op.outputs for use in _uses(value)]
    multiplied = (use.operation for use in uses if isinstance(use.operation, Anchor) and use.index < 2)
    consumer = next(multiplied, None)
    if consumer is None:
        return None
    obstacle = _obstacle_between(op, consumer, len(uses))
    if obstacle is None:
        return consumer
    message, reason = obstacle
    return Obstacle(op, f"not in one kernel with the product behind it: {message}", reason)


def _uses(value: SSAValue) -> Iterator[Use]:
    """What reads `value`, also through reshapes; a reshape that nothing reads reads it, too."""
    for use in value.uses:
        if isinstance(use.operation, ReshapeOp) and use.operation.output.first_use is not None:
            yield from _uses(use.operation.output)
        else:
            yield use


def _obstacle_between(op: Anchor, consumer: Anchor, uses: int) -> tuple[str, str] | None:
    """A message with the reason it stands for; None if nothing stands between the two.

    Args:
        uses: of what `op` computes.
    """
    for one, whose in ((op, "it stores"), (consumer, "that stores")):
        if choice_of(one) is not None:
            reason = "a template is attached to one of them"
            return reason, reason
        if len(one.outputs) > 1:
            return f"{whose} {len(one.outputs)} results", "more than one result"
        if stores_of(one):
            reason = f"{whose} other than all elements in their order"
            return reason, reason
    if uses > 1:
        return f"its result is read {uses} times", "its result is read more than once"
    value = op.outputs[0]
    while (use := value.get_unique_use()) is not None and isinstance(use.operation, ReshapeOp):
        columns, kept = static_shape(value)[-1], static_shape(use.operation.output)[-1:]
        if kept != (columns,):
            return f"a reshape takes its {columns} columns apart", "a reshape takes its columns apart"
        value = use.operation.output
    if consumer.inputs[0] is not value:
        reason = "that does not read it as its first operand"
        return reason, reason
    layout = product_layout(consumer)
    return (layout.reason, layout.reason) if isinstance(layout, Refusal) else None


def members(anchors: Sequence[FusedOp]) -> list[Operation]:
    """The operations of a chain of `anchors`, a run: these and the reshapes between them, in order."""
    ops: list[Operation] = [anchors[0]]
    for producer, consumer in pairwise(anchors):
        ops += [*between(producer, consumer), consumer]
    return ops


def inputs_of(ops: Sequence[Operation]) -> list[SSAValue]:
    """What the operations of a chain read that none of them computes, each once."""
    inside = {result for op in ops for result in op.results}
    return list(dict.fromkeys(value for op in ops for value in op.operands if value not in inside))


def between(producer: FusedOp, consumer: FusedOp) -> list[ReshapeOp]:
    """The reshapes on the way from an anchor to the next one of its run."""
    found: list[ReshapeOp] = []
    value = consumer.inputs[0]
    while isinstance(value.owner, ReshapeOp) and value is not producer.outputs[0]:
        found.insert(0, value.owner)
        value = value.owner.input
    return found
