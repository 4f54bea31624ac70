"""`decompose-ops`: spell out operations that no kernel computes at once, or one of another kind computes better."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from math import prod
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.context import remarks_of
from boltir.dialects.cutlass.simt_movement import MAX_CONCAT_INPUTS
from boltir.dialects.graph.enums import TO_CHANNELS_FIRST, TO_CHANNELS_LAST
from boltir.dialects.graph.linear import BatchMatmulOp, Conv2dOp, GemmOp
from boltir.dialects.graph.movement import ConcatOp, TransposeOp
from boltir.dialects.graph.pooling import ReduceOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.properties import bool_attr, ints
from boltir.dialects.tensors import Shape, normalized_axis, static_shape
from boltir.passes.support.rewriting import apply_patterns
from boltir.remarks import Remarks

ROW_ALIGNMENT = 8
"""Elements of 16 bits in the 16 bytes that matrix product kernels read at once."""


@dataclass(frozen=True)
class BroadcastBatch(RewritePattern):
    """batch_matmul(a, b) -> batch_matmul(broadcast_to(a), broadcast_to(b))

    A matrix product kernel steps over each operand's batch with one stride: the operand has the
    result's batch, or one matrix for all of it.
    """

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: BatchMatmulOp, rewriter: PatternRewriter, /) -> None:
        batch = static_shape(op.result)[:-2]
        if all(has_one_stride(static_shape(value)[:-2], batch) for value in op.operands):
            return
        build = builder_at(op, rewriter)
        operands = [build.broadcast_to(value, batch + static_shape(value)[-2:]) for value in op.operands]
        shapes = " and ".join("x".join(map(str, static_shape(value)[:-2])) for value in op.operands)
        self.remarks.passed(DecomposeOpsPass.name, op, f"batches {shapes} broadcast to {'x'.join(map(str, batch))}")
        replace_by(op, build.add(BatchMatmulOp, operands, op.properties), rewriter)


def has_one_stride(operand: Shape, batch: Shape) -> bool:
    """Whether a kernel can step over batch dimensions `operand` of a product with dimensions `batch`."""
    return prod(operand) in (1, prod(batch))


@dataclass(frozen=True)
class SplitReduction(RewritePattern):
    """A reduction over axes that do not lie together -> one reduction after the other

    The mean of means is the mean, for all parts have the same size.
    """

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ReduceOp, rewriter: PatternRewriter, /) -> None:
        groups = runs_of_axes(op)
        if len(groups) < 2:
            return
        build, value = builder_at(op, rewriter), op.input
        for axes in reversed(groups):
            value = build.add(type(op), [value], {"axes": ints(axes), "keepdims": bool_attr(True)})
        self.remarks.passed(DecomposeOpsPass.name, op, f"reduces over axes {groups} one after the other")
        replace_by(op, build.reshape(value, static_shape(op.result)), rewriter)


def runs_of_axes(op: ReduceOp) -> list[list[int]]:
    """The reduced axes, split where a dimension larger than 1 lies between them."""
    axes = {normalized_axis(axis, len(op.shape)) for axis in op.axes.get_values()}
    wide = [axis for axis, extent in enumerate(op.shape) if extent > 1]
    runs = groupby(wide, key=lambda axis: axis in axes)
    return [list(run) for reduced, run in runs if reduced]


@dataclass(frozen=True)
class SplitConcat(RewritePattern):
    """concat(a, b, ...) of more tensors than one kernel joins -> concat(concat(a, ...), ...)"""

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ConcatOp, rewriter: PatternRewriter, /) -> None:
        parts = op.operands
        if len(parts) <= MAX_CONCAT_INPUTS:
            return
        build, axis = builder_at(op, rewriter), normalized_axis(op.axis.value.data, len(static_shape(op.result)))
        groups = [parts[i : i + MAX_CONCAT_INPUTS] for i in range(0, len(parts), MAX_CONCAT_INPUTS)]
        self.remarks.passed(DecomposeOpsPass.name, op, f"joins {len(parts)} tensors in {len(groups)} groups")
        replace_by(op, build.concat([build.concat(group, axis) for group in groups], axis), rewriter)


@dataclass(frozen=True)
class PixelConvolution(RewritePattern):
    """conv2d of an image of one pixel by a 1x1 filter -> gemm, which has kernels for few rows"""

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Conv2dOp, rewriter: PatternRewriter, /) -> None:
        n, h, w, c = op.spatial_first(static_shape(op.input))
        k, r, s, _ = op.spatial_first(static_shape(op.filter))
        if h * w * r * s > 1 or any(op.padding.get_values()) or op.groups.value.data > 1:
            return
        build = builder_at(op, rewriter)
        operands = [build.reshape(op.input, (n, c)), build.reshape(op.filter, (k, c))]
        product = build.add(GemmOp, operands, {"transpose_b": bool_attr(True)})
        self.remarks.passed(DecomposeOpsPass.name, op, f"{n} pixels by a 1x1 filter: a product of {n} x {c} x {k}")
        replace_by(op, build.reshape(product, static_shape(op.result)), rewriter)


@dataclass(frozen=True)
class PatchConvolution(RewritePattern):
    """conv2d of patches side by side, of an image that was channels-first -> gemm of the patches as rows

    The image has to be moved anyway, and the rows of a patch lie together in it.
    """

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Conv2dOp, rewriter: PatternRewriter, /) -> None:
        image, (k, r, s, c) = op.input.owner, op.spatial_first(static_shape(op.filter))
        if not isinstance(image, TransposeOp) or image.permutation.get_values() != TO_CHANNELS_LAST:
            return
        if not op.channels_last or not op.input.has_one_use() or not takes_patches(op):
            return
        if c * r * s % ROW_ALIGNMENT:
            self.remarks.missed(DecomposeOpsPass.name, op, f"no product of patches: {c}x{r}x{s} numbers are unaligned")
            return
        n, p, q, _ = static_shape(op.result)
        build = builder_at(op, rewriter)
        patches = build.transpose(build.reshape(image.input, (n, c, p, r, q, s)), (0, 2, 4, 1, 3, 5))
        operands = [build.reshape(patches, (n * p * q, c * r * s))]
        operands.append(build.reshape(build.transpose(op.filter, TO_CHANNELS_FIRST), (k, c * r * s)))
        product = build.add(GemmOp, operands, {"transpose_b": bool_attr(True)})
        self.remarks.passed(DecomposeOpsPass.name, op, f"a product of {n * p * q} patches of {c}x{r}x{s} numbers")
        replace_by(op, build.reshape(product, static_shape(op.result)), rewriter)


def takes_patches(op: Conv2dOp) -> bool:
    """Whether every pixel belongs to exactly one window."""
    _, h, w, _ = op.spatial_first(static_shape(op.input))
    _, r, s, _ = op.spatial_first(static_shape(op.filter))
    is_dense = op.groups.value.data == 1 and set(op.dilations.get_values()) == {1}
    return is_dense and op.strides.get_values() == (r, s) and not any(op.padding.get_values()) and not (h % r or w % s)


@dataclass(frozen=True)
class DecomposeOpsPass(ModulePass):
    """Operations become such as one kernel each can compute, and computes well."""

    name: ClassVar[str] = "decompose-ops"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        remarks = remarks_of(ctx)
        patterns = (BroadcastBatch, SplitReduction, SplitConcat, PixelConvolution, PatchConvolution)
        apply_patterns(op, *(pattern(remarks) for pattern in patterns))
