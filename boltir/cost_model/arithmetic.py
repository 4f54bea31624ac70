"""How much ordinary arithmetic an epilogue does for each element."""

from collections.abc import Mapping

from xdsl.dialects import arith, math
from xdsl.ir import Block, Operation

INSTRUCTIONS: Mapping[type[Operation], int] = {
    arith.DivfOp: 8,
    math.CosOp: 20,
    math.ErfOp: 9,  # in a GELU
    math.Exp2Op: 5,
    math.ExpM1Op: 20,
    math.ExpOp: 6,
    math.Log1pOp: 20,
    math.LogOp: 8,
    math.PowFOp: 40,
    math.RsqrtOp: 6,
    math.SinOp: 20,
    math.SqrtOp: 8,
    math.TanhOp: 12,
}
"""What counts for more than one instruction, in the form that results of 16 bits get (lowering/narrow_math.py); one of
the special function unit counts for four, which is how much rarer that unit is."""


def epilogue_instructions(block: Block) -> int:
    """Instructions for one element of the result."""
    computing = (op for op in block.ops if op.operands and op.results)
    return sum(INSTRUCTIONS.get(type(op), 1) for op in computing)
