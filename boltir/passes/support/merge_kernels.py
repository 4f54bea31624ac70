"""Making one kernel out of a group."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.rewriter import Rewriter

from boltir.dialects.fused import FusedOp, YieldOp
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.fused.rebuild import with_epilogue
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.tensors import compute_type, element_type
from boltir.passes.support.kernel_groups import KernelGroup, Plan


def merge_groups(plan: Plan) -> None:
    """Replace every group of several kernels by one kernel."""
    for group in plan.groups:
        if len(group.members) > 1:
            merge(group)


def merge(group: KernelGroup) -> FusedOp:
    """Replace the members of `group` by one kernel in the place of the last.

    Every scalar operation is moved once, so merging is linear in the size of the group.
    """
    members = group.members[::-1]
    ordered = sorted(members, key=lambda op: op is not group.anchor)
    inside = {result for op in members[:-1] for result in op.outputs}
    operands = tuple(dict.fromkeys(v for op in ordered for v in op.epilogue_operands if v not in inside))
    block = Block(arg_types=[*_accumulator(group.anchor), *(compute_type(element_type(v)) for v in operands)])
    _move_epilogues(members, operands, block)
    elements = [element_type(result) for result in members[-1].outputs]
    kernel = with_epilogue(ordered[0], operands, Region(block), elements)
    set_origin(kernel, (name for op in ordered for name in origin_of(op)))
    for old, new in zip(members[-1].outputs, kernel.outputs, strict=True):
        new.name_hint = old.name_hint
    Rewriter.replace_op(members[-1], kernel)
    for op in members[-2::-1]:
        Rewriter.erase_op(op)
    return kernel


def _accumulator(anchor: FusedOp | None) -> tuple[Attribute, ...]:
    kind = None if anchor is None else anchor.accumulator_type()
    return () if kind is None else (kind,)


def _move_epilogues(members: Sequence[FusedOp], operands: Sequence[SSAValue], block: Block) -> None:
    """Append the scalar code of all members, in order, to `block`, whose arguments end with those of `operands`."""
    arguments = block.args[len(block.args) - len(operands) :]
    elements: dict[SSAValue, SSAValue] = dict(zip(operands, arguments, strict=True))
    for op in members:
        own = op.epilogue.block.args[len(op.epilogue.block.args) - len(op.epilogue_operands) :]
        for argument, value in zip(own, op.epilogue_operands, strict=True):
            argument.replace_all_uses_with(elements[value])
        if len(own) < len(op.epilogue.block.args):
            op.epilogue.block.args[0].replace_all_uses_with(block.args[0])
        for scalar in tuple(op.epilogue.block.ops):
            scalar.detach()
            if op is members[-1] or not isinstance(scalar, YieldOp):
                block.add_op(scalar)
                continue
            elements[op.outputs[0]] = ScalarBuilder(block).stored(scalar.values[0], element_type(op.outputs[0]))
            scalar.erase()
