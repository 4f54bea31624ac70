"""Gives the tensors of a function the lanes that were decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xdsl.dialects.builtin import TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue, Use

from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.linear import Conv2dOp
from boltir.dialects.graph.movement import ConcatOp, GatherOp
from boltir.dialects.tensors import element_type, static_shape
from boltir.passes.fold_prologue import summed_axes
from boltir.passes.padding.groups import LaneFinder, Product, column_axis, is_product, picks_rows
from boltir.passes.padding.lanes import lane_operands, with_lanes
from boltir.passes.padding.pads import keep_start, pad_end
from boltir.passes.support.rewriting import erase_unused


@dataclass
class PaddingRewriter:
    """Visits operations in order; each asks for its operands with the rows that it needs.

    Attributes:
        lanes: how many the tensors get whose rows are padded.
        exact: tensors as the new function holds them, of those that it computes anew.
        padded: the same with padded rows.
        cut: how many lanes to keep of those that are there with padded rows only.
    """

    finder: LaneFinder
    lanes: Mapping[SSAValue, int]
    exact: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    padded: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    cut: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])

    def rewrite(self, function: FuncOp) -> None:
        ops = list(function.body.block.ops)
        rebuilt: list[GraphOp] = []
        for op in ops:
            if isinstance(op, GraphOp) and (new := self._rebuilt(op)) is not None:
                new.name_hint = op.result.name_hint
                self._record(op, new)
                rebuilt.append(op)
            else:
                op.operands = [self._operand(op, i) for i in range(len(op.operands))]
        erase_unused(rebuilt)

    def _record(self, op: GraphOp, new: SSAValue) -> None:
        """`new` takes the place of the result of `op`."""
        exact = static_shape(op.result)[-1]
        if static_shape(new)[-1] > exact:
            self.padded[op.result] = new
            self.cut[op.result] = exact
        else:
            self.exact[op.result] = new

    def _rebuilt(self, op: GraphOp) -> SSAValue | None:
        """The result of `op` computed with more lanes, or by summing over more; None if it stays as it is."""
        build = GraphBuilder.before(op)
        if is_product(op) and (self._summed_lanes(op) or self._computes_more(op)):
            operands = [self._multiplied(op, i, build) for i in (0, 1)]
            return build.add(type(op), operands, op.properties)
        if op.result not in self.lanes or is_product(op):
            return None
        lanes = self.lanes[op.result]
        if op in self.finder.fills:
            operands = [self._lane_operand(op, i, build) for i in range(len(op.operands))]
            kind = TensorType(element_type(op.result), [*static_shape(op.result)[:-1], lanes])
            return build.insert(with_lanes(op, operands, kind))
        if isinstance(op, GatherOp) and picks_rows(op) and op.data in self.finder.weights:
            table = pad_end(op.data, -1, lanes - static_shape(op.data)[-1], build)
            return build.add(GatherOp, [table, self._exact(op.indices, op)], op.properties)
        return self._with_zeros(op, build) if isinstance(op, ConcatOp) else None

    def _summed_lanes(self, op: Product) -> int:
        """How many lanes `op` sums over; 0 if no more than it did."""
        summed = self.finder.summing.get(op)
        return self.lanes.get(summed[0], 0) if summed else 0

    def _computes_more(self, op: Product) -> bool:
        return op.result in self.lanes and (op in self.finder.fills or self.finder.widens(op))

    def _multiplied(self, op: Product, index: int, build: GraphBuilder) -> SSAValue:
        """Operand `index` of `op` with as many lanes to sum over and columns as `op` is to have."""
        axes, value = summed_axes(op), self._operand(op, index)
        assert axes is not None
        if lanes := self._summed_lanes(op):
            value = pad_end(value, axes[index], lanes - static_shape(value)[axes[index]], build)
        if index == 1 and self._computes_more(op):
            axis = column_axis(op)
            value = pad_end(value, axis, self.lanes[op.result] - static_shape(value)[axis], build)
        return value

    def _lane_operand(self, op: GraphOp, index: int, build: GraphBuilder) -> SSAValue:
        """Operand `index` of `op`, which works by lane, with the lanes of the result."""
        value, lanes = op.operands[index], self.lanes[op.result]
        if isinstance(op, Conv2dOp) and index == 1:
            return pad_end(value, 0, lanes - static_shape(value)[0], build)
        if index in lane_operands(op) and value in self.finder.weights:
            return pad_end(value, -1, lanes - static_shape(value)[-1], build, self.finder.fills[op])
        return self._operand(op, index)

    def _with_zeros(self, op: ConcatOp, build: GraphBuilder) -> SSAValue:
        """The concat along the lanes of `op`, and of zeros behind its operands."""
        *rows, exact = static_shape(op.result)
        zeros = build.splat(0, TensorType(element_type(op.result), [*rows, self.lanes[op.result] - exact]))
        return build.concat([*(self._exact(value, op) for value in op.inputs), zeros], len(rows))

    def _operand(self, op: Operation, index: int) -> SSAValue:
        value = op.operands[index]
        is_padded = value in self.lanes and self.finder.takes_padding(Use(op, index))
        return self._padded(value, op) if is_padded else self._exact(value, op)

    def _exact(self, value: SSAValue, user: Operation) -> SSAValue:
        if value in self.cut:
            self.exact[value] = keep_start(self.padded[value], -1, self.cut.pop(value), _builder(value, user))
        return self.exact.get(value, value)

    def _padded(self, value: SSAValue, user: Operation) -> SSAValue:
        if value not in self.padded:
            exact = self._exact(value, user)
            extra = self.lanes[value] - static_shape(value)[-1]
            self.padded[value] = pad_end(exact, -1, extra, _builder(value, user))
        return self.padded[value]


def _builder(value: SSAValue, user: Operation) -> GraphBuilder:
    """Builds before `user`, as a part of what computes `value`."""
    build = GraphBuilder.before(user)
    return GraphBuilder(build.builder, value.owner.location) if isinstance(value.owner, Operation) else build
