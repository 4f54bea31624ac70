"""`#cutlass.attention_sm90`: the fused attention of CUTLASS 3.x for Hopper (example 88)."""

from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.cutlass.attention import LibraryAttentionAttr
from boltir.dialects.cutlass.matrix import require
from boltir.dialects.cutlass.template import KernelSignature
from boltir.target import Target


class AttentionSchedule(StrEnum):
    """How the warpgroups share the work (example 88, fmha_kernel_builder.hpp).

    cooperative: one loads, two compute halves of a block of queries; a threadblock per block.
    pingpong: the same in persistent threadblocks, whose next queries load under the current ones.
    """

    COOPERATIVE = "cooperative"
    PINGPONG = "pingpong"


@irdl_attr_definition
class AttentionScheduleAttr(EnumAttribute[AttentionSchedule], SpacedOpaqueSyntaxAttribute):
    name = "cutlass.attention_schedule"


@irdl_attr_definition
class AttentionSm90Attr(LibraryAttentionAttr):
    """CUTLASS 3.x for Hopper (example 88): TMA and wgmma, scores and outputs in registers."""

    name = "cutlass.attention_sm90"
    schedule: AttentionScheduleAttr

    def shared_memory(self, target: Target) -> int:
        """The queries, five stages of keys or values, the staged output of persistent blocks, and barriers."""
        queries, keys, head_dim = self.queries_per_block.data, self.keys_per_block.data, self.head_dim.data
        output = queries * head_dim * 2 if self.schedule.data is AttentionSchedule.PINGPONG else 0
        return (queries + 5 * keys) * head_dim * 2 + output + 1024

    def verify(self) -> None:
        queries, keys, head_dim = self.queries_per_block.data, self.keys_per_block.data, self.head_dim.data
        require(queries == 128, f"two warpgroups of 64 rows compute 128 queries per block, not {queries}")
        require(keys in (64, 128), f"keys_per_block is 64 or 128, got {keys}")
        require(head_dim in (32, 64, 128), f"head_dim is 32, 64 or 128, got {head_dim}")

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        require(target.has_warpgroup_mma, f"{target.name} has no wgmma and TMA: use cutlass.attention_sm80")
        super().check_legal(target, signature)
