"""`#cutlass.attention_sm80`: boltir's own fused attention for sm_80 and later, with a mask and an epilogue."""

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import IntAttr
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.cutlass.attention import (
    ATTENTION_DIVISORS,
    ATTENTION_PARAMETERS,
    VECTOR,
    attention_flops,
    attention_touched,
    check_head_dim,
    check_operand_types,
)
from boltir.dialects.cutlass.matrix import check_shared_memory, require
from boltir.dialects.cutlass.simt import SimtAttr
from boltir.dialects.cutlass.template import KernelSignature
from boltir.target import Target


class AttentionMask(StrEnum):
    """What is added to the scores [batch, heads, queries, keys].

    none: nothing. keys: one value per key, the same for all queries of a head. scores: one value per score.
    """

    NONE = "none"
    KEYS = "keys"
    SCORES = "scores"


MASK_PARAMETERS = {
    AttentionMask.NONE: (),
    AttentionMask.KEYS: ("mask_batch_stride", "mask_head_stride", "mask_key_stride"),
    AttentionMask.SCORES: ("mask_batch_stride", "mask_head_stride", "mask_query_stride", "mask_key_stride"),
}
"""The strides of a mask over the scores, 0 where it is repeated."""


@irdl_attr_definition
class AttentionMaskAttr(EnumAttribute[AttentionMask], SpacedOpaqueSyntaxAttribute):
    name = "cutlass.attention_mask"


@irdl_attr_definition
class AttentionSm80Attr(SimtAttr):
    """boltir's own for sm_80 and later: scores and outputs stay in registers; takes a mask and an epilogue."""

    name = "cutlass.attention_sm80"
    queries_per_block: IntAttr
    keys_per_block: IntAttr
    head_dim: IntAttr
    warps: IntAttr
    mask: AttentionMaskAttr

    @property
    def own_parameters(self) -> tuple[str, ...]:
        return (*ATTENTION_PARAMETERS, *MASK_PARAMETERS[self.mask.data])

    @property
    def divisors(self) -> Mapping[str, int]:
        return ATTENTION_DIVISORS

    @property
    def shared_memory(self) -> int:
        """Bytes of shared memory: queries, keys and values, 16 bytes apart from row to row, and the keys' mask."""
        queries, keys = self.queries_per_block.data, self.keys_per_block.data
        mask = keys * 4 if self.mask.data is AttentionMask.KEYS else 0
        return (queries + 2 * keys) * (self.head_dim.data + VECTOR) * 2 + mask

    @property
    def registers(self) -> int:
        """32-bit registers per thread: f32 scores and outputs, 16-bit queries, for each 16 rows of a warp."""
        fragments = self.queries_per_block.data // (16 * self.warps.data)
        return fragments * (self.keys_per_block.data + self.head_dim.data + self.head_dim.data // 2) // 2

    def flops(self, integers: Mapping[str, int]) -> int:
        return attention_flops(integers)

    def elements_touched(self, integers: Mapping[str, int], elements: Sequence[int]) -> Sequence[int]:
        return attention_touched(integers, elements)

    def verify(self) -> None:
        super().verify()
        queries, warps = self.queries_per_block.data, self.warps.data
        require(0 < warps <= 16, f"warps must be 1 to 16, got {warps}")
        require(
            queries > 0 and queries % (16 * warps) == 0, f"{warps} warps of 16 rows do not divide {queries} queries"
        )
        for name, extent in (("keys_per_block", self.keys_per_block.data), ("head_dim", self.head_dim.data)):
            require(extent > 0 and extent % 16 == 0, f"{name} is a multiple of the instruction's 16, got {extent}")
        loads_mask = self.mask.data is not AttentionMask.KEYS or self.keys_per_block.data <= 32 * warps
        require(loads_mask, f"a thread loads the mask of one key: {warps} warps are too few for a block of them")
        require(self.vector.data == 2, f"a thread holds two neighbouring outputs: vector is 2, not {self.vector.data}")
        # 255 registers is the architecture's limit; some 70 hold addresses, sums and loaded operands.
        require(self.registers <= 180, f"scores, outputs and queries need {self.registers} registers, more than 180")

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        require(target.has_async_copy, f"{target.name} has no cp.async: use cutlass.attention")
        check_operand_types(target, signature, 3 if self.mask.data is AttentionMask.NONE else 4)
        check_shared_memory(self.shared_memory, target)

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
        check_head_dim(integers, self.head_dim.data)
