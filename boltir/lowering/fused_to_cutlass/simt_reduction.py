"""Pooling, reductions and normalisations -> kernels of our own."""

from functools import partial
from math import prod

from boltir.dialects.cutlass.simt_reduction import LayerNormAttr, Pool2dAttr, ReduceAttr, SoftmaxAttr
from boltir.dialects.fused.reduction import LayerNormOp, Pool2dOp, ReduceOp, SoftmaxOp
from boltir.dialects.tensors import Shape, normalized_axis, static_shape
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.simt import float_bits, frame, is_starved, selected
from boltir.target import Target

WARP = 32
WARP_ELEMENTS = 32
"""Elements of a row per thread up to which one warp keeps the row in registers."""
BLOCK_ELEMENTS = 16
LARGEST_BLOCK = 512
BLOCK_THREADS = 256


def select_pool2d(op: Pool2dOp, target: Target) -> Selection | Refusal:
    """The pooling kernel: one thread per output pixel and vector of channels."""
    n, h, w, c = static_shape(op.inputs[0])
    _, p, q, _ = op.result_shape
    given = frame(op, (c,))
    while given.vector > 2 and is_starved(n * p * q * c // given.vector, target):
        given = frame(op, (c,), most=given.vector // 2)
    build = partial(
        Pool2dAttr.of,
        kind=op.kind.data.value,
        include_padding=bool(op.count_include_pad.value.data),
        **given.parameters,
    )
    values = {"n": n, "h": h, "w": w, "c": c, "p": p, "q": q, **given.arguments}
    for name, pair in (("kernel", op.kernel), ("stride", op.strides), ("dilation", op.dilations)):
        values[f"{name}_h"], values[f"{name}_w"] = pair.get_values()
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
        short = reduced <= WARP * WARP_ELEMENTS
        parameters = {"algorithm": "row", "lanes": lanes_across(reduced, given.vector) if short else BLOCK_THREADS}
    else:
        given = frame(op, (inner,), row=inner)
        parameters = {"algorithm": "column", "lanes": lanes_along(inner // given.vector)}
    values = {"outer": outer, "reduce": reduced, "inner": inner, "columns": given.columns, **given.arguments}
    build = partial(ReduceAttr.of, kind=op.kind.data.value, **parameters, **given.parameters)
    return selected(build, values, op, target)


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
    return next((lanes for lanes in (8, 16) if vectors <= lanes), WARP)


def select_softmax(op: SoftmaxOp, target: Target) -> Selection | Refusal:
    """The softmax kernel: rows in registers where they fit, else two passes."""
    shape = static_shape(op.inputs[0])
    axis = normalized_axis(op.axis.value.data, len(shape))
    outer, length, inner = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
    given = frame(op, (length,) if inner == 1 else (inner,), row=length if inner == 1 else inner)
    lanes, elements = share_row(length, given.vector) if inner == 1 else (0, 0)
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
    lanes, elements = share_row(length, given.vector)
    build = partial(LayerNormAttr.of, lanes=lanes, elements=elements, **given.parameters)
    epsilon = float_bits(op.epsilon.value.data)
    values = {"outer": outer, "axis": length, "columns": given.columns, "epsilon": epsilon, **given.arguments}
    return selected(build, values, op, target)


def share_row(length: int, vector: int) -> tuple[int, int]:
    """(threads per row, elements each keeps in registers); 0 elements where even a block cannot hold the row."""
    candidates = [
        (lanes_across(length, vector), WARP_ELEMENTS),
        *((lanes, BLOCK_ELEMENTS) for lanes in (128, 256, LARGEST_BLOCK)),
    ]
    for lanes, most in candidates:
        elements = vector
        while elements < most and lanes * elements < length:
            elements *= 2
        if lanes * elements >= length:
            return lanes, elements
    return LARGEST_BLOCK, 0
