"""`assign-layout`: store images channels-last, which is what convolution kernels read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.context import remarks_of
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import moves_no_element
from boltir.dialects.graph.enums import TO_CHANNELS_FIRST, TO_CHANNELS_LAST
from boltir.dialects.graph.movement import ReshapeOp, TransposeOp
from boltir.dialects.tensors import static_shape
from boltir.errors import BoltError
from boltir.passes.layout.axes import (
    channels_last_properties,
    channels_last_type,
    image_operands,
)
from boltir.passes.layout.choice import choose_channels_last
from boltir.passes.layout.flatten import FlattenChannelsLast
from boltir.passes.layout.forms import ImageForms
from boltir.passes.support.rewriting import apply_patterns, erase_unused, functions


@dataclass
class LayoutRewriter:
    """Rewrites one function so that the operations in `channels_last` compute channels-last.

    Every operation is visited once, in order, and asks for its operands in the form it needs.
    """

    channels_last: set[Operation]
    forms: ImageForms = field(default_factory=ImageForms)

    def rewrite(self, op: Operation) -> None:
        if isinstance(op, GraphOp) and op in self.channels_last:
            self._rebuild(op)
        elif isinstance(op, TransposeOp) and op.permutation.get_values() == TO_CHANNELS_LAST:
            self.forms.record(op.result, own=self.forms.last(op.input, op))
        elif isinstance(op, TransposeOp) and op.permutation.get_values() == TO_CHANNELS_FIRST:
            self.forms.record(op.result, last=self.forms.own(op.input, op))
        elif isinstance(op, ReshapeOp):
            self._reread(op)
        else:
            op.operands = [self.forms.own(value, op) for value in op.operands]

    def _rebuild(self, op: GraphOp) -> None:
        images = set(image_operands(op))
        operands = [self.forms.last(v, op) if v in images else self.forms.own(v, op) for v in op.operands]
        new = type(op).create(
            operands=operands,
            result_types=[channels_last_type(op)],
            properties=channels_last_properties(op),
            attributes=op.attributes,
        )
        new.location = op.location
        new.result.name_hint = op.result.name_hint
        Rewriter.insert_op(new, InsertPoint.before(op))
        if len(static_shape(op.result)) == 4:
            self.forms.record(op.result, last=new.result)
        else:
            self.forms.record(op.result, own=new.result)

    def _reread(self, op: ReshapeOp) -> None:
        """A reshape may read either form if both hold the elements in the same order."""
        forms = self.forms.of(op.input)
        same_order = len(op.shape) == 4 and moves_no_element(op.shape, TO_CHANNELS_LAST)
        op.operands[0] = forms.last if forms.last and forms.own is None and same_order else self.forms.own(op.input, op)


def rewrite(function: FuncOp) -> int:
    """Move images in `function` to channels-last; returns how many operations changed."""
    ops = list(function.body.block.ops)
    graph_ops = [op for op in ops if isinstance(op, GraphOp)]
    rewriter = LayoutRewriter(choose_channels_last(graph_ops))
    for op in ops:
        rewriter.rewrite(op)
    erase_unused(graph_ops)
    return len(rewriter.channels_last)


def transposes_at_run_time(function: FuncOp) -> int:
    """The transposes in `function` of what is not computed from weights alone."""
    constant: set[SSAValue] = set()
    count = 0
    for op in function.body.block.ops:
        if all(operand in constant for operand in op.operands):
            constant.update(op.results)
        elif isinstance(op, TransposeOp):
            count += 1
    return count


@dataclass(frozen=True)
class AssignLayoutPass(ModulePass):
    """Images move from NCHW to NHWC; transposes stay where the order of dimensions matters."""

    name: ClassVar[str] = "assign-layout"

    prefer: str = "nhwc"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.prefer != "nhwc":
            raise BoltError(f"no kernels for layout '{self.prefer}'", where="pass 'assign-layout'", hint="use nhwc")
        rewritten = {function: rewrite(function) for function in functions(op)}
        apply_patterns(op, FlattenChannelsLast())
        for function, count in rewritten.items():
            left = transposes_at_run_time(function)
            message = f"{count} operations became channels-last, {left} transposes are left"
            remarks_of(ctx).note(self.name, function, message)
