"""`fold-batch-norm`: no batch_norm is left; most become part of the weights before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.context import remarks_of
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.constants import depends_on_weights_only
from boltir.dialects.graph.elementwise import AddOp, MulOp, RsqrtOp, SubOp
from boltir.dialects.graph.linear import BiasAddOp, Conv2dOp, ConvTranspose2dOp, GemmOp
from boltir.dialects.graph.normalization import BatchNormOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.properties import int_attr
from boltir.dialects.tensors import Shape, element_type, normalized_axis, static_shape
from boltir.passes.support.rewriting import apply_patterns
from boltir.remarks import Remarks, location_text

Anchor = Conv2dOp | ConvTranspose2dOp | GemmOp


def channel_axis(op: Anchor) -> int:
    """The axis of the result that counts output channels."""
    if isinstance(op, GemmOp):
        return 1
    return 3 if op.channels_last else 1


def filter_channel_axis(op: Anchor) -> int:
    """The axis of the weight operand that counts output channels (of one group)."""
    if isinstance(op, GemmOp):
        return 0 if op.transpose_b.value.data else 1
    if isinstance(op, ConvTranspose2dOp):
        return 3 if op.channels_last else 1
    return 0


@dataclass(frozen=True)
class Site:
    """What is before a batch_norm.

    Attributes:
        anchor: the convolution or matrix product whose weights can absorb a scale.
        bias: the bias_add between anchor and batch_norm, if there is one.
    """

    anchor: Anchor
    bias: BiasAddOp | None


def find_site(norm: BatchNormOp) -> Site | str:
    """What `norm` can be folded into, or why it cannot be."""
    axis, rank = norm.axis.value.data, len(static_shape(norm.input))
    before, bias = norm.input.owner, None
    if isinstance(before, BiasAddOp) and isinstance(before.input.owner, Anchor):
        bias, before = before, before.input.owner
    if not isinstance(before, Anchor):
        return (
            f"its input is the result of {before.name}" if isinstance(before, GraphOp) else "its input is an argument"
        )
    where = f"{before.name} {location_text(before)}".strip()
    for op in (before, bias):
        if op is not None and not op.result.has_one_use():
            return f"{op.name} before it has other uses"
    axes = [axis] if bias is None else [axis, bias.axis.value.data]
    if any(normalized_axis(axis, rank) != channel_axis(before) for axis in axes):
        return f"it is not along the output channels of {where}"
    if not depends_on_weights_only(before.operands[1]):
        return f"the second operand of {where} is no weight"
    if isinstance(before, ConvTranspose2dOp) and before.groups.value.data > 1:
        return f"{where} has {before.groups.value.data} groups"
    return Site(before, bias)


def scale_and_shift(norm: BatchNormOp, build: GraphBuilder) -> tuple[SSAValue, SSAValue]:
    """(a, b) such that batch_norm(x) = a * x + b per channel."""
    one = TensorType(element_type(norm.variance), [1])
    epsilon = build.splat(norm.epsilon.value.data, one)
    deviation = build.add(RsqrtOp, [build.add(AddOp, [norm.variance, epsilon])])
    scale = build.add(MulOp, [norm.scale, deviation])
    return scale, build.add(SubOp, [norm.bias, build.add(MulOp, [norm.mean, scale])])


def along_axis(vector: SSAValue, axis: int, rank: int, build: GraphBuilder) -> SSAValue:
    """`vector` as a tensor of `rank` dimensions that spreads along `axis`."""
    shape: Shape = (1,) * axis + static_shape(vector) + (1,) * (rank - axis - 1)
    return build.reshape(vector, shape)


@dataclass(frozen=True)
class FoldIntoWeights(RewritePattern):
    """batch_norm(anchor(x, w) + c) -> anchor(x, a * w) + (a * c + b)"""

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: BatchNormOp, rewriter: PatternRewriter, /) -> None:
        site = find_site(op)
        if isinstance(site, str):
            return
        build, anchor = builder_at(op, rewriter), site.anchor
        scale, shift = scale_and_shift(op, build)
        if site.bias is not None:
            shift = build.add(AddOp, [shift, build.add(MulOp, [site.bias.bias, scale])])
        x, weight = anchor.operands
        spread = along_axis(scale, filter_channel_axis(anchor), len(static_shape(weight)), build)
        scaled = build.add(MulOp, [weight, spread])
        at_anchor = GraphBuilder(rewriter, anchor.location)
        product = at_anchor.add(type(anchor), [x, scaled], anchor.properties)
        self.remarks.passed(FoldBatchNormPass.name, op, f"folded into {anchor.name} {location_text(anchor)}".rstrip())
        replace_by(op, build.add(BiasAddOp, [product, shift], {"axis": int_attr(channel_axis(anchor))}), rewriter)


@dataclass(frozen=True)
class ScaleAndShift(RewritePattern):
    """batch_norm(x) -> a * x + b"""

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: BatchNormOp, rewriter: PatternRewriter, /) -> None:
        reason = find_site(op)
        self.remarks.missed(FoldBatchNormPass.name, op, f"became a scale and a shift: {reason}")
        build, rank = builder_at(op, rewriter), len(static_shape(op.input))
        axis = normalized_axis(op.axis.value.data, rank)
        scale, shift = scale_and_shift(op, build)
        scaled = build.add(MulOp, [op.input, along_axis(scale, axis, rank, build)])
        replace_by(op, build.add(BiasAddOp, [scaled, shift], {"axis": int_attr(axis)}), rewriter)


@dataclass(frozen=True)
class FoldBatchNormPass(ModulePass):
    """Batch normalisations become part of the weights before them, or a scale and a shift per channel."""

    name: ClassVar[str] = "fold-batch-norm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        remarks = remarks_of(ctx)
        apply_patterns(op, FoldIntoWeights(remarks), ScaleAndShift(remarks))
