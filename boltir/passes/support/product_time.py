"""About how long a matrix product or convolution takes: enough to tell whether several are better one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boltir.cost_model import LEAST_SAVING
from boltir.cost_model.usual import usual_seconds
from boltir.dialects.cutlass.conv2d import CONV2D_PARAMETERS
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS, Math
from boltir.dialects.graph.linear import Conv2dOp, MatrixProductOp
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import static_shape
from boltir.target import Target


@dataclass(frozen=True)
class Saving:
    """Seconds of several products as one kernel that stores each part by itself, and of a kernel for each."""

    joined: float
    apart: float

    @property
    def pays(self) -> bool:
        return self.apart - self.joined >= LEAST_SAVING * self.apart

    def __str__(self) -> str:
        return f"about {1e6 * self.joined:.1f} us together, {1e6 * self.apart:.1f} us apart"


@dataclass(frozen=True)
class ProductTime:
    """The model for one GPU, whose tensor cores multiply so."""

    target: Target
    math: Math

    def saving(self, product: MatrixProductOp | Conv2dOp, columns: Sequence[int]) -> Saving:
        """What joining saves of products that are like `product`, each with its number of columns."""
        apart = sum(self.seconds(product, (count,)) for count in columns)
        return Saving(self.seconds(product, columns), apart)

    def seconds(self, product: MatrixProductOp | Conv2dOp, columns: Sequence[int]) -> float:
        """The time of a product like `product` with results of so many columns each."""
        is_window = isinstance(product, Conv2dOp) and static_shape(product.filter)[1:3] != (1, 1)
        describe = _convolution_integers if is_window else _product_integers
        return usual_seconds(describe(product, sum(columns)), columns, self.math, self.target)


def _product_integers(product: MatrixProductOp | Conv2dOp, columns: int) -> dict[str, int]:
    """Those of one product of all rows, however many matrices there are."""
    shape = static_shape(product.result)
    rows, depth = element_count(shape[:-1]), element_count(static_shape(product.operands[1])) // shape[-1]
    sizes = (rows, columns, depth, 1, depth, depth, columns, rows * depth, depth * columns, rows * columns)
    return dict(zip(GEMM_PARAMETERS, sizes, strict=True))


def _convolution_integers(product: MatrixProductOp | Conv2dOp, columns: int) -> dict[str, int]:
    """Those of a channels-last convolution; what only decides whether it can be launched is left out."""
    n, h, w, c = static_shape(product.operands[0])
    _, r, s, _ = static_shape(product.operands[1])
    _, p, q, _ = static_shape(product.result)
    return dict(zip(CONV2D_PARAMETERS[:9], (n, h, w, c, columns, r, s, p, q), strict=True))
