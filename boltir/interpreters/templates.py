"""What each kernel template computes, from its launch integers; the last dimension of a result is its row.

The texts under lowering/templates say the same in CUDA.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from boltir.errors import BoltError
from boltir.interpreters.arrays import Array, round_to_tf32
from boltir.interpreters.launch import Anchor, Anchored, Launch
from boltir.interpreters.reference import convolution, movement, normalization
from boltir.interpreters.reference.attention import attention as attend
from boltir.interpreters.reference.convolution import Window, window_of
from boltir.interpreters.reference.linear import matmul
from boltir.interpreters.reference.pooling import average_pool2d, max_pool2d
from boltir.interpreters.reference.resize import resize as resample

ANCHORS: dict[str, Anchor] = {}
"""By family. `pointwise` has no anchor."""


def _of(*families: str) -> Callable[[Callable[[Launch], Array]], Callable[[Launch], Array]]:
    """Decorates the meaning of families whose result is dense."""

    def annotate(function: Callable[[Launch], Array]) -> Callable[[Launch], Array]:
        def run(launch: Launch) -> Anchored:
            return Anchored(function(launch))

        ANCHORS.update(dict.fromkeys(families, run))
        return function

    return annotate


def _multiplicand(launch: Launch, index: int, shape: tuple[int, ...], strides: tuple[int, ...] | None = None) -> Array:
    """An input as tensor cores multiply it."""
    values = launch.input(index, shape, strides)
    return round_to_tf32(values) if launch.template["math"] == "tf32" else values


def gemm(launch: Launch) -> Anchored:
    m, n, k, batch, lda, ldb, ldd = launch.values("m", "n", "k", "batch", "lda", "ldb", "ldd")
    stride_a, stride_b, stride_d = launch.values("batch_stride_a", "batch_stride_b", "batch_stride_d")
    row_a, row_b = launch.template["layout_a"] == "row", launch.template["layout_b"] == "row"
    a = _multiplicand(launch, 0, (batch, m, k), (stride_a, lda, 1) if row_a else (stride_a, 1, lda))
    b = _multiplicand(launch, 1, (batch, k, n), (stride_b, ldb, 1) if row_b else (stride_b, 1, ldb))
    return Anchored(matmul(a, b), (stride_d, ldd, 1))


ANCHORS.update(gemm=gemm, gemm_sm90=gemm, gemm_unaligned=gemm)


@_of("simt_gemm")
def simt_gemm(launch: Launch) -> Array:
    batch, m, n, k = launch.values("batch", "m", "n", "k")
    stride_a, stride_b = launch.values("a_batch_stride", "b_batch_stride")
    transpose_a, transpose_b = bool(launch.template["transpose_a"]), bool(launch.template["transpose_b"])
    a = launch.input(0, (batch, k, m) if transpose_a else (batch, m, k), (stride_a, m if transpose_a else k, 1))
    b = launch.input(1, (batch, n, k) if transpose_b else (batch, k, n), (stride_b, k if transpose_b else n, 1))
    return matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b)


@_of("conv2d", "conv2d_sm90")
def conv2d(launch: Launch) -> Array:
    k, r, s, c = launch.values("k", "r", "s", "c")
    window = window_of(
        (r, s),
        launch.values("p", "q"),
        launch.values("stride_h", "stride_w"),
        launch.values("pad_top", "pad_left"),
        launch.values("dilation_h", "dilation_w"),
    )
    image = _multiplicand(launch, 0, launch.values("n", "h", "w", "c"))
    return convolution.conv2d(image, _multiplicand(launch, 1, (k, r, s, c)), window)


def _window(launch: Launch) -> Window:
    return window_of(
        launch.values("kernel_h", "kernel_w"),
        launch.values("p", "q"),
        launch.values("stride_h", "stride_w"),
        launch.values("pad_top", "pad_left"),
        launch.values("dilation_h", "dilation_w"),
    )


@_of("direct_conv2d")
def direct_conv2d(launch: Launch) -> Array:
    n, h, w, c, groups, k, r, s = launch.values("n", "h", "w", "c", "groups", "k", "kernel_h", "kernel_w")
    image = launch.input(0, (n, h, w, groups * c))
    if launch.template["transposed"]:
        return convolution.conv_transpose2d(image, launch.input(1, (groups * c, r, s, k)), _window(launch), groups)
    return convolution.conv2d(image, launch.input(1, (groups * k, r, s, c)), _window(launch), groups)


@_of("depthwise_conv2d")
def depthwise_conv2d(launch: Launch) -> Array:
    size = _pair(launch, "kernel_shape")
    image = launch.input(0, launch.values("n", "h", "w", "c"))
    return convolution.depthwise_conv2d(image, launch.input(1, (*size, launch.integers["c"])), _template_window(launch))


def _template_window(launch: Launch) -> Window:
    """The window of a template that has it among its parameters."""
    return window_of(
        _pair(launch, "kernel_shape"),
        launch.values("p", "q"),
        _pair(launch, "strides"),
        launch.values("pad_top", "pad_left"),
        _pair(launch, "dilations"),
    )


def _pair(launch: Launch, name: str) -> tuple[int, int]:
    value = launch.template[name]
    if not isinstance(value, tuple) or len(value) != 2:
        raise BoltError(f"{name} must be two integers, got {value}", where=f"cutlass.kernel @{launch.kernel}")
    return value[0], value[1]


@_of("attention", "attention_sm80", "attention_sm90")
def attention(launch: Launch) -> Array:
    batch, heads, queries, keys, head_dim = launch.values("batch", "heads", "queries", "keys", "head_dim")
    widths = launch.values("q_width", "k_width", "v_width")
    rows = (queries, keys, keys)
    operands = [launch.input(i, (batch, rows[i], widths[i])) for i in range(3)]
    mask = None
    if len(launch.inputs) > 3:
        names = ("mask_batch_stride", "mask_head_stride", "mask_query_stride", "mask_key_stride")
        strides = tuple(launch.integers.get(name, 0) for name in names)
        mask = launch.input(3, (batch, heads, queries, keys), strides)
    offsets, scale = launch.values("q_offset", "k_offset", "v_offset"), launch.float_value("scale")
    result = attend(operands, offsets, mask, heads=heads, head_dim=head_dim, scale=scale)
    return result.reshape(batch * queries, heads * head_dim)


@_of("pool2d")
def pool2d(launch: Launch) -> Array:
    image = launch.input(0, launch.values("n", "h", "w", "c"))
    if launch.template["kind"] == "max":
        return max_pool2d(image, _template_window(launch))
    bottom, right = launch.values("pad_bottom", "pad_right")
    return average_pool2d(
        image, _template_window(launch), (bottom, right) if launch.template["include_padding"] else None
    )


@_of("reduce")
def reduce(launch: Launch) -> Array:
    x = launch.input(0, launch.values("outer", "reduce", "inner"))
    return _rows(normalization.reduce(str(launch.template["kind"]), x, (1,)), launch)


@_of("softmax")
def softmax(launch: Launch) -> Array:
    return _rows(normalization.softmax(launch.input(0, launch.values("outer", "axis", "inner")), 1), launch)


@_of("layer_norm")
def layer_norm(launch: Launch) -> Array:
    x = launch.input(0, launch.values("outer", "axis"))
    return _rows(normalization.standardize(x, 1, launch.float_value("epsilon")), launch)


@_of("gather")
def gather(launch: Launch) -> Array:
    data = launch.input(0, launch.values("outer", "axis", "inner"))
    return _rows(movement.gather(data, launch.input(1, launch.values("indices")), 1), launch)


@_of("concat")
def concat(launch: Launch) -> Array:
    outer = launch.integers["outer"]
    parts = [launch.input(i, (outer, length)) for i, length in enumerate(launch.series("length"))]
    return _rows(np.concatenate(parts, axis=1), launch)


def _rows(values: Array, launch: Launch) -> Array:
    """Dense `values` as the epilogue sees them."""
    return values.reshape(-1, launch.integers["columns"])


@_of("pad")
def pad(launch: Launch) -> Array:
    extents, low, result = launch.series("x"), launch.series("low"), launch.series("y")
    x = launch.input(0, extents)
    high = [y - begin - extent for y, begin, extent in zip(result, low, extents, strict=True)]
    value = launch.float_value("value") if x.dtype == np.float32 else launch.integers["value"]
    return _rows(movement.pad(x, low, high, str(launch.template["mode"]), value), launch)


@_of("unfold")
def unfold(launch: Launch) -> Array:
    n, h, w, p, q = launch.values("n", "h", "w", "p", "q")
    strides = launch.values("x_n_stride", "x_h_stride", "x_w_stride", "x_c_stride")
    image = launch.input(0, (n, h, w, launch.integers["c"]), strides)
    before = launch.values("pad_top", "pad_left")
    channels = launch.integers["columns"]
    return _rows(
        movement.unfold(
            image, _pair(launch, "kernel_shape"), launch.values("stride_h", "stride_w"), before, (p, q), channels
        ),
        launch,
    )


@_of("resize")
def resize(launch: Launch) -> Array:
    image = launch.input(0, launch.values("n", "h", "w", "c"))
    mode, coordinates, rounding = (str(launch.template[name]) for name in ("mode", "coordinates", "rounding"))
    return _rows(resample(image, launch.values("n", "p", "q", "c"), mode, coordinates, rounding), launch)


@_of("transpose")
def transpose(launch: Launch) -> Array:
    """Each of outer x batch x columns becomes the row of the result that the y strides name."""
    outer, batch, rows, padded, columns = launch.values("outer", "batch", "rows", "padded_rows", "columns")
    strides = launch.values("x_outer_stride", "x_batch_stride", "x_row_stride")
    x = launch.input(0, (outer, batch, rows, columns), (*strides, 1))
    values = np.zeros((outer, batch, columns, padded), dtype=x.dtype)
    values[..., :rows] = x.swapaxes(2, 3)
    position = _positions((outer, batch, columns), launch.values("y_outer_stride", "y_batch_stride", "y_column_stride"))
    if not np.array_equal(np.sort(position), np.arange(position.size)):
        raise BoltError("the y strides do not name every row once", where=f"cutlass.launch @{launch.kernel}")
    result = np.empty((position.size, padded), dtype=x.dtype)
    result[position] = values.reshape(-1, padded)
    return result


def _positions(shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """sum(index * stride) of every index into `shape`, in row-major order."""
    grids = np.indices(shape).reshape(len(shape), prod(shape))
    return np.asarray(strides, dtype=np.int64) @ grids
