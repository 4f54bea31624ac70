"""Elementwise kernels, transposes, and what else moves elements."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from simt_case import DTYPES, RNG, Array, Case, Shape, float_bits, random, wide

FLOATS = ("f16", "bf16", "f32")


def pointwise_cases() -> Iterator[Case]:
    def template(vector: int, rank: int, **others: Any) -> dict[str, Any]:
        return {"inputs": 0, "vector": vector, "rank": rank, "strided": (), "innermost": ()} | others

    zero = np.zeros((6, 40), np.float32)
    operands = [random((6, 40)), random((6, 40)), random((1, 1))]
    yield Case("pw_flat", "pointwise", template(8, 1), [], zero, {"size_0": 240}, operands)
    yield Case("pw_flat_f32", "pointwise", template(4, 1), [], zero, {"size_0": 240}, [random((6, 40), "f32")], "f32")
    yield Case(
        "pw_bf16_odd",
        "pointwise",
        template(1, 1),
        [],
        np.zeros((3, 7), np.float32),
        {"size_0": 21},
        [random((3, 7), "bf16")],
        "bf16",
    )

    shape = (3, 5, 16)
    sizes = {f"size_{d}": extent for d, extent in enumerate(shape)}
    gate = {"x1_offset": 0} | {f"x1_stride_{d}": s for d, s in enumerate((16, 0, 1))}
    column = {"x2_offset": 0} | {f"x2_stride_{d}": s for d, s in enumerate((5, 1, 0))}
    operands = [random(shape), random((3, 1, 16)), random((3, 5, 1), "f32")]
    gated = template(8, 3, strided=(1, 2), innermost=(1, 0))
    yield Case("pw_gate", "pointwise", gated, [], np.zeros(shape, np.float32), sizes | gate | column, operands)

    x = random((7, 9, 11))
    taken = x[5:0:-2, 1:9:3, 2:10]
    strides = {"x0_offset": 5 * 99 + 11 + 2, "x0_stride_0": -2 * 99, "x0_stride_1": 33, "x0_stride_2": 1}
    sizes = {"size_0": 3, "size_1": 3, "size_2": 8}
    sliced = template(1, 3, inputs=1, strided=(0,), innermost=(1,))
    yield Case("pw_slice", "pointwise", sliced, [x], wide(taken), sizes | strides)

    x = random((4, 6, 10), "f32")
    strides = {"x0_offset": 0, "x0_stride_0": 1, "x0_stride_1": 60, "x0_stride_2": 10}
    sizes = {"size_0": 10, "size_1": 4, "size_2": 6}
    permuted = template(2, 3, inputs=1, strided=(0,), innermost=(-1,))
    yield Case("pw_permute", "pointwise", permuted, [x], x.transpose(2, 0, 1), sizes | strides, [random((10, 4, 6))])
    x = random((5, 9), "i64")
    cast = template(1, 1, inputs=1)
    yield Case("pw_cast", "pointwise", cast, [x], x, {"size_0": 45}, output="i8")
    x = random((4, 8), "f32") > 0
    yield Case("pw_bool", "pointwise", template(8, 1, inputs=1), [x], x, {"size_0": 32}, output="i32")


def transpose_parameters(batch: int, rows: int, columns: int, padded_rows: int = 0) -> dict[str, int]:
    padded_rows = padded_rows or rows
    names = ("outer", "batch", "rows", "padded_rows", "columns", "x_outer_stride", "x_batch_stride", "x_row_stride")
    values = (1, batch, rows, padded_rows, columns, 0, rows * columns, columns)
    strides = {"y_outer_stride": 0, "y_batch_stride": columns, "y_column_stride": 1}
    return dict(zip(names, values, strict=True)) | strides


def transpose_cases() -> Iterator[Case]:
    for name, vector, parts, dtype, (batch, rows, columns) in (
        ("tr_f16", 2, 1, "f16", (2, 66, 130)),
        ("tr_f16_wide", 4, 1, "f16", (2, 132, 260)),
        ("tr_f16_pairs", 2, 2, "f16", (2, 130, 134)),
        ("tr_f16_odd", 1, 2, "f16", (2, 131, 49)),
        ("tr_f32", 1, 1, "f32", (3, 33, 17)),
        ("tr_f32_wide", 2, 1, "f32", (2, 66, 70)),
        ("tr_f32_odd", 1, 2, "f32", (2, 65, 67)),
        ("tr_bf16", 2, 1, "bf16", (1, 34, 18)),
        ("tr_i8", 4, 1, "i8", (1, 132, 140)),
        ("tr_i64", 1, 1, "i64", (1, 40, 3)),
    ):
        x = random((batch, rows, columns), dtype)
        y = x.transpose(0, 2, 1)
        template = {"vector": vector, "channels": 0, "outputs": parts}
        yield Case(name, "transpose", template, [x], y, transpose_parameters(batch, rows, columns), output=dtype)
    for name, outputs, pixels in (("tr_image", 1, 5 * 7), ("tr_images", 4, 23 * 31)):
        x = random((2, 3, pixels), "f32")
        y = np.pad(x.transpose(0, 2, 1), ((0, 0), (0, 0), (0, 5)))
        template = {"vector": 1, "channels": 8, "outputs": outputs}
        yield Case(name, "transpose", template, [x], y, transpose_parameters(2, 3, pixels, 8), [random((8,))])
    x = random((2, 6, 5, 8))  # [B, S, H, D] -> [B, H, D, S], as attention's keys
    strides = {"x_outer_stride": 240, "x_batch_stride": 8, "x_row_stride": 40}
    strides |= {"y_outer_stride": 40, "y_batch_stride": 8, "y_column_stride": 1}
    parameters = {"outer": 2, "batch": 5, "rows": 6, "padded_rows": 6, "columns": 8} | strides
    operands = [random((2, 5, 8, 6)), random((2, 1, 1, 6))]
    template = {"vector": 2, "channels": 0, "outputs": 1}
    yield Case("tr_keys", "transpose", template, [x], x.transpose(0, 2, 3, 1), parameters, operands)


def movement_cases() -> Iterator[Case]:
    for name, dtype, index_dtype, vector, (outer, axis, inner) in (
        ("ga_rows", "f16", "i64", 8, (1, 30, 64)),
        ("ga_bf16", "bf16", "i32", 8, (2, 7, 16)),
        ("ga_f32", "f32", "i64", 4, (1, 9, 12)),
        ("ga_inner", "i64", "i32", 1, (4, 9, 3)),
    ):
        x, indices = random((outer, axis, inner), dtype), RNG.integers(-axis, axis, (13,)).astype(DTYPES[index_dtype])
        parameters = {"outer": outer, "axis": axis, "inner": inner, "indices": 13, "columns": inner}
        operands = [random((inner,))] if dtype in FLOATS else []
        yield Case(name, "gather", {"vector": vector}, [x, indices], x[:, indices], parameters, operands, dtype)

    for name, dtype, vector, lengths in (
        ("cc_three", "f16", 8, (16, 8, 40)),
        ("cc_bf16", "bf16", 8, (8, 16)),
        ("cc_f32", "f32", 4, (4, 12)),
        ("cc_odd", "i32", 1, (3, 5)),
    ):
        parts = [random((6, length), dtype) for length in lengths]
        parameters = {"outer": 6, "columns": sum(lengths)} | {f"length_{i}": length for i, length in enumerate(lengths)}
        operands = [random((sum(lengths),)), random((6, 1))] if dtype in FLOATS else []
        template = {"count": len(parts), "vector": vector}
        yield Case(name, "concat", template, parts, np.concatenate(parts, 1), parameters, operands, dtype)

    x = random((2, 3, 12, 11), "f32")  # NCHW; windows of 2x3 moved by 2, in an image with a border of 1
    y = np.zeros((2, 7, 6, 24), np.float32)
    image = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 2))).transpose(0, 2, 3, 1)
    for row, column, tap in np.ndindex(7, 6, 6):
        place = (slice(None), 2 * row + tap // 3, 2 * column + tap % 3)
        y[:, row, column, 3 * tap : 3 * tap + 3] = image[place]
    parameters = {"n": 2, "h": 12, "w": 11, "c": 3, "p": 7, "q": 6, "columns": 24}
    parameters |= {"x_n_stride": 396, "x_h_stride": 11, "x_w_stride": 1, "x_c_stride": 132}
    parameters |= {"stride_h": 2, "stride_w": 2, "pad_top": 1, "pad_left": 1}
    template = {"kernel_shape": (2, 3), "channels": 3, "vector": 8}
    yield Case("unfold_picture", "unfold", template, [x], y, parameters, [random((24,))])

    paddings: tuple[tuple[Literal["constant", "edge", "reflect"], str, int, int, int, Shape, Shape], ...] = (
        ("constant", "bf16", 16, 8, 8, (0, 1, 2, 0), (0, 2, 0, 8)),
        ("constant", "f16", 46, 8, 2, (0, 1, 2, 0), (0, 2, 0, 2)),
        ("constant", "f32", 13, 4, 1, (0, 0, 1, 1), (0, 0, 0, 2)),
        ("edge", "f32", 16, 4, 4, (0, 1, 3, 0), (1, 2, 0, 0)),
        ("reflect", "f16", 16, 1, 1, (0, 2, 1, 3), (0, 0, 4, 2)),
    )
    for mode, dtype, channels, vector, access, low, high in paddings:
        x = random((2, 5, 6, channels), dtype)
        widths = tuple(zip(low, high, strict=True))
        y: Array = np.pad(x, widths, constant_values=1.5) if mode == "constant" else np.pad(x, widths, mode=mode)
        parameters = {f"x_{d}": extent for d, extent in enumerate(x.shape)} | {f"low_{d}": n for d, n in enumerate(low)}
        parameters |= {f"y_{d}": extent for d, extent in enumerate(y.shape)} | {
            "columns": y.shape[-1],
            "value": float_bits(1.5),
        }
        template = {"mode": mode, "dimensions": 4, "vector": vector, "access": access}
        yield Case(f"pad_{mode}_{channels}", "pad", template, [x], y, parameters, [random((y.shape[-1],))], dtype)


def source_positions(coordinates: str, extent: int, size: int) -> Array:
    index = np.arange(size, dtype=np.float32)
    if coordinates == "asymmetric":
        return index * extent / np.float32(size)
    if coordinates == "align_corners":
        return index * np.float32(extent - 1) / np.float32(max(size - 1, 1))
    if coordinates == "pytorch_half_pixel" and size == 1:
        return np.zeros(1, np.float32)
    return (index + np.float32(0.5)) * extent / np.float32(size) - np.float32(0.5)


def resize_axis(x: Array, axis: int, mode: str, coordinates: str, rounding: str, size: int) -> Array:
    extent = x.shape[axis]
    positions = source_positions(coordinates, extent, size)
    if mode == "nearest":
        rounded = {
            "floor": np.floor(positions),
            "ceil": np.ceil(positions),
            "round_prefer_floor": np.ceil(positions - np.float32(0.5)),
            "round_prefer_ceil": np.floor(positions + np.float32(0.5)),
        }[rounding]
        return x.take(np.clip(rounded, 0, extent - 1).astype(np.int64), axis)
    positions = np.clip(positions, 0, extent - 1)
    low = np.floor(positions).astype(np.int64)
    weight = (positions - low).reshape(-1, *[1] * (x.ndim - axis - 1))
    return x.take(low, axis) * (1 - weight) + x.take(np.minimum(low + 1, extent - 1), axis) * weight


def resize_cases() -> Iterator[Case]:
    for name, mode, coordinates, rounding, vector, outputs, (p, q), c, dtype in (
        ("rs_linear", "linear", "half_pixel", "floor", 8, 4, (13, 8), 16, "f16"),
        ("rs_corners", "linear", "align_corners", "floor", 4, 1, (10, 1), 4, "f32"),
        ("rs_pytorch", "linear", "pytorch_half_pixel", "floor", 1, 1, (1, 9), 3, "f32"),
        ("rs_same_rows", "linear", "asymmetric", "floor", 1, 2, (7, 9), 3, "f32"),
        ("rs_few_rows", "linear", "align_corners", "floor", 2, 8, (11, 5), 6, "bf16"),
        ("rs_nearest", "nearest", "asymmetric", "floor", 8, 2, (14, 12), 8, "f16"),
        ("rs_rounded", "nearest", "half_pixel", "round_prefer_floor", 1, 4, (3, 17), 5, "bf16"),
        ("rs_ceil", "nearest", "half_pixel", "round_prefer_ceil", 2, 1, (11, 4), 6, "f32"),
    ):
        x = random((2, 7, 6, c), dtype)
        y = resize_axis(wide(x), 1, mode, coordinates, rounding, p)
        y = resize_axis(y, 2, mode, coordinates, rounding, q)
        sampling = {"mode": mode, "coordinates": coordinates, "rounding": rounding}
        template = sampling | {"vector": vector, "outputs": outputs}
        parameters = {"n": 2, "h": 7, "w": 6, "c": c, "p": p, "q": q, "columns": c}
        yield Case(name, "resize", template, [x], y, parameters, [random((c,))], dtype)
