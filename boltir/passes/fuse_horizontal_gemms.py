"""`fuse-horizontal-gemms`: products of one tensor with several weights become one product, read in parts."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from boltir.context import remarks_of
from boltir.dialects.cutlass.matrix import Math, no_tensor_cores
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.linear import BiasAddOp
from boltir.dialects.graph.movement import SliceOp
from boltir.dialects.properties import int_attr, ints
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import element_type, static_shape
from boltir.passes.lower_precision import ELEMENTS
from boltir.passes.support.product_branches import Branch, Product, branch_of, lost_user, output_axis, unfit
from boltir.passes.support.product_time import ProductTime, Saving
from boltir.passes.support.rewriting import erase_unused, graph_ops
from boltir.precision import Precision
from boltir.remarks import Remarks
from boltir.target import Target

ALIGNMENT = 8
"""Columns at whose multiples kernels can begin to read rows of 16-bit elements 16 bytes at a time."""


def merge(branches: Sequence[Branch]) -> None:
    """Replace `branches`, which have equal keys, by columns of one product in the place of the first."""
    first = branches[0].product
    build = GraphBuilder.before(first)
    weight = build.concat([_copied(branch.product.operands[1], build) for branch in branches], output_axis(first))
    joined = build.add(type(first), [first.operands[0], weight], first.properties)
    if any(branch.bias is not None for branch in branches):
        vector = build.concat([_bias(branch, build) for branch in branches], 0)
        joined = build.add(BiasAddOp, [joined, vector], {"axis": int_attr(len(static_shape(joined)) - 1)})
    begins = accumulate((branch.columns for branch in branches), initial=0)
    parts = [_columns(joined, begin, branch, build) for begin, branch in zip(begins, branches, strict=False)]
    for branch, part in zip(branches, parts, strict=True):
        Rewriter.replace_op(branch.last, [], [part])
        if branch.bias is not None:
            Rewriter.erase_op(branch.product)


def _copied(value: SSAValue, build: GraphBuilder) -> SSAValue:
    """`value`, which is computed from weights alone but maybe only later, at the place of `build`."""
    owner = value.owner
    assert isinstance(owner, GraphOp)
    return build.insert(owner.clone({operand: _copied(operand, build) for operand in owner.operands}))


def _bias(branch: Branch, build: GraphBuilder) -> SSAValue:
    if branch.bias is not None:
        return _copied(branch.bias.bias, build)
    return build.splat(0, TensorType(element_type(branch.product.result), [branch.columns]))


def _columns(value: SSAValue, begin: int, branch: Branch, build: GraphBuilder) -> SSAValue:
    """What `branch` gives, which is the columns of `value` from `begin` on."""
    shape = static_shape(branch.last.result)
    offsets, ones = (0,) * (len(shape) - 1) + (begin,), (1,) * len(shape)
    bounds = {"offsets": ints(offsets), "sizes": ints(shape), "strides": ints(ones)}
    return GraphBuilder(build.builder, branch.last.location).add(SliceOp, [value], bounds)


@dataclass(frozen=True)
class FuseHorizontalGemmsPass(ModulePass):
    """Matrix products and convolutions that read one tensor become one, which is read in parts.

    Attention reads query, key and value in place, as columns of longer rows. For all others a part has to be stored
    by itself (`fold-into-store`), which pays where it saves launches or reads of the input that take long enough.

    Attributes:
        target: the GPU, whose rates decide.
        dtype: the precision in which the kernels will compute.
    """

    name: ClassVar[str] = "fuse-horizontal-gemms"
    target: str = "sm_80"
    dtype: str = "f16"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        ops, remarks = graph_ops(op), remarks_of(ctx)
        readers: dict[SSAValue, list[Product]] = {}
        for graph_op in ops:
            if isinstance(graph_op, Product):
                readers.setdefault(graph_op.operands[0], []).append(graph_op)
        for products in readers.values():
            if len(products) > 1:
                self._fuse_readers(products, remarks)
        erase_unused([graph_op for graph_op in ops if graph_op.parent is not None])

    def _fuse_readers(self, products: Sequence[Product], remarks: Remarks) -> None:
        """Join what can be joined of `products`, which read one tensor."""
        groups: dict[tuple[bool, Hashable], list[Branch]] = {}
        for product in products:
            branch = branch_of(product)
            if (reason := unfit(product) or self._refusal(branch)) is not None:
                message = f"not joined with other products of its input: {reason}"
                remarks.missed(self.name, product, message, reason=reason)
            else:
                groups.setdefault((branch.is_read_in_place, branch.key), []).append(branch)
        for (in_place, _), branches in groups.items():
            if len(branches) > 1:
                self._fuse(branches, None if in_place else self._saving(branches), remarks)
            else:
                remarks.missed(self.name, branches[0].product, "no other product of its input can join it")

    def _refusal(self, branch: Branch) -> str | None:
        """Why the result of `branch` cannot be part of longer rows; None if it can."""
        if branch.columns % ALIGNMENT:
            return f"its {branch.columns} columns would begin the next part off a multiple of {ALIGNMENT}"
        if (user := lost_user(branch)) is not None:
            return f"{user.name} behind it is part of its kernel"
        if branch.is_read_in_place:
            return None
        rows = element_count(static_shape(branch.last.result)[:-1])
        return no_tensor_cores(rows, ELEMENTS[Precision.named(self.dtype).name], Target.named(self.target))

    def _saving(self, branches: Sequence[Branch]) -> Saving:
        math = Math.of(ELEMENTS[Precision.named(self.dtype).name])
        assert math is not None, "every precision has one"
        model = ProductTime(Target.named(self.target), math)
        return model.saving(branches[0].product, [branch.columns for branch in branches])

    def _fuse(self, branches: Sequence[Branch], saving: Saving | None, remarks: Remarks) -> None:
        first, count = branches[0].product, len(branches)
        if saving is not None and not saving.pays:
            message = f"{count} products of one input stay apart: {saving}"
            remarks.missed(self.name, first, message, reason="one product of all columns does not pay")
            return
        columns = sum(branch.columns for branch in branches)
        message = f"{count} products of one input became one of {columns} columns"
        remarks.passed(self.name, first, message if saving is None else f"{message}: {saving}")
        merge(branches)
