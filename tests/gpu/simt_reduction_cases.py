"""Pooling, reductions and normalisations."""

from collections.abc import Iterator

import numpy as np
from simt_case import Array, Case, Shape, float_bits, random, wide


def window_values(x: Array, kernel: Shape, strides: Shape, dilations: Shape, padding: Shape, fill: float) -> Array:
    """[R * S, N, P, Q, C]: every window's elements, `fill` outside the image."""
    top, left, bottom, right = padding
    x = np.pad(wide(x), ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
    p = (x.shape[1] - (kernel[0] - 1) * dilations[0] - 1) // strides[0] + 1
    q = (x.shape[2] - (kernel[1] - 1) * dilations[1] - 1) // strides[1] + 1
    return np.stack(
        [
            x[:, r * dilations[0] :: strides[0], s * dilations[1] :: strides[1]][:, :p, :q]
            for r in range(kernel[0])
            for s in range(kernel[1])
        ]
    )


def pool_cases() -> Iterator[Case]:
    for name, kind, include_padding, kernel, strides, dilations, padding, vector, outputs, c, dtype in (
        ("pool_max", "max", False, (3, 3), (2, 2), (1, 1), (1, 1, 1, 1), 8, 2, 16, "f16"),
        ("pool_max_dilated", "max", False, (2, 3), (1, 2), (2, 1), (0, 1, 1, 0), 1, 1, 5, "f32"),
        ("pool_max_wide", "max", False, (2, 3), (1, 1), (1, 2), (1, 2, 0, 2), 2, 4, 10, "bf16"),
        ("pool_max_large", "max", False, (7, 6), (3, 2), (1, 1), (3, 3, 3, 3), 2, 1, 6, "f16"),
        ("pool_mean", "mean", False, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 4, 2, 12, "bf16"),
        ("pool_mean_padded", "mean", True, (2, 2), (2, 2), (1, 1), (1, 0, 0, 1), 2, 1, 6, "f16"),
    ):
        x = random((2, 9, 11, c), dtype)
        outside = -np.inf if kind == "max" else 0.0 if include_padding else np.nan
        windows = window_values(x, kernel, strides, dilations, padding, outside)
        y = windows.max(0) if kind == "max" else np.nanmean(windows, 0)
        names = ("n", "h", "w", "c", "pad_top", "pad_left", "pad_bottom", "pad_right", "p", "q")
        parameters: dict[str, int] = dict(zip(names, (*x.shape, *padding, *y.shape[1:3]), strict=True))
        window = {"kernel_shape": kernel, "strides": strides, "dilations": dilations, "outputs": outputs}
        template = window | {"kind": kind, "include_padding": include_padding, "vector": vector}
        yield Case(name, "pool2d", template, [x], y, parameters, [random((c,))], dtype)


def reduce_cases() -> Iterator[Case]:
    functions = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min}
    for name, kind, algorithm, lanes, vector, (outer, reduce, inner), dtype in (
        ("red_warp", "mean", "row", 32, 8, (21, 296, 1), "f16"),
        ("red_lanes", "sum", "row", 8, 4, (37, 24, 1), "bf16"),
        ("red_block", "max", "row", 256, 1, (6, 1500, 1), "f32"),
        ("red_columns", "mean", "column", 8, 8, (3, 49, 136), "f16"),
        ("red_odd", "min", "column", 32, 1, (2, 5, 33), "bf16"),
        ("red_sum", "sum", "column", 16, 4, (1, 40, 12), "f32"),
    ):
        x = random((outer, reduce, inner), dtype)
        y = functions[kind](wide(x), 1)
        operands = [random((outer, inner)), random((inner,)) if inner > 1 else random((1,))]
        parameters = {"outer": outer, "reduce": reduce, "inner": inner, "columns": inner}
        template = {"kind": kind, "algorithm": algorithm, "lanes": lanes, "vector": vector}
        yield Case(name, "reduce", template, [x], y, parameters, operands, dtype)
    x = random((5, 9, 6), "i64")
    template = {"kind": "max", "algorithm": "column", "lanes": 32, "vector": 2}
    yield Case(
        "red_i64", "reduce", template, [x], x.max(1), {"outer": 5, "reduce": 9, "inner": 6, "columns": 6}, output="i64"
    )


def softmax_cases() -> Iterator[Case]:
    for name, algorithm, lanes, elements, vector, (outer, axis, inner), dtype in (
        ("sm_warp", "row", 32, 16, 8, (19, 200, 1), "f16"),
        ("sm_lanes", "row", 4, 2, 2, (45, 6, 1), "f32"),
        ("sm_odd", "row", 32, 4, 1, (3, 101, 1), "f32"),
        ("sm_block", "row", 128, 8, 4, (3, 772, 1), "bf16"),
        ("sm_long", "row", 256, 0, 4, (2, 5000, 1), "f16"),
        ("sm_columns", "column", 0, 0, 2, (3, 7, 10), "f32"),
    ):
        x = random((outer, axis, inner), dtype)
        exponentials = np.exp(wide(x) - wide(x).max(1, keepdims=True))
        y = exponentials / exponentials.sum(1, keepdims=True)
        y = y[..., 0] if inner == 1 else y
        template = {"algorithm": algorithm, "lanes": lanes, "elements": elements, "vector": vector}
        parameters = {"outer": outer, "axis": axis, "inner": inner, "columns": y.shape[-1]}
        yield Case(name, "softmax", template, [x], y, parameters, [random(y.shape)], dtype)


def layer_norm_cases() -> Iterator[Case]:
    for name, lanes, elements, vector, (outer, axis), dtype in (
        ("ln_warp", 32, 32, 8, (11, 768), "f16"),
        ("ln_lanes", 16, 8, 8, (21, 104), "f16"),
        ("ln_block", 128, 16, 4, (3, 2036), "f32"),
        ("ln_long", 256, 0, 1, (2, 5001), "bf16"),
    ):
        x = random((outer, axis), dtype)
        mean = wide(x).mean(1, keepdims=True)
        y = (wide(x) - mean) / np.sqrt(wide(x).var(1, keepdims=True) + np.float32(1e-5))
        template = {"lanes": lanes, "elements": elements, "vector": vector}
        parameters = {"outer": outer, "axis": axis, "columns": axis, "epsilon": float_bits(1e-5)}
        yield Case(name, "layer_norm", template, [x], y, parameters, [random((axis,)), random((axis,), "f32")], dtype)
