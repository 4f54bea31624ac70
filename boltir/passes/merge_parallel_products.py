"""`merge-parallel-products`: products of one tensor with several weights become one product, read in parts."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from boltir.context import remarks_of
from boltir.dialects.graph.attention import AttentionOp
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.constants import depends_on_weights_only
from boltir.dialects.graph.linear import BiasAddOp, Conv2dOp, MatrixProductOp
from boltir.dialects.graph.movement import ReshapeOp, SliceOp
from boltir.dialects.properties import int_attr, ints
from boltir.dialects.tensors import element_type, normalized_axis, static_shape
from boltir.passes.support.rewriting import erase_unused, graph_ops
from boltir.remarks import Remarks

ALIGNMENT = 8
"""Columns at whose multiples kernels can begin to read rows of 16-bit elements 16 bytes at a time."""

Product = MatrixProductOp | Conv2dOp


@dataclass(frozen=True)
class Branch:
    """A product with a weight, and the bias behind it if there is one."""

    product: Product
    bias: BiasAddOp | None

    @property
    def last(self) -> GraphOp:
        return self.product if self.bias is None else self.bias

    @property
    def columns(self) -> int:
        return static_shape(self.last.result)[-1]

    @property
    def key(self) -> Hashable:
        """Equal for products that can be one: they differ in weight and bias, which have as many rows."""
        weight, axis = self.product.operands[1], output_axis(self.product)
        shape = static_shape(weight)
        properties = frozenset(self.product.properties.items())
        return self.product.operands[0], type(self.product), properties, shape[:axis], shape[axis:][1:]


def output_axis(product: Product) -> int:
    """The axis of the weight that counts the columns of the result."""
    return 0 if isinstance(product, Conv2dOp) or product.transpose_b.value.data else 1


def find_branch(op: GraphOp) -> Branch | None:
    """The branch that begins with `op`, if it can be part of a larger product."""
    if isinstance(op, Conv2dOp) and (op.groups.value.data > 1 or not op.channels_last):
        return None
    if isinstance(op, MatrixProductOp) and len(static_shape(op.b)) != 2:
        return None
    if not isinstance(op, Product) or not depends_on_weights_only(op.operands[1]):
        return None
    user = op.result.get_user_of_unique_use()
    return Branch(op, user if isinstance(user, BiasAddOp) and adds_columns(user, op) else None)


def adds_columns(op: BiasAddOp, product: Product) -> bool:
    rank = len(static_shape(op.input))
    is_last = normalized_axis(op.axis.value.data, rank) == rank - 1
    return op.input is product.result and depends_on_weights_only(op.bias) and is_last


def refusal(branch: Branch) -> str | None:
    """Why the result of `branch` cannot be part of longer rows; None if it can."""
    if branch.columns % ALIGNMENT:
        return f"its {branch.columns} columns would begin the next part off a multiple of {ALIGNMENT}"
    reader = next(whole_row_readers(branch.last.result), None)
    if reader is not None:
        return f"{reader.name} reads its result, which would take a copy first"
    return None


def whole_row_readers(value: SSAValue) -> Iterator[Operation]:
    """What reads `value`, seen through reshapes that keep rows, and cannot read columns of longer rows."""
    for use in value.uses:
        user = use.operation
        if isinstance(user, ReshapeOp) and static_shape(user.result)[-1:] == static_shape(value)[-1:]:
            yield from whole_row_readers(user.result)
        elif not isinstance(user, AttentionOp) or user.operands[use.index] is user.mask:
            yield user


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
class MergeParallelProductsPass(ModulePass):
    """Matrix products and convolutions that read one tensor become one, where what reads them can take columns of it.

    Attention can: query, key and value become one product.
    """

    name: ClassVar[str] = "merge-parallel-products"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        ops, remarks = graph_ops(op), remarks_of(ctx)
        groups: dict[Hashable, list[Branch]] = {}
        for branch in filter(None, map(find_branch, ops)):
            groups.setdefault(branch.key, []).append(branch)
        for branches in groups.values():
            if len(branches) > 1:
                self._merge_group(branches, remarks)
        erase_unused([graph_op for graph_op in ops if graph_op.parent is not None])

    def _merge_group(self, branches: Sequence[Branch], remarks: Remarks) -> None:
        joining: list[Branch] = []
        for branch in branches:
            if (reason := refusal(branch)) is None:
                joining.append(branch)
            else:
                remarks.missed(self.name, branch.product, f"not merged with other products of its input: {reason}")
        if len(joining) > 1:
            columns = sum(branch.columns for branch in joining)
            message = f"{len(joining)} products of one input became one of {columns} columns"
            remarks.passed(self.name, joining[0].product, message)
            merge(joining)
