"""What every template of a persistent kernel shares: dependent matrix products, the intermediates on chip.

Product i multiplies what the epilogue of product i - 1 yields, rounded to the type of the inputs, with B_i
[columns_i, columns_i-1]. The first multiplies A, or the windows of an image. Inputs are A, B_0, B_1, ...
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type

from boltir.dialects.cutlass.conv2d import CONV2D_PARAMETERS
from boltir.dialects.cutlass.matrix import Math, MathAttr, check_epilogue, require
from boltir.dialects.cutlass.template import IntsAttr, KernelSignature, TemplateAttr
from boltir.dialects.fused.broadcast import Broadcast
from boltir.dialects.fused.chain import Residence
from boltir.target import Target

PRODUCTS = range(2, 9)
"""How many products one kernel computes."""
VECTOR = 8
"""16-bit elements in the 16 bytes that rows of every matrix are multiples of."""


# Only a dataclass's fields take part in the equality of its subclasses.
@dataclass(frozen=True, init=False)
class ChainAttr(TemplateAttr, ABC):
    """Rules of all kernels of dependent products."""

    math: MathAttr

    @property
    @abstractmethod
    def products(self) -> int:
        """How many products the kernel computes."""

    @property
    @abstractmethod
    def intermediates(self) -> Residence:
        """Where the intermediates are."""

    @abstractmethod
    def rows(self, integers: Mapping[str, int]) -> int:
        """Rows of every product."""

    @abstractmethod
    def depth(self, integers: Mapping[str, int]) -> int:
        """What the first product sums over."""

    @abstractmethod
    def columns(self, integers: Mapping[str, int]) -> tuple[int, ...]:
        """Columns of each product."""

    def result_extents(self, integers: Mapping[str, int]) -> tuple[int, int, int]:
        return 1, self.rows(integers), self.columns(integers)[-1]

    def flops(self, integers: Mapping[str, int]) -> int:
        extents = (self.depth(integers), *self.columns(integers))
        return 2 * self.rows(integers) * sum(k * n for k, n in pairwise(extents))

    def check_products(self) -> None:
        """A kernel computes so many products.

        Raises:
            VerifyException: it does not.
        """
        require(self.products in PRODUCTS, f"a chain has 2 to {PRODUCTS[-1]} products, got {self.products}")

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        math, products = self.math.data, self.products
        require(math is not Math.TF32, "a chain multiplies f16 and bf16: its intermediates are rounded to 16 bits")
        math.check_target(target)
        inputs = ", ".join(map(str, signature.inputs))
        require(
            len(signature.inputs) == products + 1 and set(signature.inputs) == {math.operand},
            f"{products} products take {products + 1} inputs of {math.operand}, got ({inputs})",
        )
        require(len(signature.outputs) == 1, f"a chain stores one output, got {len(signature.outputs)}")
        check_epilogue(signature)
        for stage in signature.stages:
            for kind in (Broadcast.FULL, Broadcast.GENERAL):
                require(
                    kind not in stage.broadcasts, f"{kind.value} operands are for the last epilogue of a chain only"
                )
        require(Broadcast.GENERAL not in signature.broadcasts, "a chain's epilogues have no general operands")
        for element in (*signature.all_epilogue_operands, *signature.outputs):
            require(
                isinstance(element, Float16Type | BFloat16Type | Float32Type),
                f"a chain's epilogues read and store f16, bf16 and f32, not {element}",
            )

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
        require(self.rows(integers) > 0, "the chain has no rows")


def column_parameters(products: int) -> tuple[str, ...]:
    """The launch integers that say how many columns the products after the first have: n1, n2, ..."""
    return tuple(f"n{i}" for i in range(1, products))


class ChainGemmParameters(ChainAttr, ABC):
    """The launch of products of A [m, k0]: row-major A and D, all matrices dense."""

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        return ("m", "n0", "k0", *column_parameters(self.products))

    def rows(self, integers: Mapping[str, int]) -> int:
        return integers["m"]

    def depth(self, integers: Mapping[str, int]) -> int:
        return integers["k0"]

    def columns(self, integers: Mapping[str, int]) -> tuple[int, ...]:
        return tuple(integers[f"n{i}"] for i in range(self.products))


@dataclass(frozen=True, init=False)
class ChainGemmOfExtents(ChainGemmParameters, ABC):
    """A kernel of products that is compiled for all sizes but the rows, with the intermediates in registers.

    Attributes:
        extents: what the first product sums over, then the columns of each.
    """

    extents: IntsAttr

    @property
    def products(self) -> int:
        return len(self.extents.data) - 1

    @property
    def intermediates(self) -> Residence:
        return Residence.RF

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
        given = (self.depth(integers), *self.columns(integers))
        require(
            given == self.extents.data,
            f"the kernel is compiled for extents {list(self.extents.data)}, the launch has {list(given)}",
        )


class ChainConv2dParameters(ChainAttr, ABC):
    """The launch of a convolution of X [n, h, w, c] with a filter [k, r, s, c] and of products behind it.

    Those are convolutions with windows of one pixel, moved by one pixel: filters [n1, k], [n2, n1], ...
    """

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        return (*CONV2D_PARAMETERS, *column_parameters(self.products))

    def rows(self, integers: Mapping[str, int]) -> int:
        return prod(integers[name] for name in ("n", "p", "q"))

    def depth(self, integers: Mapping[str, int]) -> int:
        return prod(integers[name] for name in ("r", "s", "c"))

    def columns(self, integers: Mapping[str, int]) -> tuple[int, ...]:
        return (integers["k"], *(integers[name] for name in column_parameters(self.products)))
