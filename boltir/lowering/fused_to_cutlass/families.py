"""The families for tensor cores that a fused operation can become, and the template expected to be the fastest."""

from collections.abc import Iterator

from boltir.dialects.fused import Conv2dOp, DualGemmOp, FusedOp, GemmOp
from boltir.lowering.fused_to_cutlass.conv2d import conv2d_families
from boltir.lowering.fused_to_cutlass.family import Family, usual_candidates
from boltir.lowering.fused_to_cutlass.gemm import gemm_families
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.target import Target


def families(op: FusedOp, target: Target) -> Iterator[Family | Refusal]:
    """Each family for tensor cores, or why it cannot serve; the preferred one first, and none for other operations."""
    match op:
        case GemmOp() | DualGemmOp():
            yield from gemm_families(op, target)
        case Conv2dOp():
            yield from conv2d_families(op, target)
        case _:
            return


def select_on_tensor_cores(op: GemmOp | DualGemmOp | Conv2dOp, target: Target) -> Selection | Refusal:
    """What the cost model ranks first in the first family that has a legal template, else the last family's refusal."""
    refusal: Refusal | None = None
    for family in families(op, target):
        if isinstance(family, Refusal):
            refusal = family
            continue
        ranked, rejected = usual_candidates(family, target)
        if ranked:
            best, passed_over = ranked[0], "" if refusal is None else refusal.reason
            return Selection(best.template, best.arguments, passed_over, ranked, rejected)
        # The last mainloop is the most modest: what it breaks, all of them do.
        refusal = Refusal(rejected[-1].reason)
    assert refusal is not None
    return refusal
