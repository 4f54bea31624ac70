"""Making one kernel out of a group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.dialects.fused import FusedOp, PointwiseOp, StoreAttr, YieldOp
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.fused.rebuild import with_epilogue
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.tensors import compute_type, element_type
from boltir.passes.support.epilogue_code import append_epilogue
from boltir.passes.support.kernel_groups import KernelGroup


def merge_groups(groups: Iterable[KernelGroup]) -> None:
    """Replace every group of several kernels by one kernel."""
    for group in groups:
        if len(group.members) > 1:
            merge(group)


def merge(group: KernelGroup, place: Operation | None = None) -> FusedOp:
    """Replace the members of `group` by one kernel in the place of operation `place`, by default of the last member.

    The outputs are those of the last member, then those of others that are used outside the group. Every scalar
    operation is moved once, so merging is linear in the size of the group.
    """
    members = group.members[::-1]
    ordered = sorted(members, key=lambda op: op is not group.anchor)
    inside = {result for op in members[:-1] for result in op.outputs}
    operands = tuple(dict.fromkeys(v for op in ordered for v in op.epilogue_operands if v not in inside))
    block = Block(arg_types=[*_accumulators(group.anchor), *(compute_type(element_type(v)) for v in operands)])
    yielded = _move_epilogues(members, operands, block)
    stored = _stored_outputs(members)
    block.add_op(YieldOp(operands=[[yielded[output] for output in stored]]))
    elements = [element_type(output) for output in stored]
    kernel = with_epilogue(ordered[0], operands, Region(block), elements, list(stored.values()))
    set_origin(kernel, (name for op in ordered for name in origin_of(op)))
    Rewriter.insert_op(kernel, InsertPoint.before(members[-1] if place is None else place))
    for old, new in zip(stored, kernel.outputs, strict=True):
        new.name_hint = old.name_hint
        old.replace_all_uses_with(new)
    for op in members[::-1]:
        Rewriter.erase_op(op)
    return kernel


def merge_with_only_consumer(op: FusedOp) -> None:
    """Make one kernel of `op`, which has one result, and the pointwise kernel that alone uses it, if that is so."""
    users = {use.operation for use in op.outputs[0].uses}
    consumer = next(iter(users), None)
    if len(users) != 1 or not isinstance(consumer, PointwiseOp):
        return
    group = KernelGroup()
    group.add(consumer)
    if group.refusal(op, len(consumer.epilogue_operands)) is None:
        group.add(op)
        merge(group)


def _accumulators(anchor: FusedOp | None) -> tuple[Attribute, ...]:
    return () if anchor is None else anchor.accumulator_types()


def _stored_outputs(members: Sequence[FusedOp]) -> dict[SSAValue, StoreAttr]:
    """The outputs of `members` that the merged kernel stores, and how."""
    *others, last = members
    group = set(members)
    stored: dict[SSAValue, StoreAttr] = dict(zip(last.outputs, last.output_stores, strict=True))
    for op in others:
        for output, store in zip(op.outputs, op.output_stores, strict=True):
            if any(use.operation not in group for use in output.uses):
                stored[output] = store
    return stored


def _move_epilogues(members: Sequence[FusedOp], operands: Sequence[SSAValue], block: Block) -> dict[SSAValue, SSAValue]:
    """Append the scalar code of all members, in order, to `block`, whose arguments end with those of `operands`.

    Returns what each output of a member stores.
    """
    arguments = block.args[len(block.args) - len(operands) :]
    elements: dict[SSAValue, SSAValue] = dict(zip(operands, arguments, strict=True))
    yielded: dict[SSAValue, SSAValue] = {}
    loaded = {value for op in members for value in op.epilogue_operands}
    for op in members:
        own = [elements[value] for value in op.epilogue_operands]
        accumulators = block.args[: len(op.accumulator_types())]
        yielded.update(zip(op.outputs, append_epilogue(op, (*accumulators, *own), block), strict=True))
        for output in (output for output in op.outputs if output in loaded):
            elements[output] = ScalarBuilder(block).stored(yielded[output], element_type(output))
    return yielded
