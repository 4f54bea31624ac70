"""Convolutions and matrix products -> kernels on the ordinary cores."""

from collections.abc import Mapping
from functools import partial
from math import prod

from boltir.dialects.cutlass.simt_linear import (
    COLUMN_LANES,
    DOT_LANES,
    DepthwiseConv2dAttr,
    DirectConv2dAttr,
    SimtGemmAttr,
)
from boltir.dialects.cutlass.template import ParameterValue
from boltir.dialects.fused.linear import Conv2dOp, ConvolutionOp, ConvTranspose2dOp, DepthwiseConv2dOp, GemmOp
from boltir.dialects.tensors import Shape, static_shape
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.simt.frame import Frame, frame, is_starved, outputs_per_thread, selected
from boltir.target import Target

FEW_ROWS = 8
"""Matrix products with at most so many rows are bound by reading B once."""

ROWS_PER_THREAD = 4


def select_depthwise_conv2d(op: DepthwiseConv2dOp, target: Target) -> Selection | Refusal:
    """The depthwise kernel: one thread per vector of channels and a few neighbouring outputs."""
    n, h, w, c = static_shape(op.inputs[0])
    r, s, _ = static_shape(op.inputs[1])
    _, p, q, _ = op.result_shape
    strides = op.strides.get_values()
    given = frame(op, (c,), most=max(1, 64 // s))
    outputs = outputs_per_thread(4 if strides[1] == 1 else 2, n * p * q * c // given.vector, target)
    while given.vector > 2 and is_starved(n * p * q * c // (given.vector * outputs), target):
        given = frame(op, (c,), most=given.vector // 2)
    build = partial(
        DepthwiseConv2dAttr.of,
        kernel_shape=(r, s),
        strides=strides,
        dilations=op.dilations.get_values(),
        outputs=outputs,
        **given.parameters,
    )
    top, left, _, _ = op.padding.get_values()
    values = {"n": n, "h": h, "w": w, "c": c, "p": p, "q": q, "pad_top": top, "pad_left": left, **given.arguments}
    return selected(build, values, op, target)


def select_direct_conv2d(op: Conv2dOp | ConvTranspose2dOp, target: Target) -> Selection | Refusal:
    """The implicit GEMM on the ordinary cores: takes every convolution of floating-point tensors."""
    transposed = isinstance(op, ConvTranspose2dOp)
    n, h, w, channels = static_shape(op.inputs[0])
    _, r, s, _ = static_shape(op.inputs[1])
    _, p, q, k = op.result_shape
    groups = op.groups.value.data
    c, k = channels // groups, k // groups
    given = frame(op, (c,), stores_vectors=False)
    tile = choose_tile(n * p * q, k, groups, target)
    build = partial(
        DirectConv2dAttr.of,
        transposed=transposed,
        tile=tile,
        output_vector=output_vector(op, k),
        **given.parameters,
    )
    values = {"n": n, "h": h, "w": w, "c": c, "groups": groups, "k": k, "kernel_h": r, "kernel_w": s, "p": p, "q": q}
    return selected(build, {**values, **window(op), **given.arguments}, op, target)


def window(op: ConvolutionOp) -> dict[str, int]:
    """The launch integers of a convolution's strides, dilations and leading padding."""
    (stride_h, stride_w), (dilation_h, dilation_w) = op.strides.get_values(), op.dilations.get_values()
    top, left, _, _ = op.padding.get_values()
    steps = {"stride_h": stride_h, "stride_w": stride_w, "dilation_h": dilation_h, "dilation_w": dilation_w}
    return {**steps, "pad_top": top, "pad_left": left}


def output_vector(op: Conv2dOp | ConvTranspose2dOp | GemmOp, extent: int) -> int:
    """Elements per store: a thread of a tile owns four neighbouring columns."""
    return frame(op, (extent,), most=4).vector


TILES = ((128, 128), (64, 64), (64, 32), (32, 32))
NARROW_TILES = ((64, 16), (128, 8))


def choose_tile(m: int, n: int, batch: int, target: Target) -> tuple[int, int]:
    """The largest tile that still gives every multiprocessor one; a narrow one for few columns."""
    if n <= 16:
        return NARROW_TILES[0] if n > 8 else NARROW_TILES[1]
    fitting = [tile for tile in TILES if tile[1] < 2 * n] or [TILES[-1]]
    for tile in fitting:
        if -(-m // tile[0]) * -(-n // tile[1]) * batch >= target.multiprocessors:
            return tile
    return fitting[-1]


def select_simt_gemm(op: GemmOp, target: Target) -> Selection | Refusal:
    """The matrix product on the ordinary cores: few rows by reading B once, others by tiles."""
    transpose_a, transpose_b = bool(op.transpose_a.value.data), bool(op.transpose_b.value.data)
    a, b = (static_shape(value) for value in op.inputs)
    *outer, m, n = op.result_shape
    k = a[-2] if transpose_a else a[-1]
    batch = prod(outer)
    if prod(b[:-2]) == 1 and not transpose_a:
        batch, m = 1, batch * m
    steps = [batch_stride(matrices, batch) for matrices in (a, b)]
    if None in steps:
        return Refusal("the batch dimensions broadcast in part; expand the smaller operand first")
    values = {"batch": batch, "m": m, "n": n, "k": k, "a_batch_stride": steps[0] or 0, "b_batch_stride": steps[1] or 0}
    few_rows = m <= FEW_ROWS and not transpose_a
    if few_rows:
        given, parameters = _few_rows(op, values, target)
    else:
        given = frame(op, (m if transpose_a else k, k if transpose_b else n), stores_vectors=False)
        tile = choose_tile(m, n, batch, target)
        parameters = {"algorithm": "tiled", "tile": tile, "output_vector": output_vector(op, n), "rows": 0, "lanes": 0}
    build = partial(SimtGemmAttr.of, transpose_a=transpose_a, transpose_b=transpose_b, **parameters, **given.parameters)
    return selected(build, {**values, **given.arguments}, op, target)


def batch_stride(shape: Shape, batch: int) -> int | None:
    """Elements from one matrix to the next, 0 for a repeated one; None if the batch repeats in part."""
    matrices = prod(shape[:-2])
    if batch == 1 or matrices == batch:
        return prod(shape[-2:]) if batch > 1 else 0
    return 0 if matrices == 1 else None


def _few_rows(op: GemmOp, values: Mapping[str, int], target: Target) -> tuple[Frame, dict[str, ParameterValue]]:
    """The vectors and the algorithm for few rows: threads share k until there are enough of them."""
    n, k = values["n"], values["k"]
    rows = min(values["m"], ROWS_PER_THREAD)
    tiles = values["batch"] * -(-values["m"] // rows)
    fixed: dict[str, ParameterValue] = {"tile": (0, 0), "output_vector": 1, "rows": rows}
    if op.transpose_b.value.data:
        given = frame(op, (k,), stores_vectors=False)
        lanes = DOT_LANES[0 if rows == 1 else 1]  # more threads hide what several rows read of A
        while lanes < max(DOT_LANES) and is_starved(tiles * n * lanes // 8, target) and k > 2 * lanes * given.vector:
            lanes *= 2
        return given, {**fixed, "algorithm": "dot", "lanes": lanes}
    given = frame(op, (n,))
    lanes = max(COLUMN_LANES)
    while lanes > min(COLUMN_LANES) and tiles * -(-n // (lanes * given.vector)) < target.multiprocessors * 7 // 8:
        lanes //= 2
    return given, {**fixed, "algorithm": "column", "lanes": lanes}
