"""The epilogue of the CUTLASS 3.x templates for Hopper: which way its operands and outputs go, and what that takes.

CUTLASS's visitor tree serves where operands are floating-point and broadcast in a plain way, and outputs are stored
whole or reduced: one full operand (C) and every whole output pass through shared memory and TMA. Where more is wanted,
all operands and outputs go straight between registers and global memory (templates/sm90/register_epilogue_sm90.jinja).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type, IntegerType
from xdsl.ir import Attribute

from boltir.dialects.cutlass.matrix import bytes_of, check_epilogue, require
from boltir.dialects.cutlass.store import Store, StoreKind
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.fused.broadcast import Broadcast
from boltir.dialects.fused.store import Along

TMA_BYTES = 16  # what TMA wants every row to be a multiple of
VECTOR = 8  # elements that a thread stores at once, at most
STAGED_BYTES = 256  # of a row that begins anywhere: what is staged of it at a time
MOST_STAGES = 2  # of outputs and operands that may need one, the first ones
FLOATS = Float16Type | BFloat16Type | Float32Type


@dataclass(frozen=True)
class Sm90Epilogue:
    """What a kernel's epilogue reads and stores, with tiles of `tile` = (M, N, K).

    Attributes:
        warpgroups: how many share a tile.
        alignment_c: elements of which everything is a multiple that rows of the result and the stores begin and end at.
    """

    signature: KernelSignature
    tile: tuple[int, ...]
    warpgroups: int
    alignment_c: int

    @property
    def uses_registers(self) -> bool:
        """Whether CUTLASS's visitor tree does not suffice."""
        stored = all(store.kind is StoreKind.REDUCED or self._is_whole(e, store) for e, store in self._outputs())
        read = all(self._is_native(element, kind) for element, kind in self._operands())
        return not (self.signature.accumulators == 1 and stored and read)

    def _is_native(self, element: Attribute, kind: Broadcast) -> bool:
        if kind is Broadcast.FULL:
            return self._moves(element)
        return kind is not Broadcast.GENERAL and isinstance(element, FLOATS)

    def _is_whole(self, element: Attribute, store: Store) -> bool:
        return store.kind in (StoreKind.ELEMENTS, StoreKind.PITCHED) and self._moves(element)

    def _moves(self, element: Attribute) -> bool:
        """Whether TMA moves rows of `element`."""
        return isinstance(element, FLOATS) and self.alignment_c * bytes_of(element) % TMA_BYTES == 0

    def _stages(self) -> int:
        """How many operands and outputs have rows that begin anywhere and pass through shared memory.

        Source: templates/sm90/stage_sm90.cuh.jinja.
        """
        scattered = (StoreKind.REDUCED, StoreKind.PERMUTED)
        dense = [element for element, store in self._outputs() if store.kind not in scattered]
        dense += [element for element, kind in self._operands() if kind is Broadcast.FULL]
        odd = (self.alignment_c < VECTOR and self.alignment_c * bytes_of(element) < TMA_BYTES for element in dense)
        return sum(list(odd)[:MOST_STAGES])

    def _operands(self) -> Iterator[tuple[Attribute, Broadcast]]:
        return zip(self.signature.epilogue_operands, self.signature.broadcasts, strict=True)

    def _outputs(self) -> Iterator[tuple[Attribute, Store]]:
        return zip(self.signature.outputs, self.signature.output_stores, strict=True)

    @property
    def shared_memory(self) -> int:
        """Bytes of shared memory: tiles of what passes through it, vectors of operands, for reductions along the rows
        each warp's part, and of rows that begin anywhere the bytes that are staged.

        Source: epilogue/collective/builders/sm90_builder.inl (epilogue tiles of 32 columns: two in flight to
        each output, up to four from C, shared where C and D are equally wide). Without any whole output there is
        room for D's tiles all the same, of 16-bit elements.
        """
        m, n, _ = self.tile
        partials = sum(store.along is Along.ROWS for _, store in self._outputs()) * 4 * 4 * self.warpgroups * n
        if self.uses_registers:
            return partials + self._stages() * (TMA_BYTES + m * (STAGED_BYTES + TMA_BYTES))
        lengths = {Broadcast.ROW: n, Broadcast.COLUMN: m}
        vectors = sum(bytes_of(element) * lengths.get(kind, 0) for element, kind in self._operands())
        return 64 * self.warpgroups * 32 * self._staged() + vectors + partials

    def _staged(self) -> int:
        """Bytes in shared memory per element of an epilogue tile."""
        m, n, _ = self.tile
        tiles = (m // (64 * self.warpgroups)) * max(1, n // 32)
        whole = [bytes_of(element) for element, store in self._outputs() if self._is_whole(element, store)]
        stored = min(tiles, 2) * (sum(whole) or 2)
        source = next((bytes_of(element) for element, kind in self._operands() if kind is Broadcast.FULL), None)
        if source is None:
            return stored
        alike = source == (whole[0] if whole else 2)
        loaded = max(min(tiles, 4), min(tiles, 2) + 1) if alike else min(tiles, 4)
        shared = min(tiles, 2) if alike and whole else 0
        return stored + (loaded - shared) * source

    def check(self) -> None:
        """Whether the epilogue can be built.

        Raises:
            VerifyException: the rule that is broken.
        """
        check_epilogue(self.signature)
        for element in (*self.signature.outputs, *self.signature.epilogue_operands):
            require(
                isinstance(element, FLOATS | IntegerType),
                f"the epilogue reads and stores f16, bf16, f32 and integers, not {element}",
            )
