"""`fold-constants`: evaluate what is computed from weights and constants alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, SymbolRefAttr
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import Rewriter

from boltir.context import remarks_of, weights_of
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.constants import (
    array_constant,
    byte_count,
    depends_on_weights_only,
    fits_text,
    is_constant,
)
from boltir.dialects.graph.elementwise import CastOp
from boltir.dialects.graph.movement import PadOp, ReshapeOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.graph.values import WeightOp
from boltir.dialects.tensors import element_type
from boltir.passes.support.rewriting import apply_patterns, erase_unused, graph_ops
from boltir.remarks import Remarks
from boltir.weights import WeightStore

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

LARGEST_GROWTH = 4
"""A result of more than so many times its operands' bytes stays computed at run time."""
LARGEST_PADDING = 16
"""The same for rows that are padded: one element of a byte becomes an access of 16."""
SMALL_RESULT = 4096
"""Bytes up to which growth does not matter."""


@dataclass
class ConstantFolder:
    """Folds the operations of one module.

    Equal computations have one number, by which each is evaluated and stored once.
    """

    weights: WeightStore
    remarks: Remarks
    numbers: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])
    known: dict[Hashable, int] = field(default_factory=dict[Hashable, int])
    distinct: list[GraphOp] = field(default_factory=list[GraphOp])
    stored: dict[int, GraphOp] = field(default_factory=dict[int, GraphOp])

    def fold(self, ops: list[GraphOp]) -> None:
        """Replace each foldable operation of `ops`, which are in order, that another one uses."""
        constant = [op for op in ops if self._number(op)]
        wanted = [op for op in constant if not is_constant(op.result) and self._is_used_outside(op)]
        self._evaluate({self.numbers[op.result] for op in wanted})
        for op in wanted:
            self.remarks.passed(FoldConstantsPass.name, op, "folded")
            new = self.stored[self.numbers[op.result]].clone()
            new.location = op.location
            Rewriter.replace_op(op, new)
        erase_unused([op for op in constant if op.parent is not None])

    def _number(self, op: GraphOp) -> bool:
        """Number the result if it can be folded; says whether."""
        if isinstance(op, WeightOp) and op.weight_name not in self.weights:
            return False
        operands = tuple(self.numbers.get(operand, -1) for operand in op.operands)
        if -1 in operands:
            self._explain(op)
            return False
        if not is_constant(op.result) and not self._is_bounded(op):
            return False
        key = (op.name, op.result.type, frozenset(op.properties.items()), operands)
        number = self.known.setdefault(key, len(self.distinct))
        if number == len(self.distinct):
            self.distinct.append(op)
        self.numbers[op.result] = number
        return True

    def _explain(self, op: GraphOp) -> None:
        unknown = [operand.owner for operand in op.operands if operand not in self.numbers]
        absent = [owner.weight_name for owner in unknown if isinstance(owner, WeightOp)]
        if len(absent) == len(unknown):
            self.remarks.missed(FoldConstantsPass.name, op, f"not folded: weight @{absent[0]} has no bytes")

    def _is_bounded(self, op: GraphOp) -> bool:
        result, read = byte_count(op.result), sum(map(byte_count, op.operands))
        growth = LARGEST_PADDING if isinstance(op, PadOp) else LARGEST_GROWTH
        if result <= max(SMALL_RESULT, growth * read) or self._joins_a_constant(op, result):
            return True
        self.remarks.missed(FoldConstantsPass.name, op, f"not folded: {read} bytes would grow to {result}")
        return False

    def _joins_a_constant(self, op: GraphOp, size: int) -> bool:
        """Whether what reads `op` also reads a known tensor of at least as many bytes, like a filter it is added to."""
        others = (operand for use in op.result.uses for operand in use.operation.operands if operand is not op.result)
        return any(other in self.numbers and byte_count(other) >= size for other in others)

    def _is_used_outside(self, op: GraphOp) -> bool:
        users = (use.operation for use in op.result.uses)
        return any(not isinstance(user, GraphOp) or user.result not in self.numbers for user in users)

    def _evaluate(self, wanted: set[int]) -> None:
        """Compute every distinct operation, store the wanted ones, and let go of the others' arrays."""
        arrays: dict[int, Array] = {}
        bases: list[str] = []
        pending = Counter(self.numbers[operand] for op in self.distinct for operand in op.operands)
        for number, op in enumerate(self.distinct):
            operands = [self.numbers[operand] for operand in op.operands]
            arrays[number] = self._value(op, [arrays[operand] for operand in operands])
            bases.append(op.weight_name if isinstance(op, WeightOp) else next((bases[i] for i in operands), "constant"))
            if number in wanted:
                self.stored[number] = self._store(op, arrays[number], bases[number])
            pending.subtract(operands)
            for done in (i for i in {number, *operands} if not pending[i]):
                del arrays[done]

    def _value(self, op: GraphOp, operands: list[Array]) -> Array:
        from boltir.interpreters import evaluate

        return self.weights.get(op.weight_name) if isinstance(op, WeightOp) else evaluate(op, operands)

    def _store(self, op: GraphOp, array: Array, base: str) -> GraphOp:
        if fits_text(array):
            return array_constant(array, op.result_type)
        symbol = SymbolRefAttr(self.weights.add(base, array))
        return WeightOp(result_types=[op.result.type], properties={"symbol": symbol})


class CastBeforeReshape(RewritePattern):
    """cast(reshape(c)) -> reshape(cast(c)) of what is computed from weights alone

    A reshape copies what was transposed. A cast copies anyway, and can do both.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: CastOp, rewriter: PatternRewriter, /) -> None:
        reshape = op.input.owner
        if isinstance(reshape, ReshapeOp) and depends_on_weights_only(reshape.input):
            build = builder_at(op, rewriter)
            replace_by(op, build.reshape(build.cast(reshape.input, element_type(op.result)), op.shape), rewriter)


@dataclass(frozen=True)
class FoldConstantsPass(ModulePass):
    """Operations on weights and constants become weights and constants."""

    name: ClassVar[str] = "fold-constants"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        apply_patterns(op, CastBeforeReshape())
        ConstantFolder(weights_of(ctx), remarks_of(ctx)).fold(graph_ops(op))
