"""`decompose-attention`: attention as kernels of its own for its products and its softmax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from xdsl.builder import Builder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.context import remarks_of
from boltir.dialects.fused import (
    AttentionOp,
    FusedOp,
    GemmOp,
    PointwiseOp,
    ReshapeOp,
    SliceOp,
    SoftmaxOp,
    TransposeOp,
    YieldOp,
)
from boltir.dialects.fused.origin import origin_of, set_origin
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.properties import bool_attr, ints
from boltir.dialects.tensors import Shape, compute_type, element_type, static_shape
from boltir.passes.support.rewriting import functions


@dataclass(frozen=True)
class DecomposeAttentionPass(ModulePass):
    """Makes two products and a softmax of every attention, for what no fused template takes."""

    name: ClassVar[str] = "decompose-attention"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            for kernel in tuple(function.body.block.ops):
                if isinstance(kernel, AttentionOp):
                    remarks_of(ctx).passed(self.name, kernel, "attention as product, softmax and product")
                    decompose_attention(kernel)


def decompose_attention(op: AttentionOp) -> Operation:
    """Replace `op` by kernels that compute the same; returns the first of them.

    Scores and weights are stored in the element type of Q, K and V.
    """
    parts = _Parts(op, Builder(InsertPoint.before(op)))
    before = op.prev_op
    q, k, v = map(parts.by_head, range(3))
    weights = parts.softmax(parts.scores(q, k))
    result = parts.epilogue(parts.rows(parts.kernel(GemmOp, [weights, v])))
    result.name_hint = op.outputs[0].name_hint
    first = parts.first_after(before)
    Rewriter.replace_op(op, [], [result])
    return first


@dataclass(frozen=True)
class _Parts:
    """Adds the kernels before `op`, at its location and with its origin."""

    op: AttentionOp
    builder: Builder

    def first_after(self, before: Operation | None) -> Operation:
        block = self.op.parent_block()
        first = before.next_op if before is not None else block.first_op if block is not None else None
        return first or self.op

    def insert(self, new: Operation) -> SSAValue:
        new.location = self.op.location
        return self.builder.insert(new).results[0]

    def kernel(
        self,
        kind: type[FusedOp],
        inputs: Sequence[SSAValue],
        properties: Mapping[str, Attribute] | None = None,
        *,
        operands: Sequence[SSAValue] = (),
        epilogue: Block | None = None,
    ) -> SSAValue:
        """The result of a kernel that stores the element type of Q."""
        kernel = kind.build_kernel(
            inputs,
            properties,
            result_element_types=[element_type(self.op.inputs[0])],
            epilogue_operands=operands,
            epilogue=None if epilogue is None else Region(epilogue),
        )
        set_origin(kernel, origin_of(self.op))
        return self.insert(kernel)

    def reshape(self, value: SSAValue, shape: Shape) -> SSAValue:
        return self.insert(ReshapeOp.of(value, shape))

    def by_head(self, index: int) -> SSAValue:
        """Operand `index` as [batch, heads, sequence, head_dim]."""
        value, offset = self.op.inputs[index], self.op.offsets.get_values()[index]
        heads, head_dim = self.op.heads.value.data, self.op.head_dim.value.data
        batch, sequence, width = static_shape(value)
        if width > heads * head_dim:
            bounds = {"offsets": (0, 0, offset), "sizes": (batch, sequence, heads * head_dim), "strides": (1, 1, 1)}
            value = self.kernel(SliceOp, [value], {name: ints(values) for name, values in bounds.items()})
        split = self.reshape(value, (batch, sequence, heads, head_dim))
        return self.kernel(TransposeOp, [split], {"permutation": ints((0, 2, 1, 3))})

    def scores(self, q: SSAValue, k: SSAValue) -> SSAValue:
        """scale * Q @ K^T + mask"""
        masks = self.op.inputs[3:]
        kind = compute_type(element_type(q))
        block = Block(arg_types=[kind] * (1 + len(masks)))
        build = ScalarBuilder(block)
        value = build.multiply(block.args[0], build.constant(self.op.scale.value.data, kind))
        for mask in block.args[1:]:
            value = build.add(value, mask)
        block.add_op(YieldOp(operands=[[value]]))
        return self.kernel(GemmOp, [q, k], {"transpose_b": bool_attr(True)}, operands=masks, epilogue=block)

    def softmax(self, scores: SSAValue) -> SSAValue:
        """The weights; those of a query whose scores are all -inf are NaN, which becomes 0."""
        if len(self.op.inputs) == 3:
            return self.kernel(SoftmaxOp, [scores])
        kind = compute_type(element_type(scores))
        block = Block(arg_types=[kind])
        build, weight = ScalarBuilder(block), block.args[0]
        is_number = build.compare("eq", weight, weight)
        block.add_op(YieldOp(operands=[[build.select(is_number, weight, build.constant(0, kind))]]))
        return self.kernel(SoftmaxOp, [scores], epilogue=block)

    def rows(self, value: SSAValue) -> SSAValue:
        """[batch, heads, sequence, head_dim] as [batch, sequence, heads * head_dim]."""
        moved = self.kernel(TransposeOp, [value], {"permutation": ints((0, 2, 1, 3))})
        return self.reshape(moved, self.op.result_shape)

    def epilogue(self, value: SSAValue) -> SSAValue:
        """What the epilogue of `op` makes of the accumulator `value`."""
        stored = self.op.epilogue_yield.values[0]
        if isinstance(stored, BlockArgument) and stored.index == 0 and value.type == self.op.outputs[0].type:
            return value
        kernel = PointwiseOp.of_shape(
            self.op.result_shape,
            [value, *self.op.epilogue_operands],
            self.op.detach_region(self.op.epilogue),
            result_element_types=[element_type(self.op.outputs[0])],
        )
        set_origin(kernel, origin_of(self.op))
        return self.insert(kernel)
