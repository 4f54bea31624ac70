"""Attention."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from boltir.interpreters.arrays import Array


def attention(
    operands: Sequence[Array], offsets: Sequence[int], mask: Array | None, *, heads: int, head_dim: int, scale: float
) -> Array:
    """softmax(scale * q @ k^T + mask) @ v for every head -> [B, Sq, heads * head_dim].

    Args:
        operands: q, k and v, [B, S, *].
        offsets: the column from which on an operand's heads lie side by side.
        mask: broadcasts to [B, heads, Sq, Sk].

    A query whose scores are all -inf gives zeros.
    """
    q, k, v = (_by_head(x, offset, heads, head_dim) for x, offset in zip(operands, offsets, strict=True))
    scores = np.float32(scale) * (q @ k.swapaxes(2, 3))
    if mask is not None:
        scores = scores + mask
    peak = scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores - np.where(peak == -np.inf, np.float32(0), peak))
    total = weights.sum(axis=-1, keepdims=True)
    result = (weights / np.where(total == 0, np.float32(1), total)) @ v
    return np.asarray(result.swapaxes(1, 2)).reshape(q.shape[0], q.shape[2], heads * head_dim)


def _by_head(x: Array, offset: int, heads: int, head_dim: int) -> Array:
    """[B, S, *] -> [B, heads, S, head_dim]: the columns from `offset` on."""
    batch, sequence, _ = x.shape
    columns = x[..., offset : offset + heads * head_dim]
    return columns.reshape(batch, sequence, heads, head_dim).swapaxes(1, 2)
