"""Pooling over windows of images [N, H, W, C]."""

from __future__ import annotations

import numpy as np

from boltir.interpreters.arrays import Array
from boltir.interpreters.reference.convolution import Pair, Window


def max_pool2d(x: Array, window: Window) -> Array:
    """The largest value in each window, [N, P, Q, C]; NaN if the window holds one."""
    padded = window.pad(x, -np.inf)
    first, *others = window.taps
    result = window.tap(padded, first).copy()
    for tap in others:
        np.maximum(result, window.tap(padded, tap), out=result)
    return result


def average_pool2d(x: Array, window: Window, counted_padding: Pair | None = None) -> Array:
    """The mean of each window, [N, P, Q, C], over the elements inside the image.

    With `counted_padding`, the (bottom, right) padding, positions in the padding count too: those around the
    image, but not those that hang over the end of the padding.
    """
    padded = window.pad(x)
    n, h, w, _ = x.shape
    inside = np.zeros((1, *padded.shape[1:3], 1), dtype=x.dtype)
    top, left = window.padding
    if counted_padding is None:
        inside[:, top : top + h, left : left + w] = 1
    else:
        inside[:, : top + h + counted_padding[0], : left + w + counted_padding[1]] = 1
    total = np.zeros((n, *window.extents, x.shape[3]), dtype=x.dtype)
    count = np.zeros((1, *window.extents, 1), dtype=x.dtype)
    for tap in window.taps:
        total += window.tap(padded, tap)
        count += window.tap(inside, tap)
    return total / count
