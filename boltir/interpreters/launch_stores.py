"""How a launch writes its outputs: the meaning of stores, on buffers and integers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from boltir.dialects.cutlass.store import Store, StoreKind
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.fused.store import Along
from boltir.interpreters.arrays import Array, convert
from boltir.interpreters.launch import Launch, Shape
from boltir.interpreters.memory import poison, strided_view
from boltir.interpreters.stores import columns, padded, reduced


def poison_output(launch: Launch, index: int, buffer: Array, extents: Shape) -> None:
    """Forget what an output of a result of `extents` (batch, rows, columns) holds; of a pitched one the part of it."""
    if launch.stores[index].kind is StoreKind.PITCHED:
        poison(_pitched(launch, index, buffer, extents))
    else:
        poison(buffer)


def write_output(
    launch: Launch, index: int, values: Array, buffer: Array, strides: Shape | None, template: TemplateAttr
) -> None:
    """Store `values`, one per element of the result, in `buffer`.

    Args:
        strides: those of the result where the store is of elements; None if it is dense.
        template: the kernel's, of whose tiles a reduced store makes one value each.

    Raises:
        BoltError: the kernel would write outside the buffer.
    """
    view, stored = _destination(launch, index, values, buffer, strides, template)
    view[...] = convert(stored, buffer.dtype)


def _destination(
    launch: Launch, index: int, values: Array, buffer: Array, strides: Shape | None, template: TemplateAttr
) -> tuple[Array, Array]:
    """The elements of `buffer` to write, and what to write there."""
    role, store = f"cutlass.launch @{launch.kernel}, output {index}", launch.stores[index]

    def given(*names: str) -> Shape:
        return launch.values(*(f"r{index}_{name}" for name in names))

    match store.kind:
        case StoreKind.ELEMENTS:
            return strided_view(buffer, values.shape, strides, role=role), values
        case StoreKind.PITCHED:
            return _pitched(launch, index, buffer, values.shape), values
        case StoreKind.PERMUTED:
            sizes, own = launch.series(f"r{index}_size"), launch.series(f"r{index}_stride")
            return strided_view(buffer, sizes, own, role=role), values.reshape(sizes)
        case StoreKind.COLUMNS:
            stored = columns(values, *given("begin", "columns"))
        case StoreKind.PADDED:
            stored = padded(values, *given("columns"))
        case StoreKind.REDUCED:
            stored = _reduced_tiles(store, values, template)
    return strided_view(buffer, stored.shape, role=role), stored


def _pitched(launch: Launch, index: int, buffer: Array, extents: Sequence[int]) -> Array:
    begin, pitch, batch_stride = launch.values(*(f"r{index}_{name}" for name in ("begin", "pitch", "batch_stride")))
    role = f"cutlass.launch @{launch.kernel}, output {index}"
    return strided_view(buffer, extents, (batch_stride, pitch, 1), begin, role=role)


def _reduced_tiles(store: Store, values: Array, template: TemplateAttr) -> Array:
    """One value per tile of each matrix of the batch."""
    if store.combiner is None or store.along is None:
        raise ValueError(f"{store.text} reduces nothing")
    rows, width = template.result_tile
    group = width if store.along is Along.COLUMNS else rows
    return np.stack([reduced(matrix, store.combiner, store.along, group) for matrix in values])
