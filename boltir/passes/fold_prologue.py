"""`fold-prologue`: what scales an operand of a product becomes part of its weight, or scales its result instead."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import ClassVar

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import AnyFloat, ModuleOp, TensorType
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from boltir.context import remarks_of
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.canonicalization.linear import exchanges_matrix
from boltir.dialects.graph.constants import splat_value
from boltir.dialects.graph.elementwise import DivOp, MulOp
from boltir.dialects.graph.linear import ConvTranspose2dOp, MatrixProductOp, WindowedConvolutionOp
from boltir.dialects.graph.movement import ReshapeOp, TransposeOp
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import element_type, static_shape
from boltir.passes.support.rewriting import erase_unused, graph_ops
from boltir.remarks import Remarks

Product = MatrixProductOp | WindowedConvolutionOp

WEIGHT_RANGE = 2.0**4
"""Scalars from its reciprocal to it go into weights, which keep the digits of f16 then; others scale the result."""
OPERAND_RANGE = 2.0**8
"""Scalars beyond stay where they are: without them, the operand might leave the range of f16."""


@dataclass(frozen=True)
class Scaling:
    """`op` computes x * factor or x / factor, which has the type of x.

    Attributes:
        scalar: what x is multiplied by, if that is one known number.
        axis: the axis of x along which the factor varies; None if it is one number.
    """

    op: MulOp | DivOp
    x: SSAValue
    factor: SSAValue
    scalar: float | None
    axis: int | None

    def apply(self, value: SSAValue, axis: int, build: GraphBuilder) -> SSAValue:
        """`value` scaled in the same way along its own `axis`."""
        if self.scalar is not None:
            return build.add(MulOp, [value, build.splat(self.scalar, TensorType(element_type(value), ()))])
        extent, behind = element_count(static_shape(self.factor)), len(static_shape(value)) - 1 - axis
        return build.add(type(self.op), [value, build.reshape(self.factor, (extent, *(1,) * behind))])


def find_scaling(op: GraphOp, weights: Container[SSAValue]) -> Scaling | None:
    """How `op` scales a float tensor by one of `weights` that varies along one axis at most."""
    if not isinstance(op, MulOp | DivOp) or not isinstance(element_type(op.result), AnyFloat):
        return None
    candidates = ((op.lhs, op.rhs), (op.rhs, op.lhs))
    for x, factor in candidates if isinstance(op, MulOp) else candidates[:1]:
        if x.type != op.result.type or x in weights or factor not in weights:
            continue
        number = splat_value(factor)
        if number is not None:
            scalar = number if isinstance(op, MulOp) else 1 / number if number else 0.0
            return Scaling(op, x, factor, scalar, None)
        rank, extents = len(static_shape(x)), static_shape(factor)
        varying = [rank - len(extents) + i for i, extent in enumerate(extents) if extent > 1]
        if len(varying) <= 1:
            return Scaling(op, x, factor, None, varying[0] if varying else None)
    return None


def summed_axes(op: Product) -> tuple[int, int] | None:
    """The axes of the two operands over which `op` sums together; None for a convolution of several groups."""
    if isinstance(op, MatrixProductOp):
        a, b = (len(static_shape(value)) for value in (op.a, op.b))
        return a - (2 if op.transpose_a.value.data else 1), b - (1 if op.transpose_b.value.data else 2)
    channels = 3 if op.channels_last else 1
    if isinstance(op, ConvTranspose2dOp):
        return channels, 0
    return (channels, channels) if op.groups.value.data == 1 else None


def weights_only(ops: Iterable[GraphOp]) -> set[SSAValue]:
    """The results of those of `ops`, which are in order, that are computed from weights and constants alone."""
    values: set[SSAValue] = set()
    for op in ops:
        if all(operand in values for operand in op.operands):
            values.add(op.result)
    return values


@dataclass
class PrologueFolder:
    """Folds single scalings of tensors that products read.

    Attributes:
        weights: the values that are computed from weights and constants alone.
    """

    remarks: Remarks
    weights: set[SSAValue]

    def visit(self, op: GraphOp) -> None:
        if isinstance(op, TransposeOp):
            self._explain(op)
        elif (scaling := find_scaling(op, self.weights)) is not None:
            self._visit(op, scaling)

    def _explain(self, op: TransposeOp) -> None:
        """Canonicalization has made what can be a property of a product that property."""
        is_read = any(isinstance(use.operation, MatrixProductOp) for use in op.result.uses)
        if is_read and op.result not in self.weights and not exchanges_matrix(op):
            reason = "products read rows and columns in either order, but no other permutation"
            self.remarks.missed(FoldProloguePass.name, op, f"not folded into a product: {reason}", reason=reason)

    def _visit(self, op: GraphOp, scaling: Scaling) -> None:
        readers = [(use.operation, use.index) for use in op.result.uses]
        products = [(reader, index) for reader, index in readers if isinstance(reader, Product)]
        if not products:
            return
        if len(products) < len(readers):
            reason = "something else needs the scaled tensor, too"
        else:
            reason = self._fold(scaling, products)
        if reason is not None:
            self.remarks.missed(FoldProloguePass.name, op, f"not folded into a product: {reason}", reason=reason)

    def _fold(self, scaling: Scaling, products: list[tuple[Product, int]]) -> str | None:
        """Fold `scaling` into all `products` that read it, given with the operand's index; or why that cannot be."""
        size = 1.0 if scaling.scalar is None else abs(scaling.scalar)
        if not 1 / OPERAND_RANGE <= size <= OPERAND_RANGE:
            return f"without the factor {size:g} the tensor might leave the range of f16"
        refusals = list(filter(None, (self._refusal(scaling, op, index) for op, index in products)))
        if not refusals and 1 / WEIGHT_RANGE <= size <= WEIGHT_RANGE:
            for op, index in products:
                self._scale_weight(scaling, op, index)
            return None
        if scaling.scalar is None:
            return refusals[0]
        before = scaling.x.owner
        # A transpose may become a property of the product, and a reshape is no kernel.
        if isinstance(before, GraphOp) and not isinstance(before, TransposeOp | ReshapeOp) and scaling.x.has_one_use():
            message = f"left to the epilogue of {before.name} before it"
            self.remarks.note(FoldProloguePass.name, scaling.op, message)
            return None
        for op, index in products:
            self._scale_result(scaling, op, index)
        return None

    def _refusal(self, scaling: Scaling, op: Product, index: int) -> str | None:
        """Why the other operand of `op`, whose operand `index` is scaled, cannot take the scaling; None if it can."""
        other = op.operands[1 - index]
        if other not in self.weights:
            return f"the other operand of {op.name} is no weight"
        if not other.has_one_use():
            return f"the weight of {op.name} has other uses"
        if scaling.axis is None:
            return None
        axes = summed_axes(op)
        return None if axes and axes[index] == scaling.axis else f"it is not along what {op.name} sums over"

    def _scale_weight(self, scaling: Scaling, op: Product, index: int) -> None:
        """product(x * c, w) -> product(x, w * c)"""
        axes = summed_axes(op)
        axis = 0 if scaling.axis is None or axes is None else axes[1 - index]
        weight = scaling.apply(op.operands[1 - index], axis, GraphBuilder.before(op))
        op.operands[1 - index] = weight
        op.operands[index] = scaling.x
        self.weights.add(weight)
        self.remarks.passed(FoldProloguePass.name, scaling.op, f"folded into the weight of {op.name}")

    def _scale_result(self, scaling: Scaling, op: Product, index: int) -> None:
        """product(x * c, y) -> product(x, y) * c"""
        op.operands[index] = scaling.x
        build = GraphBuilder(Builder(InsertPoint.after(op)), scaling.op.location)
        scaled = scaling.apply(op.result, 0, build)
        op.result.replace_uses_with_if(scaled, lambda use: use.operation is not scaled.owner)
        self.remarks.passed(FoldProloguePass.name, scaling.op, f"scales the result of {op.name} instead")


@dataclass(frozen=True)
class FoldProloguePass(ModulePass):
    """Scalings of what products read become part of their weights or of their epilogues."""

    name: ClassVar[str] = "fold-prologue"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        ops = graph_ops(op)
        folder = PrologueFolder(remarks_of(ctx), weights_only(ops))
        # The last one first: what it scales may be scaled itself.
        for graph_op in reversed(ops):
            folder.visit(graph_op)
        erase_unused(ops)
