"""Convolutions and matrix products."""

from collections.abc import Iterator

import numpy as np
from simt_case import Array, Case, Shape, random, wide


def convolve(x: Array, filters: Array, strides: Shape, padding: Shape, dilations: Shape, groups: int) -> Array:
    """NHWC cross-correlation with filters [K, R, S, C/groups], in f32."""
    top, left, bottom, right = padding
    x = np.pad(wide(x), ((0, 0), (top, bottom), (left, right), (0, 0)))
    k, r_extent, s_extent, c = filters.shape
    p = (x.shape[1] - (r_extent - 1) * dilations[0] - 1) // strides[0] + 1
    q = (x.shape[2] - (s_extent - 1) * dilations[1] - 1) // strides[1] + 1
    y = np.zeros((x.shape[0], p, q, k), np.float32)
    for r in range(r_extent):
        for s in range(s_extent):
            rows = slice(r * dilations[0], r * dilations[0] + (p - 1) * strides[0] + 1, strides[0])
            columns = slice(s * dilations[1], s * dilations[1] + (q - 1) * strides[1] + 1, strides[1])
            pixels = x[:, rows, columns].reshape(*y.shape[:3], groups, c)
            weights = wide(filters[:, r, s]).reshape(groups, k // groups, c)
            y += np.einsum("npqgc,gkc->npqgk", pixels, weights).reshape(y.shape)
    return y


def convolve_transposed(x: Array, filters: Array, strides: Shape, padding: Shape, groups: int) -> Array:
    """NHWC transposed convolution with filters [C, R, S, K/groups], in f32."""
    n, h, w, channels = x.shape
    _, r_extent, s_extent, k = filters.shape
    c = channels // groups
    full = np.zeros((n, (h - 1) * strides[0] + r_extent, (w - 1) * strides[1] + s_extent, groups, k), np.float32)
    for r in range(r_extent):
        for s in range(s_extent):
            weights = wide(filters[:, r, s]).reshape(groups, c, k)
            product = np.einsum("nhwgc,gck->nhwgk", wide(x).reshape(n, h, w, groups, c), weights)
            rows = slice(r, r + (h - 1) * strides[0] + 1, strides[0])
            columns = slice(s, s + (w - 1) * strides[1] + 1, strides[1])
            full[:, rows, columns] += product
    top, left, bottom, right = padding
    full = full[:, top : full.shape[1] - bottom, left : full.shape[2] - right]
    return full.reshape(*full.shape[:3], groups * k)


def depthwise_cases() -> Iterator[Case]:
    for name, kernel, strides, dilations, padding, vector, outputs, dtype, c in (
        ("dw_3x3", (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 8, 4, "f16", 16),
        ("dw_5x5_s2", (5, 5), (2, 2), (1, 1), (2, 1, 2, 2), 4, 2, "f32", 12),
        ("dw_odd", (3, 5), (2, 1), (2, 3), (0, 6, 3, 6), 1, 1, "bf16", 5),
    ):
        x, filters = random((2, 11, 13, c), dtype), random((*kernel, c), dtype)
        full = filters.transpose(2, 0, 1)[..., None]
        y = convolve(x, full, strides, padding, dilations, c)
        template = {
            "kernel_shape": kernel,
            "strides": strides,
            "dilations": dilations,
            "vector": vector,
            "outputs": outputs,
        }
        sizes = {
            "n": 2,
            "h": 11,
            "w": 13,
            "c": c,
            "p": y.shape[1],
            "q": y.shape[2],
            "pad_top": padding[0],
            "pad_left": padding[1],
        }
        operands = [random((c,)), random(y.shape), random((2, 1, 1, c), "f32")]
        yield Case(name, "depthwise_conv2d", template, [x, filters], y, sizes, operands, dtype)


def convolution_parameters(
    x: Array, y: Array, groups: int, kernel: Shape, strides: Shape, dilations: Shape, padding: Shape
) -> dict[str, int]:
    n, h, w, c = x.shape
    numbers = {"n": n, "h": h, "w": w, "c": c // groups, "groups": groups, "k": y.shape[3] // groups}
    numbers |= {"kernel_h": kernel[0], "kernel_w": kernel[1], "stride_h": strides[0], "stride_w": strides[1]}
    numbers |= {"dilation_h": dilations[0], "dilation_w": dilations[1], "pad_top": padding[0], "pad_left": padding[1]}
    return numbers | {"p": y.shape[1], "q": y.shape[2]}


def direct_conv_cases() -> Iterator[Case]:
    for name, groups, c, k, tile, vector, output_vector, strides, dilations, padding, dtype in (
        ("dc_rgb", 1, 3, 16, (64, 16), 1, 4, (2, 2), (1, 1), (1, 1, 1, 1), "f16"),
        ("dc_grouped", 4, 8, 6, (128, 8), 8, 2, (1, 1), (2, 1), (2, 1, 2, 1), "f16"),
        ("dc_f32", 1, 12, 70, (64, 64), 4, 2, (1, 2), (1, 1), (0, 1, 1, 1), "f32"),
        ("dc_small", 3, 5, 7, (32, 32), 1, 1, (1, 1), (1, 1), (1, 1, 1, 1), "bf16"),
    ):
        x, filters = random((2, 9, 14, groups * c), dtype), random((groups * k, 3, 3, c), dtype)
        y = convolve(x, filters, strides, padding, dilations, groups)
        template = {"transposed": False, "tile": tile, "vector": vector, "output_vector": output_vector}
        parameters = convolution_parameters(x, y, groups, (3, 3), strides, dilations, padding)
        yield Case(
            name,
            "direct_conv2d",
            template,
            [x, filters],
            y,
            parameters,
            [random((groups * k,)), random(y.shape)],
            dtype,
        )
    for name, groups, c, k, strides, padding, vector, dtype in (
        ("dct_s2", 1, 16, 24, (2, 2), (1, 1, 1, 0), 8, "f16"),
        ("dct_grouped", 2, 5, 3, (1, 3), (0, 2, 1, 1), 1, "f32"),
    ):
        x, filters = random((2, 6, 5, groups * c), dtype), random((groups * c, 3, 4, k), dtype)
        y = convolve_transposed(x, filters, strides, padding, groups)
        template = {"transposed": True, "tile": (64, 32), "vector": vector, "output_vector": 1 if k % 4 else 4}
        parameters = convolution_parameters(x, y, groups, (3, 4), strides, (1, 1), padding)
        yield Case(name, "direct_conv2d", template, [x, filters], y, parameters, [random((groups * k,))], dtype)


def gemm_cases() -> Iterator[Case]:
    tiled = {"algorithm": "tiled", "rows": 0, "lanes": 0}
    dot = {"algorithm": "dot", "tile": (0, 0), "output_vector": 1, "lanes": 32}
    column = {"algorithm": "column", "tile": (0, 0), "output_vector": 1}
    for name, shape, transposes, dtype, template in (
        (
            "sg_tiled",
            (3, 70, 36, 44),
            (False, False),
            "f32",
            tiled | {"tile": (64, 64), "vector": 4, "output_vector": 4},
        ),
        (
            "sg_tiled_large",
            (1, 130, 140, 48),
            (False, False),
            "f32",
            tiled | {"tile": (128, 128), "vector": 4, "output_vector": 4},
        ),
        (
            "sg_tiled_odd",
            (1, 33, 45, 19),
            (False, True),
            "f16",
            tiled | {"tile": (32, 32), "vector": 1, "output_vector": 1},
        ),
        (
            "sg_tiled_ta",
            (2, 72, 40, 24),
            (True, True),
            "f16",
            tiled | {"tile": (64, 32), "vector": 8, "output_vector": 4},
        ),
        ("sg_dot", (2, 3, 21, 520), (False, True), "f16", dot | {"rows": 2, "vector": 8}),
        ("sg_dot_odd", (1, 1, 5, 77), (False, True), "f32", dot | {"rows": 1, "vector": 1}),
        ("sg_dot_block", (1, 3, 21, 2600), (False, True), "f16", dot | {"rows": 3, "lanes": 128, "vector": 8}),
        ("sg_dot_warps", (2, 1, 7, 300), (False, True), "f32", dot | {"rows": 1, "lanes": 64, "vector": 4}),
        ("sg_column_narrow", (1, 4, 40, 700), (False, False), "f16", column | {"rows": 4, "lanes": 2, "vector": 8}),
        ("sg_column", (1, 3, 72, 65), (False, False), "f16", column | {"rows": 2, "lanes": 8, "vector": 8}),
        ("sg_column_odd", (2, 1, 37, 40), (False, False), "bf16", column | {"rows": 1, "lanes": 32, "vector": 1}),
    ):
        batch, m, n, k = shape
        transpose_a, transpose_b = transposes
        a = random((batch, k, m) if transpose_a else (batch, m, k), dtype)
        b = random((1, n, k) if transpose_b else (1, k, n), dtype)
        left = wide(a).swapaxes(1, 2) if transpose_a else wide(a)
        right = wide(b).swapaxes(1, 2) if transpose_b else wide(b)
        template |= {"transpose_a": transpose_a, "transpose_b": transpose_b}
        parameters = {"batch": batch, "m": m, "n": n, "k": k, "a_batch_stride": m * k, "b_batch_stride": 0}
        operands = [random((n,)), random((batch, m, 1), "f32"), random((batch, 1, n))]
        yield Case(name, "simt_gemm", template, [a, b], left @ right, parameters, operands, dtype)
