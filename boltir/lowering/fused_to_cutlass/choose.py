"""Chooses a template for every kernel of a function, taking apart what no template holds as a whole."""

from __future__ import annotations

from dataclasses import replace

from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from boltir.dialects.fused import AttentionOp, ChainOp, DualGemmOp, FusedOp
from boltir.errors import UnsupportedError
from boltir.lowering.fused_to_cutlass.acceptance import refused_stores, whole_answers
from boltir.lowering.fused_to_cutlass.chains.problem import given_chain_selection
from boltir.lowering.fused_to_cutlass.chosen import given_selection
from boltir.lowering.fused_to_cutlass.in_place import is_in_place, settle_concats
from boltir.lowering.fused_to_cutlass.partial_reductions import reduce_by_tiles
from boltir.lowering.fused_to_cutlass.ranking_text import estimates_text
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.passes.decompose_attention import decompose_attention
from boltir.passes.inline_chains import inline
from boltir.passes.split_dual_gemm import SplitDualGemmPass, split_dual_gemm
from boltir.passes.split_epilogue import SplitEpiloguePass, split_epilogue
from boltir.passes.split_stores import SplitStoresPass, special_stores, split_stores, stores_text
from boltir.remarks import Remarks, location_text
from boltir.target import Target

PASS_NAME = "select-templates"


def choose_templates(function: FuncOp, target: Target, remarks: Remarks) -> dict[FusedOp | ChainOp, Selection]:
    """A template for every kernel of `function`, but for concats that are written in place.

    Where the preferred family of templates refuses nothing but some stores or operands of the epilogue, kernels of
    their own take these over: a tensor-core kernel and another are faster than one on the ordinary cores. Attention
    that every family refuses becomes products and a softmax, and two products in one kernel become one. A chain to
    which no template is attached becomes its anchors.

    Raises:
        UnsupportedError: no family takes a kernel.
    """
    settle_concats(function, target, remarks, PASS_NAME)
    chosen: dict[FusedOp | ChainOp, Selection] = {}
    op = function.body.block.first_op
    while op is not None:
        if isinstance(op, ChainOp):
            selection = given_chain_selection(op, target)
            if selection is None:
                remarks.missed(PASS_NAME, op, "no template is attached: its anchors run apart")
                op = inline(op)
                continue
            chosen[op] = selection
        if isinstance(op, FusedOp) and not is_in_place(op):
            answer = _choose(op, target, remarks)
            if isinstance(answer, Refusal):
                op = _taken_apart(op, answer)
                continue
            op = reduce_by_tiles(op, answer.template)
            chosen[op] = answer
        op = op.next_op
    return chosen


def _taken_apart(op: FusedOp, refusal: Refusal) -> Operation:
    """Replace `op` by kernels that templates take, and return the first of them."""
    if isinstance(op, AttentionOp):
        return decompose_attention(op)
    if refusal.stores:
        return split_stores(op, refusal.stores)
    if isinstance(op, DualGemmOp):
        return split_dual_gemm(op)
    head, _ = split_epilogue(op, refusal.operands)
    return head


def _refused_stores(op: FusedOp, refusal: Refusal, target: Target) -> tuple[int, ...]:
    """The numbers of the outputs to take from `op`; where operands go to another kernel, its outputs go first."""
    return special_stores(op) if refusal.operands else refused_stores(op, target)


def _choose(op: FusedOp, target: Target, remarks: Remarks) -> Selection | Refusal:
    """The first selection, or the preferred family's refusal if only stores or epilogue operands stand in its way.

    What has other kernels to become gets the last refusal of all families.
    """
    given = given_selection(op, target)
    if given is not None:
        return given
    reasons: list[str] = []
    for answer in whole_answers(op, target):
        if isinstance(answer, Selection):
            if answer.passed_over:
                remarks.missed(PASS_NAME, op, answer.passed_over)
            slices = answer.arguments.get("slices")
            split = f"; its few tiles share {slices} slices of K" if slices else ""
            remarks.passed(PASS_NAME, op, f"uses {answer.template}{split}")
            if answer.ranked:
                remarks.note(PASS_NAME, op, estimates_text(answer.ranked, answer.rejected))
            return answer
        if not reasons and (stores := _refused_stores(op, answer, target)):
            remarks.missed(SplitStoresPass.name, op, f"{stores_text(op, stores)}: {answer.reason}")
            return replace(answer, stores=stores)
        if answer.operands and not reasons:
            remarks.missed(SplitEpiloguePass.name, op, f"the epilogue is split: {answer.reason}")
            return answer
        reasons.append(answer.reason)
        remarks.missed(PASS_NAME, op, answer.reason)
    if stores := special_stores(op):
        remarks.missed(SplitStoresPass.name, op, stores_text(op, stores))
        return Refusal(reasons[-1], stores=stores)
    if isinstance(op, DualGemmOp):
        remarks.missed(SplitDualGemmPass.name, op, "one kernel multiplies, another pairs the products")
        return Refusal(reasons[-1])
    if isinstance(op, AttentionOp):
        remarks.missed(PASS_NAME, op, "no fused attention: its products and its softmax are kernels of their own")
        return Refusal(reasons[-1])
    raise UnsupportedError(f"no kernel for {op.name} on {target.name}: {'; '.join(reasons)}", where=location_text(op))
