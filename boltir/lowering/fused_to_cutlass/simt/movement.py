"""Transposes, gathers, concatenations, padding and resizing -> kernels of our own."""

from functools import partial
from math import prod

from xdsl.dialects.builtin import AnyFloat

from boltir.dialects.cutlass.simt import MAX_VECTOR, element_bytes
from boltir.dialects.cutlass.simt_movement import ConcatAttr, GatherAttr, PadAttr, ResizeAttr, TransposeAttr
from boltir.dialects.cutlass.store import dimension_names
from boltir.dialects.fused import Broadcast
from boltir.dialects.fused.movement import ConcatOp, GatherOp, PadOp, ResizeOp, TransposeOp
from boltir.dialects.graph.enums import PadMode
from boltir.dialects.shapes import dense_strides
from boltir.dialects.tensors import Shape, element_type, normalized_axis, static_shape
from boltir.lowering.fused_to_cutlass.alignment import power_of_two_divisor
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.simt.frame import float_bits, frame, is_starved, outputs_per_thread, selected
from boltir.lowering.fused_to_cutlass.simt.pointwise import Read, select_reads
from boltir.lowering.fused_to_cutlass.strides import collapse
from boltir.target import Target

REGISTER_ROWS = (2, 4, 8, 16)
"""Row counts that a thread transposes in registers, as one vector store."""
FEWEST_TILED = 8
"""Matrices narrower than this leave most of a tile empty; reading them with strides is as good."""
WARP = 32
TILE_BYTES = 256
"""The bytes in a row of a tile: with 128 the memory is less busy, and 512 need more shared memory than there is."""
LARGEST_SIDE = 4
"""The widest access of the template."""


def select_transpose(op: TransposeOp, target: Target) -> Selection | Refusal:
    """Matrix transposes through shared memory or registers; reading with strides where rows stay rows."""
    dense = dense_strides(static_shape(op.inputs[0]))
    read = tuple(dense[i] for i in op.permutation.get_values())
    if op.padding.value.data:
        return _padded_transposes(op, read, target)
    sizes, (strides,) = collapse(op.result_shape, [read])
    by_rows = any(kind.data in (Broadcast.ROW, Broadcast.COLUMN) for kind in op.broadcasts)
    misfit = by_rows and sizes[-1] != op.result_shape[-1]
    if strides[-1] == 1 or len(sizes) > 4 or misfit or not _is_worth_a_transpose(sizes, strides):
        return select_reads(op, [Read(0, read)], target)
    return _matrix_transposes(op, sizes, strides, target)


def _is_worth_a_transpose(sizes: Shape, strides: Shape) -> bool:
    rows = sizes[-1]
    if 1 not in strides:
        return False
    return rows in REGISTER_ROWS or min(rows, sizes[strides.index(1)]) >= FEWEST_TILED


def _padded_transposes(op: TransposeOp, read: Shape, target: Target) -> Selection | Refusal:
    """The last dimension keeps to itself, for zeros follow it; without a contiguous one there is a single column."""
    sizes, (strides,) = collapse(op.result_shape[:-1], [read[:-1]])
    if 1 not in strides:
        sizes, strides = (*sizes, 1), (*strides, 1)
    if len(sizes) > 3:
        return Refusal(f"zeros are appended to transposes of up to 4 dimensions, not of {len(sizes) + 1}")
    return _matrix_transposes(op, (*sizes, op.result_shape[-1]), (*strides, read[-1]), target)


def _matrix_transposes(op: TransposeOp, sizes: Shape, strides: Shape, target: Target) -> Selection | Refusal:
    column = strides.index(1)
    padded, columns = sizes[-1], sizes[column]
    rows = padded - op.padding.value.data
    result = [step // padded for step in dense_strides(sizes)]
    outer = [d for d in range(len(sizes) - 1) if d != column]
    batches = [(1, 0, 0)] * (2 - len(outer)) + [(sizes[d], strides[d], result[d]) for d in outer]
    in_registers = padded in REGISTER_ROWS and _fits_general_operands(op, padded)
    extents = (padded, columns, strides[-1], *(step for _, step, _ in batches))
    side = 1 if in_registers else _tile_side(op, padded, columns, target)
    given = frame(op, extents, row=padded, most=side)
    if in_registers:
        outputs = outputs_per_thread(4 if padded <= 8 else 2, prod(sizes[:-1]), target)
    else:
        outputs = 2 if given.vector == 1 < side else 1
    build = partial(TransposeAttr.of, channels=padded if in_registers else 0, outputs=outputs, **given.parameters)
    values = {"rows": rows, "padded_rows": padded, "columns": columns, "x_row_stride": strides[-1]}
    values |= {"y_column_stride": result[column], **given.arguments}
    for name, (extent, x_stride, y_stride) in zip(("outer", "batch"), batches, strict=True):
        values |= {name: extent, f"x_{name}_stride": x_stride, f"y_{name}_stride": y_stride}
    return selected(build, values, op, target)


def _tile_side(op: TransposeOp, rows: int, columns: int, target: Target) -> int:
    """The side of the tiles, in warps' accesses of single elements: matrices fill most of them, and all keep busy.

    A thread moves four times its square.
    """
    side = min(LARGEST_SIDE, max(1, TILE_BYTES // WARP // element_bytes(element_type(op.inputs[0]))))
    elements = prod(op.result_shape)
    while side > 1 and (3 * min(rows, columns) < 2 * WARP * side or is_starved(elements // (4 * side**2), target)):
        side //= 2
    return side


def _fits_general_operands(op: TransposeOp, rows: int) -> bool:
    """Whether `rows` elements of the result never cross a dimension of an operand that is read with strides."""
    sizes = [value for name, value in frame(op, ()).arguments.items() if name.startswith("size_")]
    return not sizes or sizes[-1] % rows == 0


def select_gather(op: GatherOp, target: Target) -> Selection | Refusal:
    """Copies of the entries that the indices pick."""
    shape = static_shape(op.inputs[0])
    axis = normalized_axis(op.axis.value.data, len(shape))
    inner = prod(shape[axis + 1 :])
    given = frame(op, (inner,), row=inner)
    values = {"outer": prod(shape[:axis]), "axis": shape[axis], "inner": inner, "columns": given.columns}
    values |= {"indices": prod(static_shape(op.inputs[1])), **given.arguments}
    return selected(partial(GatherAttr.of, **given.parameters), values, op, target)


def select_concat(op: ConcatOp, target: Target) -> Selection | Refusal:
    """Rows of the result, each from the same row of all inputs."""
    shapes = [static_shape(value) for value in op.inputs]
    axis = normalized_axis(op.axis.value.data, len(shapes[0]))
    lengths = [prod(shape[axis:]) for shape in shapes]
    given = frame(op, lengths, row=sum(lengths))
    values = {"outer": prod(shapes[0][:axis]), "columns": given.columns, **given.arguments}
    values |= zip(dimension_names("length", len(lengths)), lengths, strict=True)
    return selected(partial(ConcatAttr.of, count=len(lengths), **given.parameters), values, op, target)


def select_pad(op: PadOp, target: Target) -> Selection | Refusal:
    """The padding kernel over as few dimensions as the padded ones allow."""
    mode = op.mode.data
    shape, low, result = merge_unpadded(
        static_shape(op.inputs[0]), op.low.get_values(), op.result_shape, into_padded=mode is PadMode.CONSTANT
    )
    repeats = mode is not PadMode.CONSTANT and shape[-1] != result[-1]
    given = frame(op, (result[-1],), row=result[-1], most=1 if repeats else MAX_VECTOR)
    access = power_of_two_divisor(given.vector, (shape[-1], low[-1]))
    value = op.value.value.data
    is_float = isinstance(element_type(op.inputs[0]), AnyFloat)
    values = {"columns": given.columns, "value": float_bits(value) if is_float else int(value), **given.arguments}
    for prefix, extents in (("x", shape), ("low", low), ("y", result)):
        values |= zip(dimension_names(prefix, len(shape)), extents, strict=True)
    build = partial(PadAttr.of, mode=mode.value, dimensions=len(shape), access=access, **given.parameters)
    return selected(build, values, op, target)


def merge_unpadded(shape: Shape, low: Shape, result: Shape, *, into_padded: bool) -> tuple[Shape, Shape, Shape]:
    """Fewer (extent, low, result extent): dimensions without padding join the one before them.

    That one must have no padding either, unless `into_padded`: a constant border stays one, scaled.
    """
    merged: list[tuple[int, int, int]] = [(1, 0, 1)]
    for extent, before, after in zip(shape, low, result, strict=True):
        last_extent, last_low, last_after = merged[-1]
        if extent == after and (into_padded or last_extent == last_after):
            merged[-1] = (last_extent * extent, last_low * extent, last_after * extent)
        elif last_after == 1:
            merged[-1] = (extent, before, after)
        else:
            merged.append((extent, before, after))
    extents, lows, results = zip(*merged, strict=True)
    return extents, lows, results


def select_resize(op: ResizeOp, target: Target) -> Selection | Refusal:
    """The resampling kernel, for one or two neighbouring dimensions of any layout."""
    shape, sizes = static_shape(op.inputs[0]), op.sizes.get_values()
    changed = [d for d, (extent, size) in enumerate(zip(shape, sizes, strict=True)) if extent != size]
    first, last = (changed[0], changed[-1]) if changed else (0, 0)
    if last - first > 1:
        return Refusal(f"dimensions {changed} are resized; the template takes two neighbouring ones")
    (h, w), (p, q) = ((1, 1, *extents[first : last + 1])[-2:] for extents in (shape, sizes))
    c = prod(shape[last + 1 :])
    given = frame(op, (c,), row=c)
    outputs = outputs_per_thread(2 if p >= h else 1, prod(op.result_shape) // given.vector, target)
    build = partial(
        ResizeAttr.of,
        outputs=outputs,
        mode=op.mode.data.value,
        coordinates=op.coordinate_transform.data.value,
        rounding=op.nearest_mode.data.value,
        **given.parameters,
    )
    values = {
        "n": prod(shape[:first]),
        "h": h,
        "w": w,
        "c": c,
        "p": p,
        "q": q,
        "columns": given.columns,
        **given.arguments,
    }
    return selected(build, values, op, target)
