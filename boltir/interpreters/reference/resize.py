"""Resampling by the formulae of ONNX' Resize (opset 19), one dimension after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from boltir.interpreters.arrays import Array


def resize(x: Array, sizes: Sequence[int], mode: str, coordinate_transform: str, nearest_mode: str) -> Array:
    """x resampled to `sizes`, `mode` nearest or linear; the scale is the ratio of the extents.

    Linear interpolation is separable: the order of the dimensions does not matter.
    """
    for axis, size in enumerate(sizes):
        extent = x.shape[axis]
        if size == extent:
            continue
        positions = source_coordinates(extent, size, coordinate_transform)
        if mode == "nearest":
            x = np.take(x, np.clip(round_coordinates(positions, nearest_mode), 0, extent - 1), axis=axis)
        else:
            x = _interpolate(x, positions, axis)
    return x


def source_coordinates(extent: int, size: int, transform: str) -> Array:
    """Where each of `size` output positions lies among `extent` input positions, in f64.

    Multiplies before it divides, so that ties between two inputs come out exact.
    """
    positions = np.arange(size, dtype=np.float64)
    match transform:
        case "pytorch_half_pixel" if size == 1:
            return np.zeros(1)
        case "half_pixel" | "pytorch_half_pixel":
            return (positions + 0.5) * extent / size - 0.5
        case "asymmetric":
            return positions * extent / size
        case "align_corners":
            return positions * (extent - 1) / max(size - 1, 1)
        case _:
            raise ValueError(f"no coordinate transform is called {transform}")


def round_coordinates(positions: Array, nearest_mode: str) -> Array:
    """Fractional input coordinates as indices."""
    match nearest_mode:
        case "round_prefer_floor":
            rounded = np.ceil(positions - 0.5)
        case "round_prefer_ceil":
            rounded = np.floor(positions + 0.5)
        case "floor":
            rounded = np.floor(positions)
        case "ceil":
            rounded = np.ceil(positions)
        case _:
            raise ValueError(f"no nearest mode is called {nearest_mode}")
    return rounded.astype(np.int64)


def _interpolate(x: Array, positions: Array, axis: int) -> Array:
    """Linear interpolation along `axis`; beyond the ends the last element continues."""
    inside = np.clip(positions, 0, x.shape[axis] - 1)
    low = np.floor(inside).astype(np.int64)
    high = np.minimum(low + 1, x.shape[axis] - 1)
    shape = [1] * x.ndim
    shape[axis] = -1
    weight = (inside - low).astype(x.dtype).reshape(shape)
    return np.take(x, low, axis=axis) * (1 - weight) + np.take(x, high, axis=axis) * weight
