"""Chooses a template for every kernel of a function, taking apart what no template holds as a whole."""

from __future__ import annotations

from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from boltir.dialects.fused import AttentionOp, FusedOp
from boltir.errors import UnsupportedError
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.selectors import answers
from boltir.passes.decompose_attention import decompose_attention
from boltir.passes.split_epilogue import split_epilogue
from boltir.remarks import Remarks, location_text
from boltir.target import Target

PASS_NAME = "convert-fused-to-cutlass"


def choose_templates(function: FuncOp, target: Target, remarks: Remarks) -> dict[FusedOp, Selection]:
    """A template for every kernel of `function`.

    Where the preferred family of templates refuses nothing but some operands of the epilogue, the epilogue
    is split: a tensor-core kernel and a pointwise one are faster than one on the ordinary cores. Attention
    that every family refuses becomes products and a softmax.

    Raises:
        UnsupportedError: no family takes a kernel.
    """
    chosen: dict[FusedOp, Selection] = {}
    op = function.body.block.first_op
    while op is not None:
        if isinstance(op, FusedOp):
            answer = _choose(op, target, remarks)
            if isinstance(answer, Refusal):
                op = _taken_apart(op, answer)
                continue
            chosen[op] = answer
        op = op.next_op
    return chosen


def _taken_apart(op: FusedOp, refusal: Refusal) -> Operation:
    """Replace `op` by kernels that templates take, and return the first of them."""
    if isinstance(op, AttentionOp):
        return decompose_attention(op)
    head, _ = split_epilogue(op, refusal.operands)
    return head


def _choose(op: FusedOp, target: Target, remarks: Remarks) -> Selection | Refusal:
    """The first selection, or the preferred family's refusal if only epilogue operands stand in its way.

    Attention that every family refuses gets the last refusal.
    """
    reasons: list[str] = []
    for answer in answers(op, target):
        if isinstance(answer, Selection):
            if answer.passed_over:
                remarks.missed(PASS_NAME, op, answer.passed_over)
            slices = answer.arguments.get("slices")
            split = f"; its few tiles share {slices} slices of K" if slices else ""
            remarks.passed(PASS_NAME, op, f"uses {answer.template}{split}")
            return answer
        if answer.operands and not reasons:
            remarks.missed(PASS_NAME, op, f"the epilogue is split: {answer.reason}")
            return answer
        reasons.append(answer.reason)
        remarks.missed(PASS_NAME, op, answer.reason)
    if isinstance(op, AttentionOp):
        remarks.missed(PASS_NAME, op, "no fused attention: its products and its softmax are kernels of their own")
        return Refusal(reasons[-1])
    raise UnsupportedError(f"no kernel for {op.name} on {target.name}: {'; '.join(reasons)}", where=location_text(op))
