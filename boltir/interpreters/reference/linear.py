"""Matrix products."""

from __future__ import annotations

import numpy as np

from boltir.interpreters.arrays import Array


def matmul(a: Array, b: Array, *, transpose_a: bool = False, transpose_b: bool = False) -> Array:
    """[..., M, K] @ [..., K, N]; a transposed operand has its last two dimensions exchanged."""
    left = np.swapaxes(a, -1, -2) if transpose_a else a
    right = np.swapaxes(b, -1, -2) if transpose_b else b
    return np.asarray(left @ right)


def alternating(x: Array, group: int) -> tuple[Array, Array]:
    """The two tensors that alternate in groups of so many columns of `x`."""
    groups = x.reshape(*x.shape[:-1], -1, 2, group)
    halves = (groups[..., i, :].reshape(*x.shape[:-1], -1) for i in range(2))
    first, second = halves
    return first, second
