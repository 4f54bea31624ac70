"""`assign-layout`: store images channels-last where convolutions read them, with the fewest transposes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, BlockArgument, Operation, SSAValue
from xdsl.passes import ModulePass

from boltir.context import remarks_of
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.movement import ReshapeOp, TransposeOp
from boltir.dialects.shapes import element_count
from boltir.errors import BoltError
from boltir.passes.layout.choice import choose_orders
from boltir.passes.layout.images import Images
from boltir.passes.layout.rewriter import LayoutRewriter
from boltir.passes.support.rewriting import functions
from boltir.remarks import Remarks


@dataclass(frozen=True)
class AssignLayoutPass(ModulePass):
    """Convolutions and poolings compute on NHWC images, and what lies between them in the order that is cheapest."""

    name: ClassVar[str] = "assign-layout"

    prefer: str = "nhwc"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.prefer != "nhwc":
            raise BoltError(f"no kernels for layout '{self.prefer}'", where="pass 'assign-layout'", hint="use nhwc")
        for function in functions(op):
            self._assign(function, remarks_of(ctx))

    def _assign(self, function: FuncOp, remarks: Remarks) -> None:
        block = function.body.block
        images = Images.of([op for op in block.ops if isinstance(op, GraphOp)])
        orders = choose_orders(block, images)
        LayoutRewriter(images, orders).rewrite_block(block)
        moved = sum(order is not orders[op] for op, order in images.movable.items())
        self._report(function, moved, remarks)

    def _report(self, function: FuncOp, moved: int, remarks: Remarks) -> None:
        """Say what moved, and of every transpose that is left at run time where it is."""
        count = 0
        for op in transposes_at_run_time(function.body.block):
            count += 1
            remarks.note(self.name, op, f"{element_count(op.shape)} elements move {place(op)}")
        remarks.note(self.name, function, f"{moved} operations changed their layout, transposes left: {count}")


def transposes_at_run_time(block: Block) -> list[TransposeOp]:
    """The transposes in `block` of what is not computed from weights alone."""
    constant: set[SSAValue] = set()
    left: list[TransposeOp] = []
    for op in block.ops:
        if all(operand in constant for operand in op.operands):
            constant.update(op.results)
        elif isinstance(op, TransposeOp):
            left.append(op)
    return left


def place(op: TransposeOp) -> str:
    """Where transpose `op` is in its function: at one of its edges, or between two operations."""
    source, reader = op.input, first_reader(op.result)
    while isinstance(source.owner, ReshapeOp):
        source = source.owner.input
    if isinstance(source, BlockArgument):
        return f"at the function's argument {source.index}"
    assert isinstance(source.owner, Operation)
    if isinstance(reader, ReturnOp):
        return f"at the function's result, out of {source.owner.name}"
    return f"between {source.owner.name} and {reader.name}"


def first_reader(value: SSAValue) -> Operation:
    """The first operation that uses `value`, or a reshape of it."""
    use = value.first_use
    assert use is not None, "what nothing uses was erased"
    return first_reader(use.operation.result) if isinstance(use.operation, ReshapeOp) else use.operation
