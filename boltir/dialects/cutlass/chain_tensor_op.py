"""The rules of back-to-back kernels of CUTLASS 2.x (examples/13_two_tensor_op_fusion), of products and convolutions.

A threadblock computes all columns of each product for its rows. Most of these rules no static_assert of the example
checks: what breaks them builds, and computes wrong values. Where a rule names a file, that is what goes wrong there.
"""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from xdsl.dialects.builtin import IntAttr

from boltir.dialects.cutlass.chain import VECTOR, ChainAttr
from boltir.dialects.cutlass.matrix import check_shared_memory, require
from boltir.dialects.cutlass.template import IntsAttr, KernelSignature
from boltir.dialects.cutlass.tensor_op import PADDING, instruction_shape
from boltir.dialects.cutlass.tensor_op_epilogue import (
    ROWS,
    VISITED_BYTES,
    WARP,
    fits_f16_exchange,
    lanes_across,
)
from boltir.dialects.fused.broadcast import Broadcast
from boltir.dialects.fused.chain import Residence, ResidenceAttr
from boltir.target import Target

MOST_ACCUMULATORS = 192
"""Registers of accumulators beside which kernels spill little: N0 + N1 = 384 with 16 rows per warp."""
MOST_THREADS = 256
"""With more, threads have fewer than the 255 registers that the kernels may take."""
MOST_VECTORS = 2
"""Vectors of columns that an epilogue between products reads: what CUTLASS calls scale and bias."""


# Only a dataclass's fields take part in the equality of its subclasses.
@dataclass(frozen=True, init=False)
class ChainTensorOpAttr(ChainAttr, ABC):
    """Parameters and rules; lists have one number per product.

    Attributes:
        residence: where the intermediates are: `rf` passes accumulators on within each warp, `smem` through
            shared memory, with other warp tiles if need be.
        threadblock_m: rows of a threadblock.
        threadblock_n: columns of each product, all of them.
        threadblock_k: what a step of each mainloop sums over; also that of its warps.
        warp_m, warp_n: the warp tile of each product.
        stages: of each mainloop.
    """

    residence: ResidenceAttr
    threadblock_m: IntAttr
    threadblock_n: IntsAttr
    threadblock_k: IntsAttr
    warp_m: IntsAttr
    warp_n: IntsAttr
    instruction: IntsAttr
    stages: IntAttr

    @property
    def products(self) -> int:
        return len(self.threadblock_n.data)

    @property
    def intermediates(self) -> Residence:
        return self.residence.data

    @property
    def threads(self) -> int:
        return WARP * self._warps[0]

    @property
    def _warps(self) -> list[int]:
        """Warps that share each product."""
        tiles = zip(self.threadblock_n.data, self.warp_m.data, self.warp_n.data, strict=True)
        return [(self.threadblock_m.data // m) * (n // wide) for n, m, wide in tiles]

    @property
    def accumulators(self) -> int:
        """32-bit registers per thread that hold accumulators; in registers those of all neighbours live together."""
        sizes = [m * n // WARP for m, n in zip(self.warp_m.data, self.warp_n.data, strict=True)]
        if self.intermediates is Residence.SMEM:
            return max(sizes)
        return max(a + b for a, b in pairwise(sizes))

    @property
    def shared_memory(self) -> int:
        """Bytes of shared memory: the largest mainloop, beside the intermediate with `smem`, or the last epilogue.

        Sources: examples/13_two_tensor_op_fusion, threadblock/b2b_mma_base.h and b2b_mma_base_smem_accumulator.h (rows
        are padded); our stages for products after the second keep two tiles of B; epilogue/threadblock/epilogue_base.h.
        """
        m, columns, depths = self.threadblock_m.data, self.threadblock_n.data, self.threadblock_k.data
        pair = max(self.stages.data * k * (m + n) for n, k in list(zip(columns, depths, strict=True))[:2])
        if self.intermediates is Residence.SMEM:
            pair += m * (columns[0] + VECTOR)
        after = max((2 * k * n for n, k in list(zip(columns, depths, strict=True))[2:]), default=0)
        # For warps of other widths the template takes another exchange of CUTLASS, with bank conflicts.
        copies = 2 if fits_f16_exchange(self.warp_n.data[-1], VECTOR) else 1
        exchange = copies * (m // self.warp_m.data[-1]) * ROWS * (columns[-1] + PADDING) * 4
        return max(2 * pair, 2 * after, exchange)

    def verify(self) -> None:
        lists = {name: value for name, value in self.values().items() if isinstance(value, tuple)}
        for name, value in lists.items():
            count = 3 if name == "instruction" else self.products
            require(len(value) == count and min(value) > 0, f"{name} must be {count} positive numbers")
        self.check_products()
        require(self.stages.data >= 2, f"stages must be at least 2, got {self.stages.data}")
        for product in range(self.products):
            self._verify_tiles(product)
        warps = self._warps
        require(len(set(warps)) == 1, f"all products are computed by the same warps, the tiles give {warps} of them")
        require(self.threads <= MOST_THREADS, f"{self.threads} threads are more than {MOST_THREADS}")
        for product in range(self.products):
            self._verify_loads(product)
        self._verify_residence()

    def _verify_tiles(self, product: int) -> None:
        tile = (self.threadblock_m.data, self.threadblock_n.data[product], self.threadblock_k.data[product])
        warp = (self.warp_m.data[product], self.warp_n.data[product], tile[2])
        instruction = self.instruction.data
        for whole, shape, part, inner in (
            ("threadblock tile", tile, "warp tile", warp),
            ("warp tile", warp, "instruction", instruction),
        ):
            divides = all(extent > 0 and extent % step == 0 for extent, step in zip(shape, inner, strict=True))
            require(divides, f"product {product}: {whole} {list(shape)} is not divisible by {part} {list(inner)}")
        # threadblock/b2b_mma_multistage.h: fragments are double-buffered. b2b_mma_pipelined.h: "does not support
        # WarpGemmIterations == 2".
        steps, fewest = warp[2] // instruction[2], 4 if self.stages.data == 2 else 2
        require(
            steps % 2 == 0 and steps >= fewest,
            f"product {product}: a warp tile takes {steps} instructions along K, not an even number from {fewest} on",
        )
        # What is left over comes first in the iterators of B (transform/threadblock/predicated_tile_access_iterator.h),
        # but not in those of the vectors, nor of filters; some mainloops leave it out.
        depth = self.threadblock_n.data[product - 1] if product > 0 else tile[2]
        require(depth % tile[2] == 0, f"product {product}: threadblock K = {tile[2]} does not divide its depth {depth}")

    def _verify_loads(self, product: int) -> None:
        # transform/pitch_linear_thread_map.h: each load of a stage must occupy every thread.
        share = self.threads * VECTOR // self.threadblock_k.data[product]
        for name, extent in (("M", self.threadblock_m.data), ("N", self.threadblock_n.data[product])):
            require(
                share > 0 and extent % share == 0,
                f"product {product}: threadblock {name} = {extent} is not a multiple of {share}, which "
                f"{self.threads} threads load at once",
            )

    def _verify_residence(self) -> None:
        if self.intermediates is Residence.SMEM:
            require(self.products == 2, f"through shared memory go chains of 2 products, not {self.products}; use rf")
            # epilogue/threadblock/epilogue_smem_accumulator.h stores the accumulators of 16 columns at a time.
            require(self.warp_n.data[0] % 16 == 0, f"product 0: warp_n = {self.warp_n.data[0]} is no multiple of 16")
        limit = f"more than the {MOST_ACCUMULATORS} that fit beside everything else"
        if self.intermediates is Residence.RF:
            require(
                self.warp_n.data == self.threadblock_n.data,
                f"in registers a warp holds whole rows: warp_n = {list(self.warp_n.data)} must be "
                f"threadblock_n = {list(self.threadblock_n.data)}",
            )
            require(
                len(set(self.warp_m.data)) == 1,
                f"in registers a warp keeps its rows: warp_m = {list(self.warp_m.data)} must be one number",
            )
            limit += "; use smem"
        require(
            self.accumulators <= MOST_ACCUMULATORS,
            f"accumulators take {self.accumulators} registers per thread, {limit}",
        )

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        instruction, stages = self.instruction.data, self.stages.data
        expected = instruction_shape(self.math.data, target)
        require(
            instruction == expected,
            f"the tensor-core instruction of {target.name} is {list(expected)}, not {list(instruction)}",
        )
        if target.has_async_copy:
            require(stages >= 3, f"{target.name} fills stages by cp.async: at least 3, not {stages}")
        else:
            require(stages == 2, f"{target.name} has no cp.async: exactly 2 stages, not {stages}")
        _check_vectors(signature)
        columns, warp = self.threadblock_n.data[-1], self.warp_n.data[-1]
        lanes_across(columns, columns // warp, VECTOR, VISITED_BYTES)
        check_shared_memory(self.shared_memory, target)

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
        *between, last = self.columns(integers)
        # Measured on an H100: wrong results where the tile of a product before the last is wider. Its B, read without
        # bounds along K (transform/threadblock/predicated_tile_access_iterator.h), goes on behind its end.
        require(
            tuple(between) == self.threadblock_n.data[:-1],
            f"threadblock_n = {list(self.threadblock_n.data)} must begin with the columns of the products, {between}",
        )
        widest = self.threadblock_n.data[-1]
        require(last <= widest, f"the last product has {last} columns, a threadblock only {widest}")
        for i, value in enumerate((*between, last)):
            require(
                value % VECTOR == 0, f"product {i}: {value} columns are no multiple of {VECTOR}, which one access moves"
            )


def _check_vectors(signature: KernelSignature) -> None:
    """Whether the epilogues between products read no more than the iterators of their accumulators do.

    Raises:
        VerifyException: they do.
    """
    for i, stage in enumerate(signature.stages):
        operands = zip(stage.broadcasts, stage.epilogue_operands, strict=True)
        vectors = [element for kind, element in operands if kind is Broadcast.ROW]
        require(Broadcast.COLUMN not in stage.broadcasts, f"epilogue {i} reads a value per row, only the last one can")
        require(
            len(vectors) <= MOST_VECTORS and len(set(vectors)) <= 1,
            f"epilogue {i} reads {len(vectors)} vectors of columns: before the last, up to {MOST_VECTORS} of one type",
        )
