"""Right results to check candidates against: from kernels on the ordinary cores, which are tested on their own."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from boltir.context import CompilerContext
from boltir.dialects.cutlass import CHOICE_ATTRIBUTE, ChoiceAttr
from boltir.dialects.cutlass.simt import SimtAttr
from boltir.dialects.cutlass.simt_movement import PointwiseAttr
from boltir.dialects.fused import ChainOp, FusedOp
from boltir.errors import UnsupportedError
from boltir.lowering.fused_to_cutlass.selection import Refusal
from boltir.lowering.fused_to_cutlass.selectors import answers
from boltir.passes.decompose_attention import DecomposeAttentionPass
from boltir.passes.inline_chains import inline
from boltir.passes.split_dual_gemm import SplitDualGemmPass
from boltir.passes.split_stores import SplitStoresPass
from boltir.profiler.executable import Executable
from boltir.profiler.lower_problem import lower_problem
from boltir.profiler.problem import Problem, kernels_of
from boltir.target import Target


def reference(problem: Problem, target: Target) -> Executable:
    """`problem` by kernels on the ordinary cores.

    Raises:
        UnsupportedError: there are none for it.
    """
    return lower_problem(problem, target, lambda module: _choose(module, target))


def _choose(module: ModuleOp, target: Target) -> None:
    context = CompilerContext()
    for op in kernels_of(module):
        if isinstance(op, ChainOp):
            inline(op)
    for take_apart in (DecomposeAttentionPass(), SplitDualGemmPass(), SplitStoresPass()):
        take_apart.apply(context, module)
    for op in module.walk():
        if isinstance(op, FusedOp):
            op.attributes[CHOICE_ATTRIBUTE] = _choice(op, target)


def _choice(op: FusedOp, target: Target) -> ChoiceAttr:
    reasons: list[str] = []
    for answer in answers(op, target):
        if isinstance(answer, Refusal):
            reasons.append(answer.reason)
        elif isinstance(answer.template, SimtAttr | PointwiseAttr):
            return ChoiceAttr.of(answer.template, answer.arguments)
    raise UnsupportedError(f"no kernel on the ordinary cores computes {op.name}: {'; '.join(reasons)}")
