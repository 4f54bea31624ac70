"""About how long a matrix product or convolution takes: enough to tell whether several are better one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boltir.dialects.graph.linear import Conv2dOp, MatrixProductOp
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import static_shape
from boltir.passes.support.fusion_cost import LAUNCH_SECONDS, FusionCost
from boltir.target import Target

TILE = (128, 64)
"""Rows and columns of the result that a threadblock computes."""
LEAST_SHARE = 0.05
"""Of the time of products alone; what saves less is within the model's error."""


@dataclass(frozen=True)
class Saving:
    """Seconds of several products as one kernel that stores each part by itself, and of a kernel for each."""

    joined: float
    apart: float

    @property
    def pays(self) -> bool:
        return self.apart - self.joined >= LEAST_SHARE * self.apart

    def __str__(self) -> str:
        return f"about {1e6 * self.joined:.1f} us together, {1e6 * self.apart:.1f} us apart"


@dataclass(frozen=True)
class ProductTime:
    """The model for one GPU and elements of so many bytes."""

    target: Target
    element_bytes: int

    def saving(self, product: MatrixProductOp | Conv2dOp, columns: Sequence[int]) -> Saving:
        """What joining saves of products that are like `product`, each with its number of columns.

        Parts are stored from registers, as auxiliary outputs are.
        """
        joined = self.seconds(product, sum(columns), store_factor=FusionCost(self.target).epilogue.store_factor)
        return Saving(joined, sum(self.seconds(product, count) for count in columns))

    def seconds(self, product: MatrixProductOp | Conv2dOp, columns: int, store_factor: float = 1) -> float:
        """The time of `product` with so many columns: whole waves of tiles, or its bytes, whichever takes longer."""
        shape, multiprocessors = static_shape(product.result), self.target.multiprocessors
        rows, depth = element_count(shape[:-1]), element_count(static_shape(product.operands[1])) // shape[-1]
        tiles = -(-rows // TILE[0]) * -(-columns // TILE[1])
        waves = -(-tiles // multiprocessors)
        # Tensor cores take half as many operands of twice the bytes.
        operations = waves * multiprocessors * TILE[0] * TILE[1] * depth * self.element_bytes
        elements = element_count(static_shape(product.operands[0])) + (depth + store_factor * rows) * columns
        memory = self.element_bytes * elements / self.target.memory_bandwidth
        return LAUNCH_SECONDS + max(operations / self.target.tensor_flops, memory)
