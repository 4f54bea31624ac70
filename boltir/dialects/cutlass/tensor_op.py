"""The rules of the CUTLASS 2.x tensor-core templates, which `gemm` and `conv2d` share.

The threadblock tile is computed by warps that each own a warp tile, out of `mma` instructions; the operands
pass through shared memory in a ring of stages; the accumulators pass through shared memory once more to be
stored in long rows. Tuples are (M, N, K).
"""

from abc import ABC
from dataclasses import dataclass

from xdsl.dialects.builtin import IntAttr
from xdsl.ir import Attribute

from boltir.dialects.cutlass.matrix import Math, MathAttr, bytes_of, check_element_types, is_power_of_two, require
from boltir.dialects.cutlass.template import IntsAttr, KernelSignature, TemplateAttr
from boltir.dialects.fused.broadcast import Broadcast
from boltir.target import Target

WARP = 32
ROWS = 8  # rows of accumulators that one step of the epilogue exchanges per warp
PADDING = 8  # f32 elements after each of those rows


def instruction_shape(math: Math, target: Target) -> tuple[int, int, int]:
    """The (M, N, K) of the largest `mma` instruction of `target` (arch/mma_sm75.h, arch/mma_sm80.h)."""
    return (16, 8, 16) if target.has_async_copy and math is not Math.TF32 else (16, 8, 8)


# Only a dataclass's fields take part in the equality of its subclasses.
@dataclass(frozen=True, init=False)
class TensorOpAttr(TemplateAttr, ABC):
    """Parameters and rules of a 2.x tensor-core kernel.

    `swizzle` is how many columns of tiles are visited together. The alignments are in elements: those of A
    and B bound one global load, that of C one access to the output and to the operands laid out like it.
    """

    math: MathAttr
    threadblock: IntsAttr
    warp: IntsAttr
    instruction: IntsAttr
    stages: IntAttr
    swizzle: IntAttr
    alignment_a: IntAttr
    alignment_b: IntAttr
    alignment_c: IntAttr

    @property
    def warps(self) -> tuple[int, int, int]:
        """How many warps share the tile along M, N and K."""
        tile, warp = self.threadblock.data, self.warp.data
        return (tile[0] // warp[0], tile[1] // warp[1], tile[2] // warp[2])

    @property
    def threads(self) -> int:
        m, n, k = self.warps
        return m * n * k * WARP

    @property
    def registers(self) -> int:
        """32-bit registers per thread: f32 accumulators and two steps of operand fragments (MmaMultistage)."""
        m, n, _ = self.warp.data
        return (m * n + (m + n) * self.instruction.data[2] * self.math.data.bytes // 2) // WARP

    def shared_memory(self, output: Attribute) -> int:
        """Bytes of shared memory: the ring of stages, or the epilogue's exchange buffer where that is larger.

        Sources: gemm/threadblock/mma_base.h, epilogue/threadblock/epilogue_base.h (the buffer
        holds `ROWS` padded rows of f32 per warp, twice where the epilogue handles two fragments at a time).
        """
        m, n, k = self.threadblock.data
        mainloop = self.stages.data * (m + n) * k * self.math.data.bytes
        fragments = 2 if self.alignment_c.data * bytes_of(output) == 16 else 1
        exchange = fragments * self.warps[0] * ROWS * (n + PADDING) * 4
        return max(mainloop, exchange)

    def verify(self) -> None:
        tile, warp, instruction = self.threadblock.data, self.warp.data, self.instruction.data
        for name, shape in (("threadblock", tile), ("warp", warp), ("instruction", instruction)):
            require(len(shape) == 3 and min(shape) > 0, f"{name} must be three positive numbers, got {list(shape)}")
        pairs = (("threadblock tile", tile, "warp tile", warp), ("warp tile", warp, "instruction", instruction))
        for whole, shape, part, inner in pairs:
            divides = all(extent % step == 0 for extent, step in zip(shape, inner, strict=True))
            require(divides, f"{whole} {list(shape)} is not divisible by {part} {list(inner)}")
        require(self.threads <= 1024, f"{self.threads // WARP} warps exceed the 32 of a threadblock")
        require(self.stages.data >= 2, f"stages must be at least 2, got {self.stages.data}")
        require(self.swizzle.data in (1, 2, 4, 8), f"swizzle must be 1, 2, 4 or 8, got {self.swizzle.data}")
        for name in ("alignment_a", "alignment_b", "alignment_c"):
            value = self.values()[name]
            require(isinstance(value, int) and is_power_of_two(value), f"{name} must be a power of two, got {value}")
        self._verify_mainloop()

    def _verify_mainloop(self) -> None:
        # Measured on an H100: with partial sums of several warps along K, threadblocks of larger problems store
        # wrong values (64x128x64 by warps of 64x64x32, the one such tile that CUTLASS ships).
        require(
            self.warps[2] == 1,
            f"warp tile K = {self.warp.data[2]} must be threadblock K = {self.threadblock.data[2]}: "
            "the epilogue does not add up partial sums",
        )
        # gemm/threadblock/mma_base.h: fragments are double-buffered, so a warp takes an even number of steps.
        steps = self.warp.data[2] // self.instruction.data[2]
        require(steps % 2 == 0, f"a warp tile takes an even number of instructions along K, got {steps}")
        # transform/pitch_linear_thread_map.h: each load of a stage must occupy every thread.
        tile = self.threadblock.data
        share = self.threads * self.math.data.vector // tile[2]
        for name, extent in (("M", tile[0]), ("N", tile[1])):
            require(
                share > 0 and extent % share == 0,
                f"threadblock {name} = {extent} is not a multiple of {share}, "
                f"which {self.threads} threads load at once",
            )
        # 255 registers is the architecture's limit; some 30 hold addresses and predicates.
        require(
            self.registers <= 224,
            f"accumulators and fragments of warp tile {list(self.warp.data)} need {self.registers} registers per "
            "thread, more than 224",
        )

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        check_element_types(self.math.data, target, signature)
        self._check_mainloop(target)
        self._check_epilogue(signature)
        used, limit = self.shared_memory(signature.outputs[0]), target.shared_memory_per_block
        require(used <= limit, f"{used} bytes of shared memory exceed the {limit} of {target.name}")

    def _check_mainloop(self, target: Target) -> None:
        math, instruction, stages = self.math.data, self.instruction.data, self.stages.data
        expected = instruction_shape(math, target)
        require(
            instruction == expected,
            f"the {math.value} tensor-core instruction of {target.name} is {list(expected)}, not {list(instruction)}",
        )
        require(target.has_async_copy or stages == 2, f"{target.name} has no cp.async: exactly 2 stages, not {stages}")
        for name, alignment in (("A", self.alignment_a.data), ("B", self.alignment_b.data)):
            require(
                alignment <= math.vector,
                f"alignment of {name} is {alignment} elements: one access moves at most 16 bytes",
            )
            # cp.async moves 4, 8 or 16 bytes; two stages go through registers instead.
            require(
                alignment * math.bytes > 2 or stages == 2,
                f"alignment of {name} is 2 bytes, cp.async moves at least 4: use 2 stages instead of {stages}",
            )

    def _check_epilogue(self, signature: KernelSignature) -> None:
        """epilogue/threadblock/epilogue_with_broadcast.h: one vector, and sources of the output's type."""
        output, rows, fulls = signature.outputs[0], signature.count(Broadcast.ROW), signature.count(Broadcast.FULL)
        require(rows <= 1, f"the epilogue takes at most 1 row operand, got {rows}")
        require(fulls <= self.sources, f"the epilogue takes at most {self.sources} full operands, got {fulls}")
        require(signature.count(Broadcast.COLUMN) == 0, "the epilogue takes no column operand")
        for kind, element in zip(signature.broadcasts, signature.epilogue_operands, strict=True):
            require(
                kind is not Broadcast.FULL or element == output,
                f"a full operand must have the output's type {output}, got {element}",
            )
        access = self.alignment_c.data * bytes_of(output)
        require(access <= 16, f"alignment_c is {access} bytes: one access moves at most 16")
        self._check_output_threads(bytes_of(output))

    @property
    def sources(self) -> int:
        """How many full operands the epilogue can read."""
        return 1

    def _check_output_threads(self, element_bytes: int) -> None:
        """The lanes of a warp must tile the rows they store exactly once.

        Source: epilogue/threadblock/output_tile_thread_map.h, RowArrangement. Where its lanes exceed the
        rows (narrow tiles with wide accesses) CUTLASS fails to build or, unchecked, stores wrong values.
        """
        n, access = self.threadblock.data[1], self.alignment_c.data
        rows = ROWS // self.warps[1]
        width, preferred = n // access, max(1, 256 // (access * element_bytes))
        if rows > 1 and WARP // preferred > rows:
            lanes_across, lanes_down = WARP // rows, rows
        else:
            lanes_across = min(width, WARP, preferred)
            lanes_down = min(ROWS, WARP // lanes_across)
        covered = lanes_across * lanes_down == WARP and lanes_down <= rows and width % lanes_across == 0
        require(
            covered,
            f"{self.threads // WARP} warps cannot store a threadblock {n} columns wide in accesses of {access} "
            "elements; use a smaller alignment_c",
        )
