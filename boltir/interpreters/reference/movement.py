"""Operators that move elements and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from boltir.errors import BoltError
from boltir.interpreters.arrays import Array


def strided_slice(x: Array, offsets: Sequence[int], sizes: Sequence[int], strides: Sequence[int]) -> Array:
    """x[offsets + i * strides] for `sizes` positions per dimension; strides may be negative."""
    for axis, (offset, size, stride) in enumerate(zip(offsets, sizes, strides, strict=True)):
        x = np.take(x, offset + stride * np.arange(size), axis=axis)
    return x


def pad(x: Array, low: Sequence[int], high: Sequence[int], mode: str, value: float = 0.0) -> Array:
    """`low` elements before and `high` after each dimension: constant, reflect or edge. Negative counts crop."""
    whole = _extend(x, [(max(0, a), max(0, b)) for a, b in zip(low, high, strict=True)], mode, value)
    crop = (slice(max(0, -a), extent - max(0, -b)) for a, b, extent in zip(low, high, whole.shape, strict=True))
    return whole[tuple(crop)]


def _extend(x: Array, width: Sequence[tuple[int, int]], mode: str, value: float) -> Array:
    match mode:
        case "constant":
            return np.pad(x, width, mode="constant", constant_values=np.asarray(value).astype(x.dtype))
        case "reflect":
            return np.pad(x, width, mode="reflect")
        case "edge":
            return np.pad(x, width, mode="edge")
        case _:
            raise ValueError(f"no padding is called {mode}")


def unfold(
    x: Array,
    kernel: Sequence[int],
    strides: Sequence[int],
    before: Sequence[int],
    extents: Sequence[int],
    channels: int,
) -> Array:
    """The windows of `x` [N, H, W, C] as the channels of `extents` pixels; zeros around the image and after a window.

    `before` is the padding at the top and left.
    """
    n, height, width, c = x.shape
    low = (0, *before, 0)
    needed = [(count - 1) * stride + taps for count, stride, taps in zip(extents, strides, kernel, strict=True)]
    high = (0, needed[0] - height - before[0], needed[1] - width - before[1], 0)
    image = pad(x, low, high, "constant")
    windows = np.lib.stride_tricks.sliding_window_view(image, tuple(kernel), axis=(1, 2))
    picked = windows[:, :: strides[0], :: strides[1]].transpose(0, 1, 2, 4, 5, 3)
    result = np.zeros((n, *extents, channels), dtype=x.dtype)
    result[..., : kernel[0] * kernel[1] * c] = picked.reshape(n, *extents, -1)
    return result


def gather(data: Array, indices: Array, axis: int) -> Array:
    """Entries of `data` along `axis`; a negative index counts from the end.

    Raises:
        BoltError: an index is outside the axis.
    """
    extent = data.shape[axis]
    if indices.size and (indices.min() < -extent or indices.max() >= extent):
        wrong = indices[(indices < -extent) | (indices >= extent)].flat[0]
        raise BoltError(f"gather index {wrong} is outside an axis of {extent} elements")
    return np.take(data, indices, axis=axis)
