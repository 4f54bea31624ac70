"""Convolutions and matrix products on the ordinary cores, for what tensor cores cannot or need not do."""

from collections.abc import Mapping
from math import prod

from xdsl.dialects.builtin import IntAttr
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.cutlass.matrix import gemm_flops, require
from boltir.dialects.cutlass.simt import (
    SimtAttr,
    WindowAttr,
    check_float_inputs,
    check_input_count,
    check_positive,
    check_shared_memory,
    check_vector,
)
from boltir.dialects.cutlass.template import FlagAttr, IntsAttr, KernelSignature
from boltir.target import Target

WINDOW_PARAMETERS = (
    "kernel_h", "kernel_w", "stride_h", "stride_w", "dilation_h", "dilation_w", "pad_top", "pad_left",
)  # fmt: skip

TILE_THREADS = 256
TILE_K = 16
COLUMNS_PER_THREAD = 4


def check_tile(tile: tuple[int, ...], vector: int, output_vector: int) -> None:
    """The rules of templates/simt/tile.cuh.jinja."""
    check_positive("tile", tile, 2)
    m, n = tile
    lanes = n // COLUMNS_PER_THREAD
    require(n % COLUMNS_PER_THREAD == 0 and TILE_THREADS % max(lanes, 1) == 0, f"tile N cannot be {n}")
    rows, rest = divmod(m * lanes, TILE_THREADS)
    require(rows > 0 and rest == 0, f"tile {m}x{n} is no multiple of {TILE_THREADS} threads with 4 outputs each")
    require(rows * COLUMNS_PER_THREAD <= 64, f"tile {m}x{n} needs {rows * 4} accumulators per thread, more than 64")
    require(m % vector == 0 and n % vector == 0, f"tile {m}x{n} is not divisible into vectors of {vector}")
    check_vector("output_vector", output_vector, COLUMNS_PER_THREAD)
    check_shared_memory(4 * TILE_K * (m + 1 + n + 4))


@irdl_attr_definition
class DepthwiseConv2dAttr(WindowAttr):
    """Depthwise convolution: filter [R, S, c]."""

    name = "cutlass.depthwise_conv2d"

    @property
    def own_parameters(self) -> tuple[str, ...]:
        return ("n", "h", "w", "c", "p", "q", "pad_top", "pad_left")

    def flops(self, integers: Mapping[str, int]) -> int:
        return 2 * prod(self.kernel_shape.data) * prod(integers[name] for name in ("n", "p", "q", "c"))

    def verify(self) -> None:
        super().verify()
        registers = (self.outputs.data + self.kernel_shape.data[1] + 1) * self.vector.data
        require(
            registers <= 160, f"outputs and a row of the filter need {registers} registers per thread, more than 160"
        )

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, 2)
        check_float_inputs(signature)


@irdl_attr_definition
class DirectConv2dAttr(SimtAttr):
    """Convolution of any groups and channels as an implicit GEMM, tile [pixels, channels of a group].

    x [n, h, w, groups * c] with filter [groups * k, R, S, c], or, `transposed`, [groups * c, R, S, k].
    `vector` divides c and `output_vector` k.
    """

    name = "cutlass.direct_conv2d"
    transposed: FlagAttr
    tile: IntsAttr
    output_vector: IntAttr

    @property
    def own_parameters(self) -> tuple[str, ...]:
        return ("n", "h", "w", "c", "groups", "k", *WINDOW_PARAMETERS, "p", "q")

    @property
    def divisors(self) -> Mapping[str, int]:
        return {"c": self.vector.data, "k": self.output_vector.data}

    def flops(self, integers: Mapping[str, int]) -> int:
        """A window per output pixel; transposed, per input pixel."""
        pixels = ("h", "w") if self.transposed.data else ("p", "q")
        return 2 * prod(integers[name] for name in ("n", *pixels, "groups", "c", "k", "kernel_h", "kernel_w"))

    def verify(self) -> None:
        super().verify()
        check_tile(self.tile.data, self.vector.data, self.output_vector.data)

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, 2)
        check_float_inputs(signature)


DOT_LANES = (32, 64, 128, 256)
"""Threads that share a column: a warp, or a whole block."""
COLUMN_LANES = (2, 4, 8, 16, 32)


class GemmAlgorithm(StrEnum):
    """tiled: a block per tile. dot: lanes along k for a column. column: lanes along n, the other threads along k."""

    TILED = "tiled"
    DOT = "dot"
    COLUMN = "column"


@irdl_attr_definition
class GemmAlgorithmAttr(EnumAttribute[GemmAlgorithm], SpacedOpaqueSyntaxAttribute):
    name = "cutlass.gemm_algorithm"


@irdl_attr_definition
class SimtGemmAttr(SimtAttr):
    """Batched matrix product. tiled uses `tile` and `output_vector`; dot and column `rows` and `lanes`."""

    name = "cutlass.simt_gemm"
    transpose_a: FlagAttr
    transpose_b: FlagAttr
    algorithm: GemmAlgorithmAttr
    tile: IntsAttr
    output_vector: IntAttr
    rows: IntAttr
    lanes: IntAttr

    @property
    def own_parameters(self) -> tuple[str, ...]:
        return ("batch", "m", "n", "k", "a_batch_stride", "b_batch_stride")

    def flops(self, integers: Mapping[str, int]) -> int:
        return gemm_flops(integers)

    def verify(self) -> None:
        super().verify()
        algorithm = self.algorithm.data
        if algorithm is GemmAlgorithm.TILED:
            check_tile(self.tile.data, self.vector.data, self.output_vector.data)
            return
        require(1 <= self.rows.data <= 8, f"rows must be 1 to 8, got {self.rows.data}")
        require(not self.transpose_a.data, f"algorithm {algorithm} reads A by rows: transpose_a must be false")
        by_rows = algorithm is GemmAlgorithm.DOT
        require(
            self.transpose_b.data == by_rows,
            f"algorithm {algorithm} needs transpose_b = {str(by_rows).lower()}",
        )
        choices = DOT_LANES if by_rows else COLUMN_LANES
        require(self.lanes.data in choices, f"algorithm {algorithm} takes lanes {choices}, got {self.lanes.data}")

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, 2)
        check_float_inputs(signature)
