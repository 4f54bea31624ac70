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
from boltir.dialects.cutlass.template import KernelSignature
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
WARPGROUP_REGISTERS = 512
"""Registers per lane that one of a multiprocessor's four schedulers has: what a warp of each warpgroup shares."""
LOADER_REGISTERS = 32
MOST_REGISTERS = 240
"""Of a thread, after setmaxnreg."""
OTHER_REGISTERS = 32
"""Of these for addresses, barriers and the epilogue's values."""


@irdl_attr_definition
class ChainGemmSm90Attr(ChainGemmOfExtents):
    """D = epilogue_1(epilogue_0(A @ B_0) @ B_1), and so on. All sizes but the rows are known to the compiler.

    Attributes:
        chunk: columns of the first product that are computed at a time.
        consumers: warpgroups that compute, each on rows of its own.
        stages: of A's ring, per consumer; a stage is 64 rows by 64 columns.
        slots: of the ring that the weights pass through for every tile of rows; 0 where all of them stay.
        split: thread blocks of a cluster that share the first product's columns; they add up their parts of the second.
        layout_b: of every B.
    """

    name = "cutlass.chain_gemm_sm90"
    chunk: IntAttr
    consumers: IntAttr
    stages: IntAttr
    slots: IntAttr
    split: IntAttr
    layout_b: LayoutAttr

    @property
    def widths(self) -> tuple[int, ...]:
        """The columns of each product, rounded up to what the next one sums over at a time."""
        *inner, last = self.extents.data[1:]
        return (*(round_up(n, 16) for n in inner), last)

    @property
    def chunks(self) -> int:
        """Of the first product, per thread block."""
        return ceil(self.extents.data[1] / (self.chunk.data * self.split.data))

    @property
    def depth_blocks(self) -> int:
        """Stages of A that a tile of rows passes through."""
        return ceil(self.extents.data[0] / SWIZZLED)

    @property
    def is_resident(self) -> bool:
        """Whether the weights stay in shared memory."""
        return self.slots.data == 0

    @property
    def weight_rows(self) -> int:
        """Rows of the blocks of weights that a tile of rows needs, 128 bytes each."""
        chunk, widths = self.chunk.data, self.widths
        first = self.chunks * (self.depth_blocks * chunk + ceil(chunk / SWIZZLED) * widths[1])
        return first + sum(ceil(k / SWIZZLED) * n for k, n in zip(self.extents.data[2:], widths[2:], strict=False))

    @property
    def slot_rows(self) -> int:
        """Rows of a slot of the ring of weights, 128 bytes each."""
        return max(self.chunk.data, *self.widths[1:])

    @property
    def shared_memory(self) -> int:
        """Bytes: A's rings, the weights, what each warp stores, and what a cluster's other thread block sends."""
        consumers, split, widths = self.consumers.data, self.split.data, self.widths
        a = consumers * self.stages.data * ROWS * BLOCK_ROW
        rows = self.weight_rows if self.is_resident else self.slots.data * self.slot_rows
        stored = consumers * ceil(widths[-1] / SWIZZLED) * ROWS // split * BLOCK_ROW
        sent = consumers * ROWS // 2 * widths[1] * 4 if split > 1 else 0
        return a + rows * BLOCK_ROW + stored + sent + 8 * self._barriers

    @property
    def _barriers(self) -> int:
        boxes = self.chunks * (self.depth_blocks + ceil(self.chunk.data / SWIZZLED))
        boxes += sum(ceil(k / SWIZZLED) for k in self.extents.data[2:-1])
        slots = boxes if self.is_resident else min(self.slots.data, boxes)
        return 2 * (self.consumers.data * self.stages.data + slots + self.consumers.data)

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
        require(self.stages.data >= 1, f"stages must be at least 1, got {self.stages.data}")
        self._check_weights()
        self._check_split()
        require(
            self.registers <= self.consumer_registers,
            f"chunks of {chunk} columns need {self.registers} registers per thread, "
            f"more than the {self.consumer_registers} of {consumers} consumers",
        )

    def _check_weights(self) -> None:
        chunk, slots = self.chunk.data, self.slots.data
        require(slots == 0 or slots >= 2, f"slots must be 0 or at least 2, got {slots}")
        require(
            self.is_resident or chunk % SWIZZLED == 0,
            f"chunks whose weights pass through are multiples of {SWIZZLED}, got {chunk}",
        )
        if self.layout_b.data is Layout.ROW:
            require(
                all(n % 16 == 0 for n in self.extents.data[1:]),
                f"columns of a row-major B are multiples of 16, got {list(self.extents.data[1:])}",
            )

    def _check_split(self) -> None:
        chunk, split, columns = self.chunk.data, self.split.data, self.extents.data[1]
        require(split in (1, 2), f"split must be 1 or 2, got {split}")
        if split > 1:
            require(self.products == 2, f"thread blocks add up parts of two products, not of {self.products}")
            require(
                columns % (split * chunk) == 0,
                f"{split} thread blocks do not compute {columns} columns in whole chunks of {chunk}",
            )
            last = self.widths[-1]
            require(last % 16 == 0, f"thread blocks send each other multiples of 16 columns, not {last}")

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        require(target.has_warpgroup_mma, f"{target.name} has no wgmma and TMA: use cutlass.chain_gemm")
        check_shared_memory(self.shared_memory, target)
