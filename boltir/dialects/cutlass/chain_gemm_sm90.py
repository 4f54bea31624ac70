"""`#cutlass.chain_gemm_sm90`: dependent matrix products in one persistent kernel for Hopper, boltir's own.

One warpgroup loads with TMA; each of the others computes 64 rows at a time: wgmma from shared memory, the epilogue in
registers, which hold the next wgmma's operand then, and so on. The first product's columns are computed in chunks, and
each is multiplied with its rows of the second B at once. lowering/templates/chain/chain_sm90.cuh.jinja is the kernel.
"""

from collections.abc import Mapping
from itertools import pairwise
from math import ceil

from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition

from boltir.dialects.cutlass.chain import VECTOR, ChainGemmOfExtents
from boltir.dialects.cutlass.matrix import Layout, LayoutAttr, check_shared_memory, require
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue
from boltir.dialects.shapes import round_up
from boltir.target import Target

ROWS = 64
"""Rows that a consumer warpgroup computes at a time: those of one wgmma."""
SWIZZLED = 64
"""16-bit elements in the 128 bytes of a swizzled row of shared memory: the columns of a block of A or of weights."""
MOST_COLUMNS = 256
"""Rows of a TMA box, and columns of one wgmma."""
BLOCK_ROW = 2 * SWIZZLED
"""Bytes of a row of a block in shared memory."""
STAGE_BYTES = ROWS * BLOCK_ROW + 2 * 8
"""Of shared memory for a stage of A and its two barriers."""
WARPGROUP_REGISTERS = 512
"""Registers per lane that one of a multiprocessor's four schedulers has: what a warp of each warpgroup shares."""
LOADER_REGISTERS = 32
MOST_REGISTERS = 240
"""Of a thread, after setmaxnreg."""
OTHER_REGISTERS = 32
"""Of these for addresses, barriers and the epilogue's values."""
PIPELINED_REGISTERS = 64
"""The same, where a multiplication is under way during an epilogue; with fewer it was not faster."""


@irdl_attr_definition
class ChainGemmSm90Attr(ChainGemmOfExtents):
    """D = epilogue_1(epilogue_0(A @ B_0) @ B_1), and so on. All sizes but the rows are known to the compiler.

    Attributes:
        chunk: columns of the first product that are computed at a time.
        consumers: warpgroups that compute.
        stages: of A's ring, per tile of rows under way; a stage is 64 rows by 64 columns.
        slots: chunks whose weights of the first two products are in shared memory at a time, and pass through it for
            every tile of rows; 0 where all of them stay. Weights of later products stay.
        partners: consumers that share a tile of rows. Each computes every other chunk, and they add up their parts of
            the second product.
        layout_b: of every B.
    """

    name = "cutlass.chain_gemm_sm90"
    chunk: IntAttr
    consumers: IntAttr
    stages: IntAttr
    slots: IntAttr
    partners: IntAttr
    layout_b: LayoutAttr

    @property
    def widths(self) -> tuple[int, ...]:
        """The columns of each product, rounded up to what the next one sums over at a time."""
        *inner, last = self.extents.data[1:]
        return (*(round_up(n, 16) for n in inner), last)

    @property
    def chunks(self) -> int:
        """Of the first product."""
        return ceil(self.extents.data[1] / self.chunk.data)

    @property
    def teams(self) -> int:
        """Tiles of rows that a thread block computes side by side."""
        return self.consumers.data // self.partners.data

    @property
    def depth_blocks(self) -> int:
        """Stages of A that a tile of rows passes through."""
        return ceil(self.extents.data[0] / SWIZZLED)

    @property
    def is_resident(self) -> bool:
        """Whether the weights stay in shared memory."""
        return self.slots.data == 0

    @property
    def chunk_rows(self) -> int:
        """Rows of the blocks of a chunk's weights, 128 bytes each."""
        chunk = self.chunk.data
        return self.depth_blocks * chunk + ceil(chunk / SWIZZLED) * self.widths[1]

    @property
    def weight_rows(self) -> int:
        """Rows of all blocks of weights that are in shared memory at a time."""
        later = sum(ceil(k / SWIZZLED) * n for k, n in zip(self.extents.data[2:], self.widths[2:], strict=False))
        return (self.slots.data or self.chunks) * self.chunk_rows + later

    @property
    def shared_memory(self) -> int:
        """Bytes: A's rings, the weights, and of each warp what it stores, or before that gets from its partner."""
        partners, last = self.partners.data, self.widths[-1]
        rows = ROWS // 4 // partners
        stored = ceil(last / SWIZZLED) * rows * BLOCK_ROW
        received = round_up(rows * last * 4, 8 * BLOCK_ROW) if partners > 1 else 0
        of_warps = 4 * self.consumers.data * max(stored, received)
        a = self.teams * self.stages.data * STAGE_BYTES
        weights = self.weight_rows * BLOCK_ROW + 2 * 8 * self._weight_blocks
        return a + weights + of_warps + 2 * 8 * self.consumers.data

    @property
    def _weight_blocks(self) -> int:
        later = sum(ceil(k / SWIZZLED) for k in self.extents.data[2:-1])
        return (self.slots.data or self.chunks) * (self.depth_blocks + ceil(self.chunk.data / SWIZZLED)) + later

    @property
    def registers(self) -> int:
        """That a consumer thread needs: accumulators of neighbouring products, and the operand between them."""
        widths = (self.chunk.data, *self.widths[1:])
        return max(n // 2 + n // 4 + after // 2 for n, after in pairwise(widths)) + OTHER_REGISTERS

    @property
    def consumer_registers(self) -> int:
        """That a consumer thread has."""
        consumers = self.consumers.data
        share = WARPGROUP_REGISTERS // (consumers + 1) // 8 * 8
        return min(MOST_REGISTERS, (share * (consumers + 1) - LOADER_REGISTERS) // consumers // 8 * 8)

    @property
    def is_pipelined(self) -> bool:
        """Whether a consumer's next chunk is multiplied during the epilogue of each.

        Registers must hold the accumulators and the operands of both, and a tile of A must stay for all chunks.
        """
        chunk, keeps_a = self.chunk.data, self.stages.data >= self.depth_blocks
        registers = 2 * (chunk // 2 + chunk // 4) + self.widths[1] // 2 + PIPELINED_REGISTERS
        return self.partners.data < self.chunks and keeps_a and registers <= self.consumer_registers

    @property
    def derived(self) -> Mapping[str, ParameterValue]:
        return {"is_pipelined": self.is_pipelined}

    @property
    def divisors(self) -> Mapping[str, int]:
        return {"k0": VECTOR}

    def verify(self) -> None:
        chunk, consumers = self.chunk.data, self.consumers.data
        self.check_products()
        require(
            all(extent > 0 and extent % VECTOR == 0 for extent in self.extents.data),
            f"TMA moves rows of 16 bytes: extents are multiples of {VECTOR}, got {list(self.extents.data)}",
        )
        require(
            max(self.extents.data[2:]) <= MOST_COLUMNS,
            f"products after the first have at most {MOST_COLUMNS} columns, got {list(self.extents.data[2:])}",
        )
        require(
            0 < chunk <= MOST_COLUMNS and chunk % 16 == 0,
            f"chunk is a multiple of 16 up to {MOST_COLUMNS}, got {chunk}",
        )
        require(1 <= consumers <= 4, f"one to four warpgroups compute, not {consumers}")
        least = min(2, self.depth_blocks)  # a stage is given back when the product with the next one is under way
        require(self.stages.data >= least, f"stages must be at least {least}, got {self.stages.data}")
        self._check_weights()
        self._check_partners()
        require(
            self.registers <= self.consumer_registers,
            f"chunks of {chunk} columns need {self.registers} registers per thread, "
            f"more than the {self.consumer_registers} of {consumers} consumers",
        )

    def _check_weights(self) -> None:
        chunk, slots = self.chunk.data, self.slots.data
        require(
            0 <= slots < self.chunks,
            f"slots are 0, for weights that stay, or fewer than the {self.chunks} chunks, got {slots}",
        )
        require(
            self.is_resident or chunk % SWIZZLED == 0,
            f"chunks whose weights pass through are multiples of {SWIZZLED}, got {chunk}",
        )
        if self.layout_b.data is Layout.ROW:
            require(
                all(n % 16 == 0 for n in self.extents.data[1:]),
                f"columns of a row-major B are multiples of 16, got {list(self.extents.data[1:])}",
            )

    def _check_partners(self) -> None:
        consumers, partners, last = self.consumers.data, self.partners.data, self.widths[-1]
        require(partners in (1, 2), f"partners must be 1 or 2, got {partners}")
        if partners == 1:
            return
        require(consumers % partners == 0, f"{consumers} consumers are not pairs of partners")
        require(self.products == 2, f"partners add up parts of two products, not of {self.products}")
        require(self.chunks % partners == 0, f"partners share an even number of chunks, not {self.chunks}")
        # A barrier tells its phases by parity: a partner would take another lap's weights for its own.
        require(
            self.slots.data % partners == 0,
            f"each slot holds the weights of one partner: slots are even, got {self.slots.data}",
        )
        require(
            self.chunks == partners or self.stages.data >= self.depth_blocks,
            f"partners share a tile of A that stays: {self.depth_blocks} stages, not {self.stages.data}",
        )
        require(last % 16 == 0, f"partners send each other multiples of 16 columns, not {last}")

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        require(target.has_warpgroup_mma, f"{target.name} has no wgmma and TMA: use cutlass.chain_gemm")
        check_shared_memory(self.shared_memory, target)
