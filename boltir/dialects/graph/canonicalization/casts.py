"""Casts that change nothing, and casts that a later kernel can do."""

from __future__ import annotations

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type, IntegerType, Signedness
from xdsl.ir import Attribute
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.utils.hints import isa

from boltir.dialects.graph.elementwise import CastOp
from boltir.dialects.graph.movement import PadOp, ReshapeOp, SliceOp, TransposeOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.graph.unfold import UnfoldOp
from boltir.dialects.tensors import element_type

INTEGER_DIGITS: dict[type[Attribute], int] = {BFloat16Type: 8, Float16Type: 11, Float32Type: 24}
"""Bits of the integers, without sign, that each float type holds exactly."""


def is_lossless(source: Attribute, target: Attribute) -> bool:
    """Whether every value of `source` is one of `target`."""
    if source == target:
        return True
    if isa(source, IntegerType):
        if source.signedness.data == Signedness.UNSIGNED:
            return False
        if isa(target, IntegerType):
            return target.signedness.data != Signedness.UNSIGNED and source.width.data <= target.width.data
        return source.width.data <= INTEGER_DIGITS.get(type(target), 0)
    return isinstance(source, Float16Type | BFloat16Type) and isinstance(target, Float32Type)


class DropIdentityCast(RewritePattern):
    """cast to the same type -> x"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: CastOp, rewriter: PatternRewriter, /) -> None:
        if op.result.type == op.input.type:
            replace_by(op, op.input, rewriter)


class ComposeCasts(RewritePattern):
    """cast(cast(x)) -> cast(x), if the first cast loses nothing"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: CastOp, rewriter: PatternRewriter, /) -> None:
        if isinstance(inner := op.input.owner, CastOp) and is_lossless(inner.element_type, op.element_type):
            replace_by(op, builder_at(op, rewriter).cast(inner.input, element_type(op.result)), rewriter)


class SinkNarrowingCast(RewritePattern):
    """movement(cast(x)) -> cast(movement(x)), for a cast to fewer bits: the kernel that moves can store them"""

    @op_type_rewrite_pattern
    def match_and_rewrite(
        self, op: PadOp | ReshapeOp | SliceOp | TransposeOp | UnfoldOp, rewriter: PatternRewriter, /
    ) -> None:
        cast = op.input.owner
        if not isinstance(cast, CastOp) or not cast.result.has_one_use() or not is_narrowing(cast):
            return
        build = builder_at(op, rewriter)
        replace_by(op, build.cast(build.add(type(op), [cast.input], op.properties), element_type(op.result)), rewriter)


def is_narrowing(cast: CastOp) -> bool:
    """Whether `cast` is from a float to one of fewer bits."""
    source, target = cast.element_type, element_type(cast.result)
    return isinstance(source, Float32Type) and isinstance(target, Float16Type | BFloat16Type)


CAST_PATTERNS = (
    (CastOp, DropIdentityCast()),
    (CastOp, ComposeCasts()),
    *((op, SinkNarrowingCast()) for op in (PadOp, ReshapeOp, SliceOp, TransposeOp, UnfoldOp)),
)
