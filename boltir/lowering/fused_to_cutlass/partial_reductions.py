"""Reductions of whole results: each tile of a kernel makes one value, and a second kernel makes one of those."""

from xdsl.ir import SSAValue
from xdsl.rewriter import Rewriter

from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.fused import Along, Combiner, FusedOp, ReducedAttr, ReduceOp, ReductionKind, ReductionKindAttr
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.fused.rebuild import with_epilogue
from boltir.dialects.properties import ints
from boltir.dialects.tensors import element_type
from boltir.passes.support.merge_kernels import merge_with_only_consumer


def reduce_by_tiles(op: FusedOp, template: TemplateAttr) -> FusedOp:
    """Replace `op` by a kernel whose reduced stores have the groups of `template`'s tiles, and the kernels that finish.

    Partial results are stored in the type in which the epilogue computes. Returns the first kernel.
    """
    stores, elements = list(op.output_stores), [element_type(output) for output in op.outputs]
    unfinished: dict[int, ReducedAttr] = {}
    for i, store in enumerate(op.output_stores):
        if not isinstance(store, ReducedAttr):
            continue
        rows, columns = template.result_tile
        by_rows = store.along.data is Along.ROWS
        stores[i] = ReducedAttr.of(store.combiner.data, store.along.data, rows if by_rows else columns)
        if stores[i].stored_shape(op.result_shape) != store.stored_shape(op.result_shape):
            unfinished[i], elements[i] = store, op.epilogue_yield.values[i].type
    if tuple(stores) == op.output_stores:
        return op
    kernel = with_epilogue(op, op.epilogue_operands, op.detach_region(op.epilogue), elements, stores)
    new: list[FusedOp] = [kernel]
    results: list[SSAValue] = list(kernel.outputs)
    for i, store in unfinished.items():
        finish = _finish(store, kernel.outputs[i], op, i)
        new.append(finish)
        results[i] = finish.outputs[0]
    Rewriter.replace_op(op, new, results)
    for finish in new[1:]:
        merge_with_only_consumer(finish)
    return kernel


def _finish(store: ReducedAttr, partial: SSAValue, op: FusedOp, output: int) -> ReduceOp:
    kind = ReductionKind.SUM if store.combiner.data is Combiner.SUM else ReductionKind.MAX
    axis = 0 if store.along.data is Along.ROWS else -1
    finish = ReduceOp.build_kernel(
        [partial],
        {"kind": ReductionKindAttr(kind), "axes": ints((axis,))},
        result_element_types=[element_type(op.outputs[output])],
        location=op.location,
    )
    set_origin(finish, origin_of(op)[-1:])
    return finish
