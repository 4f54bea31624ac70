"""Lets products and convolutions store sums and maxima of their results, instead of kernels that read these again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

from xdsl.dialects.builtin import AnyFloat, f32
from xdsl.ir import Block, Operation, OpResult, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.cost_model.fusion import FusionCost, is_matrix_anchor
from boltir.dialects.fused import (
    Along,
    Combiner,
    ElementsAttr,
    FusedOp,
    PointwiseOp,
    ReducedAttr,
    ReduceOp,
    ReductionKind,
    ReshapeOp,
)
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.fused.rebuild import with_epilogue
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.graph.constants import byte_count
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import element_type, normalized_axis, static_shape
from boltir.passes.support.kernel_groups import Refusal
from boltir.passes.support.sink_reshapes import unviewed

COMBINERS = {
    ReductionKind.SUM: Combiner.SUM,
    ReductionKind.MEAN: Combiner.SUM,
    ReductionKind.MAX: Combiner.MAX,
}


@dataclass
class ReducedStores:
    """Turns reductions of one block into stores, one after the other.

    Attributes:
        refusals: reductions that stay kernels, and why.
    """

    block: Block
    cost: FusionCost
    max_outputs: int
    refusals: list[tuple[FusedOp, Refusal]] = field(default_factory=list[tuple[FusedOp, Refusal]])

    def run(self) -> None:
        for op in tuple(self.block.ops):
            if not isinstance(op, ReduceOp):
                continue
            value = unviewed(op.inputs[0])
            if not isinstance(value, OpResult) or not isinstance(value.owner, FusedOp):
                continue
            if not is_matrix_anchor(value.owner):
                continue
            store = self._store_of(op, value, value.owner)
            if isinstance(store, Refusal):
                self.refusals.append((op, store))
            else:
                reduce_on_store(op, value, value.owner, store)

    def _store_of(self, op: ReduceOp, value: OpResult, kernel: FusedOp) -> ReducedAttr | Refusal:
        """How `kernel`, which makes `value`, can store what `op` makes of it; or why it cannot."""
        if not isinstance(kernel.output_stores[value.index], ElementsAttr):
            return Refusal("what it reduces is not stored where it is", "not all elements are stored")
        is_float = isinstance(element_type(value), AnyFloat)
        if not is_float or op.kind.data not in COMBINERS:
            return Refusal(f"no epilogue computes the {op.kind.data} of such elements", "no such reduced store")
        along = reduced_along(op, static_shape(value)[-1])
        if along is None:
            return Refusal("it reduces neither whole rows nor whole columns", "neither whole rows nor columns")
        stays = not has_only_user(value, op)
        if (count := len(kernel.outputs) + stays) > self.max_outputs:
            return Refusal(
                f"the kernel would store {count} results, the limit is {self.max_outputs}", "too many results"
            )
        estimate = self.cost.reduced_store(byte_count(value), element_count(static_shape(value)), stays=stays)
        if not estimate.pays:
            return Refusal(f"a store of its result does not pay: {estimate}", "a reduced store does not pay")
        extent = static_shape(value)[-1] if along is Along.COLUMNS else prod(static_shape(value)[:-1])
        return ReducedAttr.of(COMBINERS[op.kind.data], along, extent)


def reduced_along(op: ReduceOp, columns: int) -> Along | None:
    """What `op` reduces of the rows of `columns` elements that its input consists of; None for anything in between."""
    shape = static_shape(op.inputs[0])
    axes = {normalized_axis(axis, len(shape)) for axis in op.axes.get_values()}
    reduced = [i for i, extent in enumerate(shape) if extent > 1 and i in axes]
    kept = [i for i, extent in enumerate(shape) if extent > 1 and i not in axes]
    split = next((i for i in range(len(shape) + 1) if prod(shape[i:]) == columns), None)
    if split is None or not reduced:
        return None
    if all(i >= split for i in reduced) and all(i < split for i in kept):
        return Along.COLUMNS
    if all(i < split for i in reduced) and all(i >= split for i in kept):
        return Along.ROWS
    return None


def is_only_reduced(value: SSAValue, cost: FusionCost) -> bool:
    """Whether `value` need not be stored: reductions of whole rows and columns alone use it, and stores of them pay."""
    columns = static_shape(value)[-1:]
    users = (use.operation for use in value.uses)
    estimate = cost.reduced_store(byte_count(value), element_count(static_shape(value)), stays=False)
    return estimate.pays and all(
        isinstance(user, ReduceOp) and reduced_along(user, *columns) is not None for user in users
    )


def has_only_user(value: SSAValue, op: Operation) -> bool:
    """Whether every use of `value`, seen through reshapes, is `op`."""
    users = (use.operation for use in value.uses)
    return all(user is op or (isinstance(user, ReshapeOp) and has_only_user(user.output, op)) for user in users)


def reduce_on_store(op: ReduceOp, value: OpResult, kernel: FusedOp, store: ReducedAttr) -> None:
    """Replace `op` by an output of `kernel` with that `store`, and a kernel for the epilogue of `op`.

    `value`, which `op` reduces, stays an output if anything else uses it.
    """
    terminator = kernel.epilogue_yield
    kept = [i for i in range(len(kernel.outputs)) if i != value.index or not has_only_user(value, op)]
    stores = [*(kernel.output_stores[i] for i in kept), store]
    is_whole = computes_nothing_behind(op)
    stored = element_type(op.outputs[0]) if is_whole else f32
    elements = [*(element_type(kernel.outputs[i]) for i in kept), stored]
    reduced = terminator.values[value.index]
    if op.kind.data is ReductionKind.MEAN:
        reduced = _scaled(reduced, 1 / store.group.data, terminator)
    terminator.operands = [*(terminator.values[i] for i in kept), reduced]
    new = with_epilogue(kernel, kernel.epilogue_operands, kernel.detach_region(kernel.epilogue), elements, stores)
    set_origin(new, (*origin_of(kernel), *origin_of(op)[:1]))
    Rewriter.insert_op(new, InsertPoint.before(kernel))
    view = ReshapeOp.of(new.outputs[-1], op.result_shape)
    view.location = op.location
    Rewriter.insert_op(view, InsertPoint.before(op))
    _replace(op, [view.output] if is_whole else _epilogue_of(op, view.output).outputs)
    _erase_unused_views(value)
    for i, output in zip(kept, new.outputs, strict=False):
        output.name_hint = kernel.outputs[i].name_hint
        kernel.outputs[i].replace_all_uses_with(output)
    Rewriter.erase_op(kernel)


def _scaled(value: SSAValue, factor: float, before: Operation) -> SSAValue:
    block = Block()
    scaled = (scalars := ScalarBuilder(block)).multiply(value, scalars.constant(factor))
    for op in tuple(block.ops):
        op.detach()
        Rewriter.insert_op(op, InsertPoint.before(before))
    return scaled


def computes_nothing_behind(op: ReduceOp) -> bool:
    """Whether `op` stores what it reduces to."""
    return list(op.epilogue_yield.values) == [op.epilogue.block.args[0]] and not op.has_stores


def _epilogue_of(op: ReduceOp, combined: SSAValue) -> PointwiseOp:
    """A kernel for the epilogue of `op`, for which `combined` holds what it reduces to."""
    kernel = PointwiseOp.of_shape(
        op.result_shape,
        [combined, *op.epilogue_operands],
        op.detach_region(op.epilogue),
        result_element_types=[element_type(output) for output in op.outputs],
        stores=op.output_stores if op.has_stores else (),
        location=op.location,
    )
    set_origin(kernel, origin_of(op)[1:] or origin_of(op))
    Rewriter.insert_op(kernel, InsertPoint.before(op))
    return kernel


def _replace(op: ReduceOp, results: Sequence[SSAValue]) -> None:
    for old, new in zip(op.outputs, results, strict=True):
        new.name_hint = old.name_hint
    Rewriter.replace_op(op, [], results)


def _erase_unused_views(value: SSAValue) -> None:
    for use in tuple(value.uses):
        if isinstance(view := use.operation, ReshapeOp):
            _erase_unused_views(view.output)
            if view.output.first_use is None:
                Rewriter.erase_op(view)
