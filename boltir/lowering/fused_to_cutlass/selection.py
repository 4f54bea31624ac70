"""What a selector of templates answers: an instantiation with its launch integers, or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass

from boltir.dialects.cutlass.template import KernelSignature, TemplateAttr
from boltir.dialects.fused import FusedOp
from boltir.dialects.tensors import element_type


@dataclass(frozen=True)
class Selection:
    """The template, and the integers of this launch in the order of `template.launch_parameters`.

    `passed_over` says why a template that is preferred where it can serve does not.
    """

    template: TemplateAttr
    arguments: Mapping[str, int]
    passed_over: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why a family of templates cannot serve an operation.

    `operands` are the positions of the epilogue operands that stand in the way, if nothing else does:
    without them the family would serve the operation.
    """

    reason: str
    operands: tuple[int, ...] = ()


def signature_of(op: FusedOp) -> KernelSignature:
    """The element types and broadcast kinds of the kernel that `op` becomes."""
    return KernelSignature(
        tuple(map(element_type, op.inputs)),
        tuple(map(element_type, op.epilogue_operands)),
        tuple(kind.data for kind in op.broadcasts),
        tuple(map(element_type, op.outputs)),
    )
