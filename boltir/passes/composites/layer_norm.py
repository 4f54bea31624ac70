"""Layer normalisation as exports before ONNX opset 17 write it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects.builtin import TensorType
from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.constants import splat_value
from boltir.dialects.graph.elementwise import AddOp, DivOp, MulOp, PowOp, ReciprocalOp, RsqrtOp, SqrtOp, SubOp
from boltir.dialects.graph.linear import BiasAddOp
from boltir.dialects.graph.normalization import LayerNormOp
from boltir.dialects.graph.pooling import ReduceMeanOp
from boltir.dialects.graph.rewriting import builder_at, replace_by, replace_by_op
from boltir.dialects.properties import float_attr, int_attr
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import element_type, normalized_axis, static_shape
from boltir.passes.composites.activations import NAME
from boltir.passes.composites.matching import is_square, shifted
from boltir.remarks import Remarks

Centred = tuple[SSAValue, int]
"""(x, axis): a value with its mean over the dimensions from `axis` on subtracted."""


def trailing_axis(op: ReduceMeanOp) -> int | None:
    """The first of the axes if they are the last ones and stay as dimensions of 1."""
    rank = len(op.shape)
    axes = sorted(normalized_axis(axis, rank) for axis in op.axes.get_values())
    if not axes or not op.keepdims.value.data or axes != list(range(rank - len(axes), rank)):
        return None
    return axes[0]


def centred(value: SSAValue) -> Centred | None:
    """x and the axis if `value` is x - mean(x)."""
    op = value.owner
    if not isinstance(op, SubOp) or not isinstance(mean := op.rhs.owner, ReduceMeanOp) or mean.input is not op.lhs:
        return None
    axis = trailing_axis(mean)
    return None if axis is None else (op.lhs, axis)


def squared(value: SSAValue) -> SSAValue | None:
    """y if `value` is y * y."""
    op = value.owner
    return op.lhs if isinstance(op, MulOp | PowOp) and is_square(value, op.lhs) else None


def variance(value: SSAValue) -> Centred | None:
    """x and the axis if `value` is mean((x - mean(x))**2)."""
    op = value.owner
    if not isinstance(op, ReduceMeanOp) or (base := squared(op.input)) is None:
        return None
    found = centred(base)
    return found if found is not None and trailing_axis(op) == found[1] else None


def quotients(value: SSAValue) -> Iterator[tuple[SSAValue, SSAValue]]:
    """Every (y, v) such that `value` is y / sqrt(v)."""
    op = value.owner
    if isinstance(op, DivOp) and isinstance(root := op.rhs.owner, SqrtOp):
        yield op.lhs, root.input
    if not isinstance(op, MulOp):
        return
    for y, inverse in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
        if isinstance(rsqrt := inverse.owner, RsqrtOp):
            yield y, rsqrt.input
        if isinstance(reciprocal := inverse.owner, ReciprocalOp | DivOp):
            divisor = reciprocal.operands[-1].owner
            is_inverse = isinstance(reciprocal, ReciprocalOp) or splat_value(reciprocal.lhs) == 1
            if is_inverse and isinstance(divisor, SqrtOp):
                yield y, divisor.input


def standardized(value: SSAValue) -> tuple[SSAValue, int, float] | None:
    """(x, axis, epsilon) if `value` is (x - mean) / sqrt(variance + epsilon)."""
    for numerator, radicand in quotients(value):
        spread, epsilon = shifted(radicand)
        found = centred(numerator)
        if found is not None and epsilon > 0 and found == variance(spread):
            return (*found, epsilon)
    return None


def terms(op: AddOp | BiasAddOp) -> Iterator[tuple[SSAValue, SSAValue]]:
    """Every (y, b) such that `op` is y + b, where b spreads along the last dimensions."""
    lhs, rhs = op.operands
    if isinstance(op, AddOp):
        yield lhs, rhs
        yield rhs, lhs
    elif normalized_axis(op.axis.value.data, len(static_shape(lhs))) == len(static_shape(lhs)) - 1:
        yield lhs, rhs


def parameter_of(norm: LayerNormOp, value: SSAValue, build: GraphBuilder) -> SSAValue | None:
    """`value` as scale or bias of `norm`; None if it does not spread over the normalised dimensions alone."""
    normalized, shape = static_shape(norm.scale), static_shape(value)
    stripped = shape[max(len(shape) - len(normalized), 0) :]
    fits = stripped == normalized and element_count(shape) == element_count(normalized)
    return build.reshape(value, normalized) if fits else None


@dataclass(frozen=True)
class RecognizeLayerNorm(RewritePattern):
    """(x - mean) / sqrt(variance + epsilon) -> layer_norm(x) with scale 1 and bias 0"""

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: DivOp | MulOp, rewriter: PatternRewriter, /) -> None:
        if (found := standardized(op.result)) is None:
            return
        x, axis, epsilon = found
        self.remarks.passed(NAME, op, "recognised graph.layer_norm")
        build = builder_at(op, rewriter)
        kind = TensorType(element_type(x), static_shape(x)[axis:])
        operands = [x, build.splat(1.0, kind), build.splat(0.0, kind)]
        properties = {"axis": int_attr(axis), "epsilon": float_attr(epsilon)}
        replace_by(op, build.add(LayerNormOp, operands, properties), rewriter)


class ScaleLayerNorm(RewritePattern):
    """layer_norm(x) * s -> layer_norm(x) with scale s, if it has scale 1 and bias 0"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MulOp, rewriter: PatternRewriter, /) -> None:
        for y, factor in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
            norm = y.owner
            if not isinstance(norm, LayerNormOp) or not y.has_one_use():
                continue
            if splat_value(norm.scale) != 1 or splat_value(norm.bias) != 0:
                continue
            scale = parameter_of(norm, factor, builder_at(op, rewriter))
            if scale is not None:
                replace_by_op(op, LayerNormOp, [norm.input, scale, norm.bias], norm.properties, rewriter)
                return


class ShiftLayerNorm(RewritePattern):
    """layer_norm(x) + b -> layer_norm(x) with bias b, if it has bias 0"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: AddOp | BiasAddOp, rewriter: PatternRewriter, /) -> None:
        for y, term in terms(op):
            norm = y.owner
            if not isinstance(norm, LayerNormOp) or not y.has_one_use() or splat_value(norm.bias) != 0:
                continue
            bias = parameter_of(norm, term, builder_at(op, rewriter))
            if bias is not None:
                replace_by_op(op, LayerNormOp, [norm.input, norm.scale, bias], norm.properties, rewriter)
                return
