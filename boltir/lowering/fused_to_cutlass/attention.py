"""fused.attention -> cutlass.attention_sm90, cutlass.attention_sm80 or cutlass.attention: the family and its tile."""

from collections.abc import Iterator

from xdsl.ir import BlockArgument
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.attention import ATTENTION_PARAMETERS, AttentionAttr, LibraryAttentionAttr
from boltir.dialects.cutlass.attention_sm80 import MASK_PARAMETERS, AttentionMask, AttentionSm80Attr
from boltir.dialects.cutlass.attention_sm90 import AttentionSchedule, AttentionSm90Attr
from boltir.dialects.fused import AttentionOp
from boltir.dialects.tensors import static_shape
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection, signature_of
from boltir.lowering.fused_to_cutlass.simt.frame import float_bits, frame, selected
from boltir.lowering.fused_to_cutlass.strides import broadcast_strides
from boltir.target import Target

HOPPER_HEAD_DIMS = (32, 64, 128)

FEWEST_HOPPER_KEYS = 65
"""More keys than one tile of `attention_sm80`. Measured on an H100 at batch 32 with 12 heads of 64, in microseconds:
that takes 5.3 for 40 queries and keys, 7.9 for 64, 13.6 for 96, 36.0 for 197, the Hopper one 9.1, 9.3, 8.9, 27.5."""

FEWEST_QUERIES_OF_LARGE_TILES = 512
"""Measured on an H100 with heads of 64, in microseconds: with 128 queries per block 1024 queries take 152 instead of
169 (batch 8, 16 heads), 197 take 38.1 instead of 37.0 (batch 32, 12 heads)."""


def attention_answers(op: AttentionOp, target: Target) -> Iterator[Selection | Refusal]:
    """What each family says to `op`, the fastest for its lengths first."""
    keys = static_shape(op.inputs[1])[1]
    if target.has_warpgroup_mma and keys >= FEWEST_HOPPER_KEYS:
        yield select_attention_sm90(op, target)
    if target.has_async_copy:
        yield select_attention_sm80(op, target)
    yield select_attention(op, target)


def select_attention_sm90(op: AttentionOp, target: Target) -> Selection | Refusal:
    """The Hopper template; heads between its sizes are filled up with zeros."""
    head_dim = op.head_dim.value.data
    tile = next((size for size in HOPPER_HEAD_DIMS if head_dim <= size), None)
    if tile is None:
        return Refusal(f"heads of {head_dim} columns exceed the {HOPPER_HEAD_DIMS[-1]} of attention_sm90")
    schedule = AttentionSchedule.PINGPONG.value
    template = AttentionSm90Attr.of(queries_per_block=128, keys_per_block=128, head_dim=tile, schedule=schedule)
    return _library_selection(op, template, target)


def select_attention(op: AttentionOp, target: Target) -> Selection | Refusal:
    """The 2.x template: a block of four warps whose outputs, as wide as the heads, stay in registers."""
    head_dim = op.head_dim.value.data
    if head_dim > 128:
        return Refusal(f"heads of {head_dim} columns exceed the 128 of attention")
    queries, keys = (64, 64) if head_dim <= 64 else (32, 128)
    return _library_selection(
        op, AttentionAttr.of(queries_per_block=queries, keys_per_block=keys, head_dim=keys), target
    )


def _library_selection(op: AttentionOp, template: LibraryAttentionAttr, target: Target) -> Selection | Refusal:
    stored = op.epilogue_yield.values[0]
    if len(op.inputs) > 3:
        return Refusal(f"{template.family} takes no mask")
    if op.epilogue_operands or not isinstance(stored, BlockArgument):
        return Refusal(f"{template.family} stores its result as it is, without an epilogue")
    values = launch_integers(op)
    try:
        template.check_legal(target, signature_of(op))
        template.check_launch(values)
    except VerifyException as error:
        return Refusal(str(error))
    return Selection(template, values)


def select_attention_sm80(op: AttentionOp, target: Target) -> Selection | Refusal:
    """boltir's own template: tiles of 64 keys, and heads in steps of 16 columns."""
    head_dim, mask = op.head_dim.value.data, mask_kind(op)
    large = (
        head_dim <= 64
        and mask is not AttentionMask.SCORES
        and static_shape(op.inputs[0])[1] >= FEWEST_QUERIES_OF_LARGE_TILES
    )
    given = frame(op, (), most=2)
    values = launch_integers(op) | mask_strides(op)

    def build() -> AttentionSm80Attr:
        template = AttentionSm80Attr.of(
            queries_per_block=128 if large else 64,
            keys_per_block=64,
            head_dim=-(-head_dim // 16) * 16,
            warps=4,
            mask=mask.value,
            **given.parameters,
        )
        template.check_launch(values)
        return template

    return selected(build, {**values, **given.arguments}, op, target)


def launch_integers(op: AttentionOp) -> dict[str, int]:
    """The integers of every attention kernel."""
    (batch, queries, q_width), (_, keys, k_width), (_, _, v_width) = map(static_shape, op.inputs[:3])
    sizes = (batch, op.heads.value.data, queries, keys, op.head_dim.value.data, q_width, k_width, v_width)
    scale = float_bits(op.scale.value.data)
    return dict(zip(ATTENTION_PARAMETERS, (*sizes, *op.offsets.get_values(), scale), strict=True))


def mask_kind(op: AttentionOp) -> AttentionMask:
    """Whether the mask of `op` differs between the queries of a head."""
    if len(op.inputs) == 3:
        return AttentionMask.NONE
    return AttentionMask.KEYS if static_shape(op.inputs[3])[2] == 1 else AttentionMask.SCORES


def mask_strides(op: AttentionOp) -> dict[str, int]:
    """How the mask is read over the scores."""
    names = MASK_PARAMETERS[AttentionMask.SCORES]
    if len(op.inputs) == 3:
        return {}
    scores = (*static_shape(op.inputs[0])[:1], op.heads.value.data, *(static_shape(x)[1] for x in op.inputs[:2]))
    strides = dict(zip(names, broadcast_strides(static_shape(op.inputs[3]), scores), strict=True))
    return {name: strides[name] for name in MASK_PARAMETERS[mask_kind(op)]}
