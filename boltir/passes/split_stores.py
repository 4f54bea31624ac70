"""`split-stores`: kernels store results as they are, and other kernels take parts, permute, pad or reduce them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from boltir.context import remarks_of
from boltir.dialects.fused import (
    Along,
    ColumnsAttr,
    Combiner,
    ElementsAttr,
    FusedOp,
    PaddedAttr,
    PadOp,
    PermutedAttr,
    ReducedAttr,
    ReduceOp,
    ReductionKind,
    ReductionKindAttr,
    ReshapeOp,
    SliceOp,
    StoreAttr,
    TransposeOp,
)
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.fused.rebuild import with_epilogue
from boltir.dialects.properties import bool_attr, ints
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import Shape, element_type, static_shape
from boltir.errors import UnsupportedError
from boltir.passes.support.rewriting import functions


@dataclass(frozen=True)
class SplitStoresPass(ModulePass):
    """Makes every store a store of all elements."""

    name: ClassVar[str] = "split-stores"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            for kernel in tuple(function.body.block.ops):
                if isinstance(kernel, FusedOp) and (positions := special_stores(kernel)):
                    remarks_of(ctx).missed(self.name, kernel, stores_text(kernel, positions))
                    split_stores(kernel, positions)


def special_stores(op: FusedOp) -> tuple[int, ...]:
    """The numbers of the outputs that are not all elements of the result."""
    return tuple(i for i, store in enumerate(op.output_stores) if not isinstance(store, ElementsAttr))


def stores_text(op: FusedOp, positions: Collection[int]) -> str:
    """That the outputs at `positions` are kernels of their own, for remarks."""
    listed = ", ".join(op.output_stores[i].description for i in positions)
    return f"kernels of their own store {listed}"


def plain_kernel(op: FusedOp, positions: Collection[int], epilogue: Region) -> tuple[FusedOp, tuple[int, ...]]:
    """`op`, which stays, with `epilogue`, a copy of its own, storing all elements for the outputs at `positions`.

    Outputs of the same value and type become one. Also gives for each output of `op` the number of its new one.
    """
    values = epilogue.block.last_op
    assert values is not None
    numbers: dict[tuple[SSAValue, Attribute, StoreAttr | int], int] = {}
    places: list[int] = []
    for i, (value, store, output) in enumerate(zip(values.operands, op.output_stores, op.outputs, strict=True)):
        is_plain = i in positions or isinstance(store, ElementsAttr)
        key = (value, element_type(output), ElementsAttr() if is_plain else i)
        places.append(numbers.setdefault(key, len(numbers)))
    kept = [places.index(number) for number in range(len(numbers))]
    stores = [ElementsAttr() if i in positions else op.output_stores[i] for i in kept]
    values.operands = [values.operands[i] for i in kept]
    elements = [element_type(op.outputs[i]) for i in kept]
    return with_epilogue(op, op.epilogue_operands, epilogue, elements, stores), tuple(places)


def split_stores(op: FusedOp, positions: Collection[int]) -> FusedOp:
    """Replace `op` by a kernel that stores all elements for the outputs at `positions`, and kernels that do the rest.

    Raises:
        UnsupportedError: a reduction in groups that do not divide the result.
    """
    kernel, places = plain_kernel(op, positions, op.epilogue.clone())
    new: list[Operation] = [kernel]
    results: list[SSAValue] = []
    for i, store in enumerate(op.output_stores):
        value: SSAValue = kernel.outputs[places[i]]
        if i in positions:
            chain = _stored_by_kernels(store, value, static_shape(op.outputs[i]))
            for step in chain:
                step.location = op.location
                set_origin(step, origin_of(op)[-1:])
            new += chain
            value = chain[-1].results[0]
        value.name_hint = op.outputs[i].name_hint
        results.append(value)
    Rewriter.replace_op(op, new, results)
    return kernel


def _stored_by_kernels(store: StoreAttr, value: SSAValue, shape: Shape) -> Sequence[Operation]:
    """Kernels that make what `store` stores, of that shape, of the whole result `value`.

    Raises:
        UnsupportedError: a reduction in groups that do not divide the result.
    """
    rank, element = len(static_shape(value)), [element_type(value)]
    match store:
        case ColumnsAttr():
            offsets, ones = ints((0,) * (rank - 1) + (store.begin.data,)), ints((1,) * rank)
            bounds = {"offsets": offsets, "sizes": ints(shape), "strides": ones}
            return [SliceOp.build_kernel([value], bounds, result_element_types=element)]
        case PaddedAttr():
            high = (0,) * (rank - 1) + (store.columns.data - static_shape(value)[-1],)
            extents = {"low": ints((0,) * rank), "high": ints(high)}
            return [PadOp.build_kernel([value], extents, result_element_types=element)]
        case PermutedAttr():
            view = ReshapeOp.of(value, store.view.get_values())
            turned = {"permutation": store.permutation}
            return [view, TransposeOp.build_kernel([view.output], turned, result_element_types=element)]
        case ReducedAttr():
            return _reduced_by_kernel(store, value, shape)
        case _:
            return []


def _reduced_by_kernel(store: ReducedAttr, value: SSAValue, shape: Shape) -> Sequence[Operation]:
    *rows, columns = static_shape(value)
    count, group = element_count(tuple(rows)), store.group.data
    by_rows = store.along.data is Along.ROWS
    extent = count if by_rows else columns
    group = min(group, extent)
    if extent % group:
        along = store.along.data.value
        raise UnsupportedError(f"groups of {group} do not divide {extent} {along}", hint=f"reduce all {extent} {along}")
    grouped = (count // group, group, columns) if by_rows else (count, columns // group, group)
    axis = 1 if by_rows else 2
    kind = ReductionKind.SUM if store.combiner.data is Combiner.SUM else ReductionKind.MAX
    before = ReshapeOp.of(value, grouped)
    properties = {"kind": ReductionKindAttr(kind), "axes": ints((axis,)), "keepdims": bool_attr(False)}
    reduce = ReduceOp.build_kernel([before.output], properties, result_element_types=[element_type(value)])
    return [before, reduce, ReshapeOp.of(reduce.outputs[0], shape)]
