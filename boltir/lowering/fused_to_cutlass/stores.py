"""What kernels of matrix families are given for their stores and general operands: kinds, and launch integers."""

from collections.abc import Mapping
from math import prod

from boltir.dialects.cutlass.store import Store, StoreKind, dimension_names
from boltir.dialects.fused import Broadcast, ColumnsAttr, ConcatOp, FusedOp, PaddedAttr, PermutedAttr, ReducedAttr
from boltir.dialects.fused.store import StoreAttr
from boltir.dialects.shapes import dense_strides
from boltir.dialects.tensors import Shape, normalized_axis, static_shape
from boltir.lowering.fused_to_cutlass.strides import broadcast_strides, collapse


def stores_of(op: FusedOp) -> tuple[Store, ...]:
    """How the kernel that `op` becomes stores each output; empty if all of them as they are."""
    if in_place_concat(op) is not None:
        return (Store(StoreKind.PITCHED),)
    if not op.has_stores:
        return ()
    return tuple(_kind_of(store, op.result_shape) for store in op.output_stores)


def _kind_of(store: StoreAttr, result: Shape) -> Store:
    match store:
        case ColumnsAttr():
            return Store(StoreKind.COLUMNS)
        case PaddedAttr():
            return Store(StoreKind.PADDED)
        case PermutedAttr():
            (sizes, _), (columns, _) = permuted_walk(store, result)
            return Store(StoreKind.PERMUTED, len(sizes) + len(columns), len(columns))
        case ReducedAttr():
            return Store(StoreKind.REDUCED, combiner=store.combiner.data, along=store.along.data)
        case _:
            return Store()


def permuted_walk(store: PermutedAttr, result: Shape) -> tuple[tuple[Shape, Shape], tuple[Shape, Shape]]:
    """The fewest dimensions over which a result is stored permuted: those of rows, those of columns.

    Each is a pair of extents and strides of the output in elements.
    """
    view, permutation = store.view.get_values(), store.permutation.get_values()
    step = dict(zip(permutation, dense_strides(store.stored_shape(result)), strict=True))
    steps = tuple(step[d] for d in range(len(view)))
    split = len(view) - store.column_rank(result[-1])
    rows, (row_steps,) = collapse(view[:split], [steps[:split]])
    columns, (column_steps,) = collapse(view[split:], [steps[split:]])
    return (rows, row_steps), (columns, column_steps)


def in_place_concat(op: FusedOp) -> tuple[ConcatOp, int] | None:
    """The concat that has `op` write its input in place, and the number of that input."""
    use = next(iter(op.outputs[0].uses), None)
    if use is None or not isinstance(use.operation, ConcatOp) or use.index >= len(use.operation.inputs):
        return None
    return (use.operation, use.index) if use.operation.in_place_flags[use.index] else None


def general_rank_of(op: FusedOp) -> int:
    """Over how many dimensions the general operands of `op` are addressed; 0 without any."""
    return len(_general_walk(op)[0])


def _general_walk(op: FusedOp) -> tuple[Shape, dict[int, Shape]]:
    """The dimensions over which general operands are addressed, the last of them the columns, and their strides."""
    general = [i for i, kind in enumerate(op.broadcasts) if kind.data is Broadcast.GENERAL]
    if not general:
        return (), {}
    *rows, columns = op.result_shape
    reads = [broadcast_strides(static_shape(op.epilogue_operands[i]), op.result_shape) for i in general]
    sizes, strides = collapse(tuple(rows), [read[:-1] for read in reads])
    walks = zip(general, strides, reads, strict=True)
    return (*sizes, columns), {i: (*steps, read[-1]) for i, steps, read in walks}


def epilogue_integers(op: FusedOp) -> Mapping[str, int]:
    """The launch integers of general operands and stores, in the order of `KernelSignature.launch_parameters`."""
    sizes, strides = _general_walk(op)
    integers = dict(zip(dimension_names("size", len(sizes)), sizes, strict=True))
    for i, steps in strides.items():
        integers |= zip(dimension_names(f"e{i}_stride", len(steps)), steps, strict=True)
    if (place := in_place_concat(op)) is not None:
        return integers | _place_in(*place)
    for i, store in enumerate(op.output_stores):
        integers |= _store_integers(i, store, op.result_shape)
    return integers


def _store_integers(output: int, store: StoreAttr, result: Shape) -> dict[str, int]:
    match store:
        case ColumnsAttr():
            return {f"r{output}_begin": store.begin.data, f"r{output}_columns": store.size.data}
        case PaddedAttr():
            return {f"r{output}_columns": store.columns.data}
        case PermutedAttr():
            (rows, row_steps), (columns, column_steps) = permuted_walk(store, result)
            sizes, steps = (*rows, *columns), (*row_steps, *column_steps)
            names = dimension_names(f"r{output}_size", len(sizes)), dimension_names(f"r{output}_stride", len(steps))
            return dict(zip((*names[0], *names[1]), (*sizes, *steps), strict=True))
        case _:
            return {}


def _place_in(concat: ConcatOp, index: int) -> dict[str, int]:
    """Where input number `index` begins in the output of `concat`, and how far apart its rows and matrices are."""
    shapes = [static_shape(value) for value in concat.inputs]
    result, own = concat.result_shape, shapes[index]
    by_columns = normalized_axis(concat.axis.value.data, len(result)) == len(result) - 1
    begin = sum(shape[-1] if by_columns else prod(shape) for shape in shapes[:index])
    pitch = result[-1] if by_columns else own[-1]
    rows = own[-2] if len(own) > 1 else 1
    return {"r0_begin": begin, "r0_pitch": pitch, "r0_batch_stride": rows * pitch}
