"""The rules of the CUTLASS 2.x tensor-core templates, which `gemm` and `conv2d` share.

The threadblock tile is computed by warps that each own a warp tile, out of `mma` instructions; the operands
pass through shared memory in a ring of stages; the accumulators pass through shared memory once more to be
stored in long rows. Tuples are (M, N, K).
"""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import IntAttr
from xdsl.ir import Attribute

from boltir.dialects.cutlass.matrix import (
    Math,
    MathAttr,
    bytes_of,
    check_input_types,
    check_shared_memory,
    is_power_of_two,
    require,
)
from boltir.dialects.cutlass.store import StoreKind
from boltir.dialects.cutlass.template import IntsAttr, KernelSignature, TemplateAttr
from boltir.dialects.cutlass.tensor_op_epilogue import (
    ROWS,
    WARP,
    accessed,
    check_functor,
    check_visitor,
    functor_holds,
    scattered,
)
from boltir.target import Target

MOST_ROWS = 2**31 - 1
PADDING = 8  # f32 elements after each row of accumulators in shared memory


def instruction_shape(math: Math, target: Target) -> tuple[int, int, int]:
    """The (M, N, K) of the largest `mma` instruction of `target` (arch/mma_sm75.h, arch/mma_sm80.h)."""
    return (16, 8, 16) if target.has_async_copy and math is not Math.TF32 else (16, 8, 8)


# Only a dataclass's fields take part in the equality of its subclasses.
@dataclass(frozen=True, init=False)
class TensorOpAttr(TemplateAttr, ABC):
    """Parameters and rules of a 2.x tensor-core kernel.

    `swizzle` is how many columns of tiles are visited together. The alignments are in elements: those of A
    and B bound one global load, that of C one access to the outputs and to the operands laid out like the result.
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
        holds `ROWS` padded rows of f32 per warp, twice where accesses are as wide as 8 f16 elements).
        """
        m, n, k = self.threadblock.data
        mainloop = self.stages.data * (m + n) * k * self.math.data.bytes
        fragments = 2 if self.alignment_c.data * bytes_of(output) >= 16 else 1
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
        super().check_legal(target, signature)
        check_input_types(self.math.data, target, signature)
        self._check_mainloop(target)
        self._check_epilogue(signature)
        check_shared_memory(self.shared_memory(signature.outputs[0]), target)

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
        check = check_visitor if self.uses_visitor(signature) else check_functor
        check(signature, self.threadblock.data[1], self.warps[1], self.alignment_c.data)

    def uses_visitor(self, signature: KernelSignature) -> bool:
        """Whether the epilogue is boltir's visitor of the tile: where CUTLASS's functor does not hold it."""
        return not functor_holds(signature, self.sources)

    def source(self, signature: KernelSignature) -> str:
        return f"{self.family}_visitor" if self.uses_visitor(signature) else self.family

    @property
    def sources(self) -> int:
        """How many full operands CUTLASS's functor can read."""
        return 1

    @property
    def store_kinds(self) -> frozenset[StoreKind]:
        return frozenset(StoreKind)

    @property
    def result_tile(self) -> tuple[int, int]:
        return self.threadblock.data[0], self.threadblock.data[1]

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
        access = self.alignment_c.data
        for name, value in accessed(integers).items():
            require(value % access == 0, f"{name} = {value} is no multiple of {access}, which one access moves")
        torn = ", ".join(f"{name} = {value}" for name, value in scattered(integers).items())
        require(not torn, f"{torn}: a permuted store keeps the columns of an access next to each other")
        if any("size_" in name for name in integers):
            batch, rows, _ = self.result_extents(integers)
            require(batch * rows <= MOST_ROWS, f"{batch * rows} rows exceed the {MOST_ROWS} that strides address")
