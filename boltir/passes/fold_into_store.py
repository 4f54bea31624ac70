"""`fold-into-store`: a kernel that moves what a product stored is no kernel; the product stores it so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, ModuleOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.context import remarks_of
from boltir.dialects.fused import (
    ColumnsAttr,
    ConcatOp,
    Conv2dOp,
    DualGemmOp,
    ElementsAttr,
    FusedOp,
    GemmOp,
    ReshapeOp,
    SliceOp,
    StoreAttr,
    YieldOp,
)
from boltir.dialects.fused.movement import in_place_input_obstacle, in_place_obstacle
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.fused.rebuild import with_epilogue
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.properties import bool_attr
from boltir.dialects.tensors import element_type, static_shape
from boltir.passes.support.epilogue_code import append_epilogue
from boltir.passes.support.movement_stores import Movement, store_without
from boltir.passes.support.rewriting import functions
from boltir.remarks import Remarks

Anchor = GemmOp | DualGemmOp | Conv2dOp


@dataclass(frozen=True)
class Part:
    """A kernel that moves a result, and the store that makes it superfluous."""

    kernel: Movement
    store: StoreAttr


@dataclass(frozen=True)
class FoldIntoStorePass(ModulePass):
    """Transposes, column slices, zeros behind the last column and concats become stores of what computes their input.

    Whatever no template stores so is taken apart again when templates are chosen.
    """

    name: ClassVar[str] = "fold-into-store"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            self._fold(function.body.block, remarks_of(ctx))

    def _fold(self, block: Block, remarks: Remarks) -> None:
        for op in tuple(block.ops):
            if isinstance(op, Anchor):
                self._fold_movements(op, remarks)
        for op in block.ops:
            if isinstance(op, ConcatOp) and any(isinstance(value.owner, Anchor) for value in op.inputs):
                self._write_in_place(op, remarks)

    def _fold_movements(self, op: Anchor, remarks: Remarks) -> None:
        folded: list[tuple[Part, ...]] = []
        for output, store in zip(op.outputs, op.output_stores, strict=True):
            users = list(_users(output))
            moving = [user for user in users if isinstance(user, Movement)]
            found = _parts(op, users, moving) if moving and isinstance(store, ElementsAttr) else ()
            if isinstance(found, str):
                for user in moving:
                    message = f"not folded into the store of {op.name}: {found}"
                    remarks.missed(self.name, user, message, reason=found)
                found = ()
            folded.append(found)
        for part in (part for parts in folded for part in parts):
            remarks.passed(self.name, part.kernel, f"{op.name} stores {part.store.description} instead")
        if any(folded):
            _replace(op, folded)

    def _write_in_place(self, op: ConcatOp, remarks: Remarks) -> None:
        reason = in_place_obstacle(op) or _input_obstacle(op)
        if reason is not None:
            remarks.missed(self.name, op, f"its inputs are not written in place: {reason}", reason=reason)
            return
        remarks.passed(self.name, op, f"its {len(op.inputs)} inputs are written in place")
        op.in_place = ArrayAttr([bool_attr(True)] * len(op.inputs))


def _input_obstacle(op: ConcatOp) -> str | None:
    """Why an input needs a kernel that copies it, which copies the others as well."""
    for index, value in enumerate(op.inputs):
        if reason := in_place_input_obstacle(value):
            return f"input {index} would be copied in any case, since {reason}"
    return None


def _users(value: SSAValue) -> Iterator[Operation]:
    """What uses `value`, seen through reshapes."""
    for use in value.uses:
        if isinstance(use.operation, ReshapeOp):
            yield from _users(use.operation.output)
        else:
            yield use.operation


def _parts(op: Anchor, users: Sequence[Operation], moving: Sequence[Movement]) -> tuple[Part, ...] | str:
    """The stores that make the kernels `moving` superfluous, or why `op` stores its result for them."""
    others = [user for user in users if not isinstance(user, Movement)]
    if others:
        return f"{others[0].name} needs the whole result, too"
    if len(moving) > 1 and not all(isinstance(kernel, SliceOp) for kernel in moving):
        return f"{len(moving)} kernels need the result, and not only columns of it"
    parts: list[Part] = []
    for kernel in moving:
        store = store_without(kernel, op.result_shape)
        if isinstance(store, str):
            return store
        parts.append(Part(kernel, store))
    return tuple(sorted(parts, key=_first_column))


def _first_column(part: Part) -> int:
    return part.store.begin.data if isinstance(part.store, ColumnsAttr) else 0


def _replace(op: Anchor, folded: Sequence[Sequence[Part]]) -> None:
    """Give `op` for each output the stores of `folded`, where there are any, instead of its own."""
    stores: list[StoreAttr] = []
    values: list[SSAValue] = []
    elements: list[Attribute] = []
    yielded, epilogue = list(op.epilogue_yield.values), op.detach_region(op.epilogue)
    Rewriter.erase_op(_last(epilogue.block))
    for output, value, store, parts in zip(op.outputs, yielded, op.output_stores, folded, strict=True):
        stores += [part.store for part in parts] or [store]
        elements += [element_type(part.kernel.outputs[0]) for part in parts] or [element_type(output)]
        stored = ScalarBuilder(epilogue.block).stored(value, element_type(output)) if parts else value
        values += [_element(part.kernel, stored, epilogue.block) for part in parts] or [stored]
    epilogue.block.add_op(YieldOp(operands=[values]))
    kernel = with_epilogue(op, op.epilogue_operands, epilogue, elements, stores)
    moved = [part.kernel for parts in folded for part in parts]
    set_origin(kernel, (*origin_of(op), *(name for movement in moved for name in origin_of(movement))))
    Rewriter.insert_op(kernel, InsertPoint.before(op))
    outputs = iter(kernel.outputs)
    for output, parts in zip(op.outputs, folded, strict=True):
        if not parts:
            new = next(outputs)
            new.name_hint = output.name_hint
            output.replace_all_uses_with(new)
        for part in parts:
            _replace_movement(part.kernel, next(outputs))
    Rewriter.erase_op(op)


def _element(kernel: Movement, element: SSAValue, block: Block) -> SSAValue:
    """What `kernel` makes of each element it moves, computed at the end of `block`."""
    (value,) = append_epilogue(kernel, [element], block)
    return value


def _last(block: Block) -> Operation:
    terminator = block.last_op
    assert terminator is not None
    return terminator


def _replace_movement(kernel: Movement, output: SSAValue) -> None:
    """Let what uses `kernel` use `output` instead, and erase the views that only it needed."""
    old = kernel.outputs[0]
    output.name_hint = old.name_hint
    shape = static_shape(old)
    new = output
    if static_shape(output) != shape:
        reshape = ReshapeOp.of(output, shape)
        reshape.location = kernel.location
        owner = output.owner
        assert isinstance(owner, FusedOp)
        Rewriter.insert_op(reshape, InsertPoint.after(owner))
        new = reshape.output
    view = kernel.inputs[0]
    Rewriter.replace_op(kernel, [], [new])
    while isinstance(reshape := view.owner, ReshapeOp) and view.first_use is None:
        view = reshape.input
        Rewriter.erase_op(reshape)
