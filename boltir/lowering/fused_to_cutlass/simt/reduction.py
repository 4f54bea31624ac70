"""Pooling, reductions and normalisations -> kernels of our own."""

from functools import partial
from math import prod

from boltir.dialects.cutlass.simt_reduction import LayerNormAttr, Pool2dAttr, ReduceAttr, SoftmaxAttr
from boltir.dialects.fused.reduction import LayerNormOp, Pool2dOp, ReduceOp, SoftmaxOp
from boltir.dialects.tensors import Shape, normalized_axis, static_shape
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.simt.frame import (
    Frame,
    float_bits,
    frame,
    is_starved,
    outputs_per_thread,
    selected,
)
from boltir.target import Target

LARGEST_SHARED_WINDOW = 25
"""Positions of a pooling window up to which neighbouring outputs share their loads, all of them unrolled."""
WARP = 32
WARP_ELEMENTS = 32
"""Elements of a row per thread up to which one warp keeps the row in registers."""
SINGLE_ELEMENTS = 16
"""Elements of a row that a thread adds up where it must read them one by one."""
BLOCK_ELEMENTS = 24
LARGEST_BLOCK = 512
ROW_WORK = 4
"""How many times as many threads rows need to keep the device busy, for they wait for each other."""
LONGEST_SOFTMAX = 40
"""Elements per thread of the largest block up to which a softmax reads its rows once."""
BLOCK_THREADS = 256
FEWEST_LANES = 8
"""Threads side by side that still read whole sectors of memory."""


def select_pool2d(op: Pool2dOp, target: Target) -> Selection | Refusal:
    """The pooling kernel: one thread per vector of channels and one or two neighbouring outputs."""
    n, h, w, c = static_shape(op.inputs[0])
    _, p, q, _ = op.result_shape
    kernel, strides = op.kernel.get_values(), op.strides.get_values()
    given = frame(op, (c,))
    shares_columns = strides[1] < kernel[1] and prod(kernel) <= LARGEST_SHARED_WINDOW
    most = (4 if strides[1] == 1 else 2) if shares_columns else 1
    outputs = outputs_per_thread(most, n * p * q * c // given.vector, target)
    while given.vector > 2 and is_starved(n * p * q * c // (2 * given.vector), target):
        given = frame(op, (c,), most=given.vector // 2)
    build = partial(
        Pool2dAttr.of,
        kernel_shape=kernel,
        strides=strides,
        dilations=op.dilations.get_values(),
        outputs=outputs,
        kind=op.kind.data.value,
        include_padding=bool(op.count_include_pad.value.data),
        **given.parameters,
    )
    values = {"n": n, "h": h, "w": w, "c": c, "p": p, "q": q, **given.arguments}
    sides = zip(("pad_top", "pad_left", "pad_bottom", "pad_right"), op.padding.get_values(), strict=True)
    return selected(build, {**values, **dict(sides)}, op, target)


def select_reduce(op: ReduceOp, target: Target) -> Selection | Refusal:
    """The reduction kernel, along rows or across them; the reduced dimensions must lie together."""
    shape = static_shape(op.inputs[0])
    split = split_around(shape, {normalized_axis(axis, len(shape)) for axis in op.axes.get_values()})
    if split is None:
        return Refusal("the reduced dimensions do not lie together; reduce them one after the other")
    outer, reduced, inner = split
    if inner == 1:
        given = frame(op, (reduced,), row=1, stores_vectors=False)
        lanes = lanes_across(reduced, given.vector if given.vector > 1 else SINGLE_ELEMENTS)
        if reduced > WARP * (WARP_ELEMENTS // 4 if is_starved(outer * WARP, target) else WARP_ELEMENTS):
            lanes = BLOCK_THREADS
        parameters = {"algorithm": "row", "lanes": lanes}
    else:
        given, lanes = _reduce_columns(op, outer, inner, target)
        parameters = {"algorithm": "column", "lanes": lanes}
    values = {"outer": outer, "reduce": reduced, "inner": inner, "columns": given.columns, **given.arguments}
    build = partial(ReduceAttr.of, kind=op.kind.data.value, **parameters, **given.parameters)
    return selected(build, values, op, target)


def _reduce_columns(op: ReduceOp, outer: int, inner: int, target: Target) -> tuple[Frame, int]:
    """Vectors, and threads side by side along `inner`: narrow blocks where wide ones leave multiprocessors idle."""
    given = frame(op, (inner,), row=inner)
    lanes = lanes_along(inner // given.vector)
    while lanes > FEWEST_LANES and outer * -(-inner // (given.vector * lanes)) < target.multiprocessors:
        lanes //= 2
    while given.vector > 2 and outer * -(-inner // (given.vector * lanes)) < target.multiprocessors:
        given = frame(op, (inner,), row=inner, most=given.vector // 2)
    return given, lanes


def split_around(shape: Shape, axes: set[int]) -> tuple[int, int, int] | None:
    """(outer, reduced, inner) extents; None if a dimension larger than 1 lies between the axes."""
    wide = [axis for axis in axes if shape[axis] > 1]
    if not wide:
        return prod(shape), 1, 1
    first, last = min(wide), max(wide)
    if any(shape[axis] > 1 and axis not in axes for axis in range(first, last)):
        return None
    return prod(shape[:first]), prod(shape[first : last + 1]), prod(shape[last + 1 :])


def lanes_across(length: int, vector: int) -> int:
    """Threads of a warp that share a short row: a vector each, if so few suffice."""
    return next((lanes for lanes in (4, 8, 16) if lanes * vector >= length), WARP)


def lanes_along(vectors: int) -> int:
    """Threads side by side along the inner dimension; the rest of the block shares the reduction."""
    return next((lanes for lanes in (FEWEST_LANES, 16) if vectors <= lanes), WARP)


def select_softmax(op: SoftmaxOp, target: Target) -> Selection | Refusal:
    """The softmax kernel: rows in registers where they fit, else two passes."""
    shape = static_shape(op.inputs[0])
    axis = normalized_axis(op.axis.value.data, len(shape))
    outer, length, inner = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
    given = frame(op, (length,) if inner == 1 else (inner,), row=length if inner == 1 else inner)
    lanes, elements = share_row(outer, length, given.vector, target, LONGEST_SOFTMAX) if inner == 1 else (0, 0)
    build = partial(
        SoftmaxAttr.of, algorithm="row" if inner == 1 else "column", lanes=lanes, elements=elements, **given.parameters
    )
    values = {"outer": outer, "axis": length, "inner": inner, "columns": given.columns, **given.arguments}
    return selected(build, values, op, target)


def select_layer_norm(op: LayerNormOp, target: Target) -> Selection | Refusal:
    """The normalisation kernel: rows in registers where they fit, else three passes."""
    shape = static_shape(op.inputs[0])
    axis = normalized_axis(op.axis.value.data, len(shape))
    outer, length = prod(shape[:axis]), prod(shape[axis:])
    given = frame(op, (length,), row=length)
    lanes, elements = share_row(outer, length, given.vector, target)
    build = partial(LayerNormAttr.of, lanes=lanes, elements=elements, **given.parameters)
    epsilon = float_bits(op.epsilon.value.data)
    values = {"outer": outer, "axis": length, "columns": given.columns, "epsilon": epsilon, **given.arguments}
    return selected(build, values, op, target)


def share_row(rows: int, length: int, vector: int, target: Target, most: int = BLOCK_ELEMENTS) -> tuple[int, int]:
    """(threads per row, elements each keeps in registers); 0 elements where even a block cannot hold the row.

    The fewest threads that can hold a row; more where the rows are few, down to a vector per thread. A thread
    of the largest block keeps up to `most` elements.
    """
    candidates = [
        (lanes_across(length, vector), WARP_ELEMENTS),
        *((lanes, BLOCK_ELEMENTS) for lanes in (64, 128, 256)),
        (LARGEST_BLOCK, most),
    ]
    fitting = (LARGEST_BLOCK, 0)
    for lanes, limit in candidates:
        elements = vector * -(-length // (lanes * vector))
        if elements > limit:
            continue
        fitting = (lanes, elements)
        if elements == vector or not is_starved(rows * lanes // ROW_WORK, target):
            break
    return fitting
