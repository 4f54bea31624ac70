"""Reductions, normalisations and softmax."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from boltir.interpreters.arrays import Array


def reduce(kind: str, x: Array, axes: Sequence[int], *, keepdims: bool = True) -> Array:
    """The `kind` (sum, mean, max or min) of x over `axes`, in x's own dtype; a mean of integers truncates."""
    axis = tuple(axes)
    match kind:
        case "sum":
            return np.asarray(np.sum(x, axis=axis, keepdims=keepdims, dtype=x.dtype))
        case "mean":
            return np.asarray(np.mean(x, axis=axis, keepdims=keepdims)).astype(x.dtype)
        case "max":
            return np.asarray(np.max(x, axis=axis, keepdims=keepdims))
        case "min":
            return np.asarray(np.min(x, axis=axis, keepdims=keepdims))
        case _:
            raise ValueError(f"no reduction is called {kind}")


def softmax(x: Array, axis: int) -> Array:
    """exp(x - max) / sum(exp(x - max)) along one axis."""
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return np.asarray(powers / np.sum(powers, axis=axis, keepdims=True))


def standardize(x: Array, axis: int, epsilon: float) -> Array:
    """(x - mean) / sqrt(variance + epsilon) over the dimensions from `axis` on: layer norm without scale and bias."""
    axes = tuple(range(axis % x.ndim, x.ndim))
    centred = x - np.mean(x, axis=axes, keepdims=True)
    variance = np.mean(centred * centred, axis=axes, keepdims=True)
    return np.asarray(centred / np.sqrt(variance + epsilon))


def batch_norm(
    x: Array, scale: Array, bias: Array, mean: Array, variance: Array, *, epsilon: float, axis: int
) -> Array:
    """(x - mean) / sqrt(variance + epsilon) * scale + bias, one value of each per position of `axis`."""
    factor = scale / np.sqrt(variance + epsilon)
    return along_axis(factor, axis, x.ndim) * (x - along_axis(mean, axis, x.ndim)) + along_axis(bias, axis, x.ndim)


def along_axis(vector: Array, axis: int, rank: int) -> Array:
    """`vector` shaped to broadcast along dimension `axis` of a tensor of `rank` dimensions."""
    shape = [1] * rank
    shape[axis] = -1
    return vector.reshape(shape)
