"""What a selector of templates answers: an instantiation with its launch integers, or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.ir import Operation

from boltir.dialects.cutlass.template import KernelSignature, TemplateAttr
from boltir.dialects.fused import Conv2dOp, DualGemmOp, FusedOp, GemmOp
from boltir.dialects.tensors import element_type
from boltir.errors import UnsupportedError
from boltir.lowering.fused_to_cutlass.family import Candidate, Rejection
from boltir.lowering.fused_to_cutlass.stores import general_rank_of, stores_of
from boltir.remarks import location_text
from boltir.target import Target


@dataclass(frozen=True)
class Selection:
    """The template, and the integers of this launch that are its `launch_parameters`.

    Those of stores and of general operands of matrix families are the same whichever template serves
    (`stores.epilogue_integers`).

    `passed_over` says why a template that is preferred where it can serve does not.
    `ranked` are the family's templates in the order of their estimated times, `rejected` those that are not legal.
    """

    template: TemplateAttr
    arguments: Mapping[str, int]
    passed_over: str = ""
    ranked: tuple[Candidate, ...] = ()
    rejected: tuple[Rejection, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """Why a family of templates cannot serve an operation.

    `operands` are the positions of the epilogue operands that stand in the way, if nothing else does:
    without them the family would serve the operation. `stores` are, likewise, the numbers of the outputs whose
    stores do.
    """

    reason: str
    operands: tuple[int, ...] = ()
    stores: tuple[int, ...] = ()


def obeyed(answer: Selection | Refusal, op: Operation, target: Target, remedy: str) -> Selection:
    """The template that is attached to `op`, which it can compute.

    Raises:
        UnsupportedError: it cannot; what else to do is to remove it, or `remedy`.
    """
    if isinstance(answer, Selection):
        return answer
    raise UnsupportedError(
        f"the template chosen for {op.name} cannot compute it on {target.name}: {answer.reason}",
        where=location_text(op) or None,
        hint=f"remove the attribute cutlass.choice, or {remedy}",
    )


def signature_of(op: FusedOp) -> KernelSignature:
    """The types, broadcast kinds and stores of the kernel that `op` becomes."""
    return KernelSignature(
        tuple(map(element_type, op.inputs)),
        tuple(map(element_type, op.epilogue_operands)),
        tuple(kind.data for kind in op.broadcasts),
        tuple(map(element_type, op.outputs)),
        stores_of(op),
        max(1, len(op.accumulator_types())),
        general_rank_of(op) if isinstance(op, GemmOp | DualGemmOp | Conv2dOp) else 0,
    )
