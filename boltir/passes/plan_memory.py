"""Gives every buffer its place in one arena, so that buffers whose lifetimes do not meet share memory."""

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import MemRefType, ModuleOp, i8
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.context import remarks_of
from boltir.dialects.cutlass.memory import ARENA_ALIGNMENT, AllocOp, ArenaOp, ReinterpretOp, ViewOp, buffer_bytes
from boltir.dialects.properties import int_attr


@dataclass
class Arena:
    """Best-fit placement of blocks that come and go.

    `free` holds (offset, size) of the gaps in order of offset, never adjacent to each other.
    """

    size: int = 0
    free: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def take(self, size: int) -> int:
        """Place a block of `size` bytes; returns its offset. The arena grows if no gap is large enough."""
        fitting = [gap for gap in self.free if gap[1] >= size]
        if not fitting:
            return self._grow(size)
        offset, room = min(fitting, key=lambda gap: gap[1])
        self.free.remove((offset, room))
        if room > size:
            insort(self.free, (offset + size, room - size))
        return offset

    def _grow(self, size: int) -> int:
        """Place a block at the end, over a last gap that reaches it."""
        offset = self.size
        if self.free and sum(self.free[-1]) == self.size:
            offset, _ = self.free.pop()
        self.size = offset + size
        return offset

    def give_back(self, offset: int, size: int) -> None:
        """Free a block, merging it with the gaps around it."""
        position = bisect_left(self.free, (offset, size))
        if position < len(self.free) and self.free[position][0] == offset + size:
            size += self.free.pop(position)[1]
        if position > 0 and sum(self.free[position - 1]) == offset:
            offset, before = self.free.pop(position - 1)
            size += before
        insort(self.free, (offset, size))


def _aligned(size: int) -> int:
    return -(-size // ARENA_ALIGNMENT) * ARENA_ALIGNMENT


def _last_users(function: FuncOp) -> dict[Operation, list[AllocOp]]:
    """For each operation the buffers that nothing reads or writes after it."""
    root: dict[SSAValue, AllocOp] = {}
    last: dict[AllocOp, Operation] = {}
    for op in function.body.block.ops:
        if isinstance(op, AllocOp):
            root[op.result] = op
        if isinstance(op, ReinterpretOp) and op.input in root:
            root[op.result] = root[op.input]
        for operand in op.operands:
            if operand in root:
                last[root[operand]] = op
    ending: dict[Operation, list[AllocOp]] = {}
    for alloc, op in last.items():
        ending.setdefault(op, []).append(alloc)
    return ending


@dataclass(frozen=True)
class PlanMemoryPass(ModulePass):
    """Replaces each `cutlass.alloc` by a `cutlass.view` of one `cutlass.arena`.

    One pass in program order: a buffer takes its place where it is allocated, which is before the
    launch that writes it, and gives it back after the last operation that uses it. So a launch's
    outputs never overlap its operands.
    """

    name: ClassVar[str] = "plan-memory"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in (f for f in op.ops if isinstance(f, FuncOp) and f.body.blocks):
            self._plan(ctx, function)

    def _plan(self, ctx: Context, function: FuncOp) -> None:
        ending = _last_users(function)
        arena = Arena()
        offsets: dict[AllocOp, int] = {}
        total = 0
        for op in function.body.block.ops:
            if isinstance(op, AllocOp):
                size = _aligned(buffer_bytes(op.result))
                offsets[op] = arena.take(size)
                total += size
            for alloc in ending.get(op, ()):
                arena.give_back(offsets[alloc], _aligned(buffer_bytes(alloc.result)))
        if not offsets:
            return
        _replace(function, offsets, arena.size)
        message = f"{len(offsets)} buffers of {total} bytes share an arena of {arena.size} bytes"
        remarks_of(ctx).note(self.name, function, message)


def _replace(function: FuncOp, offsets: dict[AllocOp, int], size: int) -> None:
    block = function.body.block
    arena = ArenaOp(result_types=[MemRefType(i8, [size])])
    Rewriter.insert_op(arena, InsertPoint.at_start(block))
    for alloc, offset in offsets.items():
        view = ViewOp(
            operands=[arena.result],
            properties={"offset": int_attr(offset)},
            result_types=[alloc.result.type],
        )
        view.location = alloc.location
        Rewriter.replace_op(alloc, view)
