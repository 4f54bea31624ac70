"""`#cutlass.attention`: the fused attention of CUTLASS 2.x (example 41), and what all attention templates share.

Every launch reads Q, K and V as [batch, sequence, width]: a head is `head_dim` columns from the operand's offset on.
The scale is an f32's bits.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import BFloat16Type, Float16Type, IntAttr
from xdsl.irdl import irdl_attr_definition

from boltir.dialects.cutlass.matrix import check_shared_memory, require
from boltir.dialects.cutlass.template import KernelSignature, TemplateAttr
from boltir.target import Target

ATTENTION_PARAMETERS = (
    "batch", "heads", "queries", "keys", "head_dim",
    "q_width", "k_width", "v_width", "q_offset", "k_offset", "v_offset", "scale",
)  # fmt: skip
"""The launch integers of every attention kernel, widths and offsets in elements."""

VECTOR = 8  # 16-bit elements in the 16 bytes that one access moves
LARGEST_GRID = 65535  # threadblocks along the grid's second and third dimension


def attention_flops(integers: Mapping[str, int]) -> int:
    """Two products of `head_dim` multiplications and additions for each score."""
    batch, heads, queries, keys, head_dim = (integers[name] for name in ATTENTION_PARAMETERS[:5])
    return 4 * batch * heads * queries * keys * head_dim


def attention_touched(integers: Mapping[str, int], elements: Sequence[int]) -> Sequence[int]:
    """Of Q, K and V the columns of the heads; of a mask all."""
    batch, heads, queries, keys, head_dim = (integers[name] for name in ATTENTION_PARAMETERS[:5])
    width = heads * head_dim
    return (batch * queries * width, batch * keys * width, batch * keys * width, *elements[3:])


def check_head_dim(integers: Mapping[str, int], largest: int) -> None:
    """A launch's heads fit into the tile, and accesses of 16 bytes reach every row of them."""
    head_dim = integers["head_dim"]
    require(0 < head_dim <= largest, f"head_dim = {head_dim} is outside the template's 1 .. {largest}")
    for name in ("batch", "heads"):
        require(0 < integers[name] <= LARGEST_GRID, f"{name} = {integers[name]} is outside 1 .. {LARGEST_GRID}")


ATTENTION_DIVISORS: Mapping[str, int] = {
    **dict.fromkeys(("head_dim", "q_width", "k_width", "v_width"), VECTOR),
    **dict.fromkeys(("q_offset", "k_offset", "v_offset"), VECTOR),
}
"""head_dim, widths and offsets are multiples of one access."""


def check_operand_types(target: Target, signature: KernelSignature, inputs: int) -> None:
    """So many inputs of one 16-bit type, and outputs of that type.

    Raises:
        VerifyException: the template does not take these types.
    """
    require(len(signature.inputs) == inputs, f"the template takes {inputs} inputs, not {len(signature.inputs)}")
    element = signature.inputs[0]
    require(isinstance(element, Float16Type | BFloat16Type), f"attention is fused for f16 and bf16, not {element}")
    require(target.has_bfloat16 or not isinstance(element, BFloat16Type), f"{target.name} has no bf16 tensor cores")
    require(set(signature.inputs) == {element}, "Q, K, V and the mask have one element type")


# Only a dataclass's fields take part in the equality of its subclasses.
@dataclass(frozen=True, init=False)
class LibraryAttentionAttr(TemplateAttr, ABC):
    """What the two templates of CUTLASS share: no mask, and a result that is stored as it is."""

    queries_per_block: IntAttr
    keys_per_block: IntAttr
    head_dim: IntAttr

    @property
    def has_epilogue(self) -> bool:
        return False

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        return ATTENTION_PARAMETERS

    @property
    def divisors(self) -> Mapping[str, int]:
        return ATTENTION_DIVISORS

    @abstractmethod
    def shared_memory(self, target: Target) -> int:
        """Bytes of shared memory per threadblock."""

    def flops(self, integers: Mapping[str, int]) -> int:
        return attention_flops(integers)

    def elements_touched(self, integers: Mapping[str, int], elements: Sequence[int]) -> Sequence[int]:
        return attention_touched(integers, elements)

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_operand_types(target, signature, 3)
        require(signature.outputs == signature.inputs[:1], "the result has the element type of Q, K and V")
        require(not signature.epilogue_operands, "the template stores its result as it is")
        check_shared_memory(self.shared_memory(target), target)

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
        check_head_dim(integers, self.head_dim.data)


@irdl_attr_definition
class AttentionAttr(LibraryAttentionAttr):
    """CUTLASS 2.x (example 41, kernel_forward.h): scores pass through shared memory, outputs stay in registers."""

    name = "cutlass.attention"

    def shared_memory(self, target: Target) -> int:
        """The rings of the first product, or the scores in 16 bits and the ring of values; and the queries' sums.

        Source: kernel_forward.h, SharedStorageEpilogueAtEnd. A stage is 32 columns; with cp.async there are as many as
        the product is long, up to four.
        """
        queries, keys, head_dim = self.queries_per_block.data, self.keys_per_block.data, self.head_dim.data
        first, second = (min(4, -(-k // 32)) if target.has_async_copy else 2 for k in (head_dim, keys))
        scores = queries * (keys + 8) * 2 + second * 32 * keys * 2
        return max(first * 32 * (queries + keys) * 2, scores) + 4 * queries * (4 + keys // 32)

    def verify(self) -> None:
        queries, keys, head_dim = self.queries_per_block.data, self.keys_per_block.data, self.head_dim.data
        for name, extent in (("queries_per_block", queries), ("keys_per_block", keys)):
            require(extent > 0 and extent % 32 == 0, f"{name} is a multiple of the warp tile's 32, got {extent}")
        warps = queries * keys // 1024
        # kernel_forward.h: one thread initialises the sums of a query.
        require(queries < warps * 32, f"{warps} warps are too few for {queries} queries per block")
        # transform/pitch_linear_thread_map.h: each load of a stage must occupy every thread.
        for name, extent in (("queries_per_block", queries), ("keys_per_block", keys)):
            require(extent % (8 * warps) == 0, f"{warps} warps load {8 * warps} rows at once, {name} is {extent}")
        fits = 0 < head_dim <= keys
        require(fits, f"outputs stay in registers for heads up to keys_per_block = {keys}, not {head_dim}")
