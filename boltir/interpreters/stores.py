"""What stores mean: the one definition that kernels to be and kernels share."""

from __future__ import annotations

import numpy as np

from boltir.dialects.fused.store import (
    Along,
    ColumnsAttr,
    Combiner,
    PaddedAttr,
    PermutedAttr,
    ReducedAttr,
    StoreAttr,
)
from boltir.interpreters.arrays import Array


def columns(values: Array, begin: int, size: int) -> Array:
    """The `size` columns of `values` from `begin` on."""
    return values[..., begin : begin + size]


def padded(values: Array, columns: int) -> Array:
    """`values` with zeros behind the last column, `columns` in all."""
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, columns - values.shape[-1])])


def reduced(values: Array, combiner: Combiner, along: Along, group: int) -> Array:
    """One value per `group` of columns, or of rows of all leading dimensions; the last group may be smaller."""
    by_rows = along is Along.ROWS
    table = values.reshape(-1, values.shape[-1]) if by_rows else values
    axis = 0 if by_rows else table.ndim - 1
    begins = np.arange(0, table.shape[axis], group)
    function = np.add if combiner is Combiner.SUM else np.maximum
    return function.reduceat(table, begins, axis=axis)


def stored_values(store: StoreAttr, values: Array) -> Array:
    """The output of `store`, of the values that the epilogue yields for a whole result."""
    match store:
        case ColumnsAttr():
            return columns(values, store.begin.data, store.size.data)
        case PermutedAttr():
            return values.reshape(store.view.get_values()).transpose(store.permutation.get_values())
        case PaddedAttr():
            return padded(values, store.columns.data)
        case ReducedAttr():
            return reduced(values, store.combiner.data, store.along.data, store.group.data)
        case _:
            return values
