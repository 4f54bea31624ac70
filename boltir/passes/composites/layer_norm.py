"""Layer normalisation as exports before ONNX opset 17 write it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.ir import SSAValue
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.dialects.graph.constants import splat_value
from boltir.dialects.graph.elementwise import AddOp, DivOp, MulOp, PowOp, ReciprocalOp, RsqrtOp, SqrtOp, SubOp
from boltir.dialects.graph.linear import BiasAddOp
from boltir.dialects.graph.normalization import LayerNormOp
from boltir.dialects.graph.pooling import ReduceMeanOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.properties import float_attr, int_attr
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import Shape, normalized_axis, static_shape
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


def fits(parameter: SSAValue, normalized: Shape) -> bool:
    """Whether `parameter` spreads only over the normalised dimensions."""
    shape = static_shape(parameter)
    stripped = shape[max(len(shape) - len(normalized), 0) :]
    return stripped == normalized and element_count(shape) == element_count(normalized)


@dataclass(frozen=True)
class RecognizeLayerNorm(RewritePattern):
    """(x - mean) / sqrt(variance + epsilon) * scale + bias -> layer_norm(x)"""

    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: AddOp | BiasAddOp, rewriter: PatternRewriter, /) -> None:
        for product, bias in terms(op):
            if not isinstance(product.owner, MulOp):
                continue
            for value, scale in ((product.owner.lhs, product.owner.rhs), (product.owner.rhs, product.owner.lhs)):
                found = standardized(value)
                if found is not None and self._rewrite(op, found, (scale, bias), rewriter):
                    return

    def _rewrite(
        self,
        op: AddOp | BiasAddOp,
        found: tuple[SSAValue, int, float],
        parameters: tuple[SSAValue, SSAValue],
        rewriter: PatternRewriter,
    ) -> bool:
        x, axis, epsilon = found
        normalized = static_shape(x)[axis:]
        if not all(fits(parameter, normalized) for parameter in parameters):
            shapes = " and ".join(str(parameter.type) for parameter in parameters)
            self.remarks.missed(
                NAME, op, f"no layer_norm: scale and bias {shapes} do not fit the normalised dimensions"
            )
            return False
        self.remarks.passed(NAME, op, "recognised graph.layer_norm")
        build = builder_at(op, rewriter)
        operands = [x, *(build.reshape(parameter, normalized) for parameter in parameters)]
        properties = {"axis": int_attr(axis), "epsilon": float_attr(epsilon)}
        replace_by(op, build.add(LayerNormOp, operands, properties), rewriter)
        return True
