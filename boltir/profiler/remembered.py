"""Candidates that a database knows, without asking what else could be tried: that takes a second for a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from boltir.cost_model import epilogue_instructions, estimate
from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.cutlass.gemm_unaligned import GemmUnalignedAttr
from boltir.dialects.cutlass.sm90 import Sm90Attr
from boltir.dialects.cutlass.tensor_op import TensorOpAttr
from boltir.dialects.fused import ChainOp, FusedOp
from boltir.lowering.fused_to_cutlass.chains.candidates import ChainCandidate
from boltir.lowering.fused_to_cutlass.chains.problem import chain_instructions, chain_problem, legal_selection_of
from boltir.lowering.fused_to_cutlass.chosen import legal_selection
from boltir.lowering.fused_to_cutlass.family import Candidate
from boltir.lowering.fused_to_cutlass.kernels import kernel_signature
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.stores import epilogue_integers
from boltir.profiler.candidate_text import parse_candidate
from boltir.profiler.candidates import AnyCandidate, promising_first
from boltir.profiler.problem import Kernel
from boltir.target import Target


def remembered_candidates(op: Kernel, texts: Iterable[str], target: Target) -> tuple[AnyCandidate, ...]:
    """The candidates with these texts, in the order in which `candidates_for` has them.

    What another version of boltir wrote and this one does not know is left out, and what does not compute `op`.
    """
    find = _of_chain(op, texts, target) if isinstance(op, ChainOp) else _of_product(op, texts, target)
    return promising_first(op, find, target)


def _of_product(op: FusedOp, texts: Iterable[str], target: Target) -> Iterator[Candidate]:
    stored, instructions = epilogue_integers(op), epilogue_instructions(op.epilogue.block)
    for text in texts:
        match parse_candidate(text):
            case (Sm90Attr() | TensorOpAttr() | GemmUnalignedAttr() as template, arguments):
                if isinstance(legal_selection(op, template, arguments, target), Refusal):
                    continue
                signature = kernel_signature(op, template)
                expected = estimate(template, {**arguments, **stored}, signature, target, instructions)
                if expected is not None:
                    yield Candidate(template, arguments, expected)
            case _:
                continue


def _of_chain(chain: ChainOp, texts: Iterable[str], target: Target) -> Iterator[ChainCandidate]:
    problem = chain_problem(chain)
    if isinstance(problem, Refusal):
        return
    instructions = chain_instructions(chain.anchors)
    for text in texts:
        match parse_candidate(text):
            case (ChainAttr() as template, arguments):
                if legal_selection_of(problem, template, target) != Selection(template, arguments):
                    continue
                expected = estimate(template, arguments, problem.signature, target, instructions)
                if expected is not None:
                    yield ChainCandidate(template, arguments, expected)
            case _:
                continue
