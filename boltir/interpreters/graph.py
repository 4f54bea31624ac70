"""The interpretation of the `graph` dialect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl
from xdsl.ir import Operation

from boltir.dialects.graph.movement import BroadcastToOp, ConcatOp, GatherOp, ReshapeOp, SliceOp, TransposeOp
from boltir.dialects.graph.values import WeightOp
from boltir.errors import BoltError
from boltir.interpreters.arrays import Array, widen
from boltir.interpreters.graph_elementwise import ELEMENTWISE
from boltir.interpreters.graph_structured import STRUCTURED
from boltir.interpreters.registry import Meanings, implement, require_type, stored, where
from boltir.weights import WeightStore

MEANINGS = Meanings({**ELEMENTWISE, **STRUCTURED})
"""Every graph operation but `graph.weight`, as a function of the operation and its widened operands."""
MOVEMENT = (BroadcastToOp, ConcatOp, GatherOp, ReshapeOp, SliceOp, TransposeOp)
"""Operations that only move elements, and take them as they are stored."""


@dataclass
class GraphFunctions(InterpreterFunctions):
    """Each operation computes in f32 and rounds its result to the storage type."""

    weights: WeightStore

    @impl(WeightOp)
    def run_weight(self, interpreter: Interpreter, op: WeightOp, args: PythonValues) -> PythonValues:
        array = self.weights.get(op.weight_name)
        require_type(array, op.result.type, f"weight @{op.weight_name}")
        return (array,)

    def run_op(self, interpreter: Interpreter, op: Operation, args: PythonValues) -> PythonValues:
        return (evaluate(op, args),)


implement(GraphFunctions, MEANINGS, GraphFunctions.run_op)


def evaluate(op: Operation, operands: Sequence[Array]) -> Array:
    """The result of one graph operation on arrays of its operands' types.

    Raises:
        BoltError: `op` is no graph operation with a value of its own, or an index leaves its tensor.
    """
    if type(op) not in MEANINGS:
        raise BoltError("the interpreter has no meaning for this operation", where=where(op))
    values = operands if isinstance(op, MOVEMENT) else map(widen, operands)
    with np.errstate(all="ignore"):
        return stored(MEANINGS[type(op)](op, *values), op.results[0].type)
