"""Which concats their producers write in place: only those that then need no kernel."""

from xdsl.dialects.builtin import ArrayAttr, BoolAttr
from xdsl.dialects.func import FuncOp

from boltir.dialects.fused import ConcatOp, FusedOp
from boltir.lowering.fused_to_cutlass.acceptance import whole_answers
from boltir.lowering.fused_to_cutlass.selection import Refusal
from boltir.remarks import Remarks
from boltir.target import Target


def settle_concats(function: FuncOp, target: Target, remarks: Remarks, pass_name: str) -> None:
    """Make a kernel of every concat of which a part cannot be written in place."""
    for op in function.body.block.ops:
        if isinstance(op, ConcatOp) and is_in_place(op) and (reason := _obstacle(op, target)):
            remarks.missed(pass_name, op, f"its inputs are not written in place: {reason}")
            op.in_place = ArrayAttr[BoolAttr]([])


def is_in_place(op: FusedOp) -> bool:
    """Whether `op` is no kernel, since others write its output."""
    return isinstance(op, ConcatOp) and any(op.in_place_flags)


def _obstacle(op: ConcatOp, target: Target) -> str | None:
    if not all(op.in_place_flags):
        return f"input {op.in_place_flags.index(False)} would be copied by a kernel in any case"
    for value in op.inputs:
        producer = value.owner
        assert isinstance(producer, FusedOp)
        answer = next(whole_answers(producer, target))
        if isinstance(answer, Refusal):
            return answer.reason
    return None
