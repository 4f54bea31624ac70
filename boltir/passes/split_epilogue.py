"""`split-epilogue`: the part of an epilogue that a template cannot hold becomes a pointwise kernel behind it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from boltir.context import remarks_of
from boltir.dialects.fused import Broadcast, Conv2dOp, ElementsAttr, FusedOp, GemmOp, PointwiseOp, YieldOp
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.fused.rebuild import with_epilogue
from boltir.dialects.tensors import compute_type, element_type
from boltir.passes.support.epilogue_cut import Cut, latest_cut
from boltir.passes.support.rewriting import functions


@dataclass(frozen=True)
class SplitEpiloguePass(ModulePass):
    """Gives matrix products and convolutions epilogues that load no more than CUTLASS 2.x epilogues do.

    Attributes:
        max_rows: how many vectors along the output's columns.
        max_fulls: how many tensors of the output's shape.
    """

    name: ClassVar[str] = "split-epilogue"
    max_rows: int = 1
    max_fulls: int = 2

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        limits = {Broadcast.ROW: self.max_rows, Broadcast.FULL: self.max_fulls, Broadcast.GENERAL: 0}
        for function in functions(op):
            for kernel in tuple(function.body.block.ops):
                if isinstance(kernel, GemmOp | Conv2dOp) and (refused := _beyond(kernel, limits)):
                    kinds = ", ".join(kernel.broadcasts.data[i].data.value for i in refused)
                    message = f"the epilogue cannot load operands of kind {kinds}"
                    if kernel.has_stores:
                        stays = "not split, since it stores other than all elements in their order (split-stores first)"
                        remarks_of(ctx).missed(self.name, kernel, f"{message}; {stays}")
                        continue
                    remarks_of(ctx).missed(self.name, kernel, message)
                    split_epilogue(kernel, refused)


def _beyond(op: FusedOp, limits: dict[Broadcast, int]) -> list[int]:
    """The positions of the epilogue operands that exceed the limit of their kind."""
    kinds = [kind.data for kind in op.broadcasts]
    return [i for i, kind in enumerate(kinds) if kinds[:i].count(kind) >= limits.get(kind, len(kinds))]


def split_epilogue(op: FusedOp, refused: Collection[int]) -> tuple[FusedOp, PointwiseOp]:
    """Replace `op`, which has an accumulator, by a kernel without the epilogue operands at positions `refused`
    and a pointwise kernel that does the rest.

    The first keeps the longest part of the epilogue whose result is one value; that is stored in the
    output's element type where it fits. Of the origins, the first keeps the anchor's.
    """
    if len(op.accumulator_types()) != 1 or op.has_stores:
        raise ValueError(f"{op.name} has no single accumulator to store where it is")
    block = op.epilogue.block
    accumulator, *arguments = block.args
    cut = latest_cut(block, accumulator, [arguments[i] for i in refused])
    stored = _storage_type(op, cut.boundary)
    tensors: dict[SSAValue, SSAValue] = dict(zip(arguments, op.epilogue_operands, strict=True))
    tail, tail_operands = _detach_tail(block, cut, tensors)
    block.add_op(YieldOp(operands=[[cut.boundary]]))
    for argument in arguments:
        if argument.first_use is None:
            block.erase_arg(argument)
    head_operands = [tensors[argument] for argument in block.args[1:]]
    outputs = [element_type(output) for output in op.outputs]
    head = with_epilogue(op, head_operands, op.detach_region(op.epilogue), [stored], [ElementsAttr()])
    rest = PointwiseOp.of_shape(
        op.result_shape,
        [head.outputs[0], *tail_operands],
        Region(tail),
        result_element_types=outputs,
        location=op.location,
    )
    origin = origin_of(op)
    set_origin(head, origin[:1])
    set_origin(rest, origin[1:] or origin)
    Rewriter.replace_op(op, [head, rest])
    return head, rest


def _storage_type(op: FusedOp, value: SSAValue) -> Attribute:
    """In which element type to store scalar `value` between the kernels of `op`."""
    candidates = (element_type(op.outputs[0]), element_type(op.inputs[0]))
    return next((element for element in candidates if compute_type(element) == value.type), value.type)


def _detach_tail(block: Block, cut: Cut, tensors: dict[SSAValue, SSAValue]) -> tuple[Block, list[SSAValue]]:
    """Move the second part out of `block`; the operands it loads besides the boundary.

    `tensors` gives the operand behind each argument of `block` but the accumulator.
    """
    used = dict.fromkeys(value for op in cut.tail for value in op.operands)
    loaded = [argument for argument in tensors if argument in used and argument is not cut.boundary]
    tail = Block(arg_types=[value.type for value in (cut.boundary, *loaded)])
    inside = set(cut.tail)
    for constant in tuple(block.ops):
        if constant not in inside and not constant.operands and constant.results[0] in used:
            copy = constant.clone()
            tail.add_op(copy)
            constant.results[0].replace_uses_with_if(copy.results[0], lambda use: use.operation in inside)
            if constant.results[0].first_use is None:
                Rewriter.erase_op(constant)
    for old, new in zip((cut.boundary, *loaded), tail.args, strict=True):
        old.replace_uses_with_if(new, lambda use: use.operation in inside)
    for op in cut.tail:
        op.detach()
        tail.add_op(op)
    return tail, [tensors[argument] for argument in loaded]
