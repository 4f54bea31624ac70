"""Where `plan-memory` puts buffers: never over one that is still needed, and in linear time."""

from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects import test
from xdsl.dialects.builtin import MemRefType, ModuleOp, f32, i8
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, SSAValue

from boltir.dialects.cutlass import AllocOp, ArenaOp, ViewOp, buffer_bytes
from boltir.passes.plan_memory import PlanMemoryPass


def program(steps: list[tuple[int, list[int]]]) -> ModuleOp:
    """A function that makes one buffer per step, of that many elements, from the buffers the step names."""
    function = FuncOp("main", ([], []))
    block: Block = function.body.block
    buffers: list[SSAValue] = []
    for size, sources in steps:
        alloc = AllocOp(result_types=[MemRefType(f32, [size])])
        operands = [buffers[source % len(buffers)] for source in sources if buffers]
        block.add_ops([alloc, test.TestOp([*operands, alloc.result])])
        buffers.append(alloc.result)
    block.add_op(ReturnOp())
    return ModuleOp([function])


def planned(steps: list[tuple[int, list[int]]]) -> list[Operation]:
    module = program(steps)
    PlanMemoryPass().apply(Context(), module)
    module.verify()
    (function,) = module.ops
    assert isinstance(function, FuncOp)
    return list(function.body.block.ops)


@given(st.lists(st.tuples(st.integers(1, 400), st.lists(st.integers(0, 30), max_size=3)), min_size=1, max_size=30))
def test_buffers_alive_at_the_same_time_do_not_overlap(steps: list[tuple[int, list[int]]]) -> None:
    ops = planned(steps)
    position = {op: index for index, op in enumerate(ops)}
    live: list[tuple[range, range]] = []
    for view in (op for op in ops if isinstance(op, ViewOp)):
        last = max(position[use.operation] for use in view.result.uses)
        place = range(view.offset.value.data, view.offset.value.data + buffer_bytes(view.result))
        live.append((range(position[view], last + 1), place))
    for index, (lifetime, place) in enumerate(live):
        for other_lifetime, other_place in live[:index]:
            meets = lifetime.start < other_lifetime.stop and other_lifetime.start < lifetime.stop
            overlaps = place.start < other_place.stop and other_place.start < place.stop
            assert not (meets and overlaps)


def test_a_chain_of_equal_buffers_needs_two_places() -> None:
    ops = planned([(64, [index - 1]) for index in range(1000)])
    (arena,) = (op for op in ops if isinstance(op, ArenaOp))
    assert arena.result.type == MemRefType(i8, [512])
