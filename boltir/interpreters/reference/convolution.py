"""Convolutions as sums over the filter: what the windows see at one tap is a strided slice of the image."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from boltir.interpreters.arrays import Array

Pair = tuple[int, int]


class Window(NamedTuple):
    """A filter or pooling window, `size` taps, sliding to `extents` positions; all (vertical, horizontal).

    `padding` is what lies above and to the left of the image. What the last windows see below and to the
    right of it follows from the extents.
    """

    size: Pair
    extents: Pair
    strides: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilations: Pair = (1, 1)

    @property
    def taps(self) -> list[Pair]:
        return [(i, j) for i in range(self.size[0]) for j in range(self.size[1])]

    def pad(self, x: Array, value: float = 0.0) -> Array:
        """x [N, H, W, C] surrounded by `value`, so that all windows lie inside."""
        n, h, w, c = x.shape
        top, left = self.padding
        rows, columns = (
            max(begin + extent, stride * (positions - 1) + dilation * (taps - 1) + 1)
            for extent, begin, stride, positions, dilation, taps in zip(
                (h, w), self.padding, self.strides, self.extents, self.dilations, self.size, strict=True
            )
        )
        if (rows, columns) == (h, w):
            return x
        result = np.full((n, rows, columns, c), value, dtype=x.dtype)
        result[:, top : top + h, left : left + w] = x
        return result

    def tap(self, padded: Array, tap: Pair) -> Array:
        """What every window sees at one tap: a view [N, P, Q, C] of a padded image."""
        rows, columns = (
            slice(index * dilation, index * dilation + stride * (positions - 1) + 1, stride)
            for index, dilation, stride, positions in zip(tap, self.dilations, self.strides, self.extents, strict=True)
        )
        return padded[:, rows, columns]


def window_of(
    size: Sequence[int],
    extents: Sequence[int],
    strides: Sequence[int],
    padding: Sequence[int],
    dilations: Sequence[int],
) -> Window:
    """A window from lists of two integers, as properties hold them."""
    return Window(*((pair[0], pair[1]) for pair in (size, extents, strides, padding, dilations)))


def conv2d(x: Array, weight: Array, window: Window, groups: int = 1) -> Array:
    """Cross-correlation of x [N, H, W, C] with weight [K, R, S, C/groups], giving [N, P, Q, K]."""
    padded = window.pad(x)
    result = _dense_conv2d(padded, weight, window) if groups == 1 else _grouped_conv2d(padded, weight, window, groups)
    return result.reshape(x.shape[0], *window.extents, weight.shape[0])


def _dense_conv2d(padded: Array, weight: Array, window: Window) -> Array:
    """One matrix product per filter row, [N*P*Q, S*C] times [S*C, K]: enough columns for BLAS, little memory."""
    k, r, s, c = weight.shape
    result = np.zeros((padded.shape[0] * prod(window.extents), k), dtype=padded.dtype)
    for i in range(r):
        row = np.stack([window.tap(padded, (i, j)) for j in range(s)], axis=3)
        result += row.reshape(-1, s * c) @ weight[:, i].reshape(k, s * c).T
    return result


def _grouped_conv2d(padded: Array, weight: Array, window: Window, groups: int) -> Array:
    k, r, s, c_group = weight.shape
    matrices = np.ascontiguousarray(weight.reshape(groups, k // groups, r, s, c_group).transpose(2, 3, 0, 4, 1))
    result = np.zeros((padded.shape[0], *window.extents, groups, k // groups), dtype=padded.dtype)
    for tap in window.taps:
        slab = window.tap(padded, tap)
        result += _grouped_product(slab.reshape(*slab.shape[:3], groups, c_group), matrices[tap])
    return result


def depthwise_conv2d(x: Array, weight: Array, window: Window) -> Array:
    """Each channel of x [N, H, W, C] with its own filter of weight [R, S, C], giving [N, P, Q, C]."""
    return conv2d(x, weight.transpose(2, 0, 1)[..., None], window, groups=x.shape[3])


def conv_transpose2d(x: Array, weight: Array, window: Window, groups: int = 1) -> Array:
    """Transposed convolution of x [N, H, W, C] with weight [C, R, S, K/groups], giving [N, P, Q, K].

    Every input pixel is spread over the result through the filter, of which `window.padding` rows above and
    columns to the left are cut off.
    """
    n, h, w, c = x.shape
    _, r, s, k_group = weight.shape
    (top, left), (p, q) = window.padding, window.extents
    spread = window._replace(extents=(h, w))
    canvas = np.zeros((n, top + p, left + q, groups * k_group), dtype=x.dtype)
    canvas = spread._replace(padding=(0, 0)).pad(canvas)
    grouped = x.reshape(n, h, w, groups, c // groups)
    matrices = weight.reshape(groups, c // groups, r, s, k_group).transpose(2, 3, 0, 1, 4)
    for tap in window.taps:
        product = _grouped_product(grouped, matrices[tap])
        spread.tap(canvas, tap)[...] += product.reshape(n, h, w, groups * k_group)
    return canvas[:, top : top + p, left : left + q]


def _grouped_product(slab: Array, matrices: Array) -> Array:
    """[N, P, Q, groups, C/groups] times [groups, C/groups, K/groups], giving [N, P, Q, groups, K/groups]."""
    groups, c_group, k_group = matrices.shape
    if groups == 1:
        return (slab.reshape(-1, c_group) @ matrices[0]).reshape(*slab.shape[:4], k_group)
    if c_group == 1:  # depthwise
        return slab * matrices[:, 0]
    rows = slab.reshape(-1, groups, c_group).transpose(1, 0, 2)
    return (rows @ matrices).transpose(1, 0, 2).reshape(*slab.shape[:4], k_group)
