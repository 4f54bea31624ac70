"""The families for tensor cores that a fused operation can become, and the template expected to be the fastest."""

from collections.abc import Iterator
from dataclasses import replace

from boltir.cost_model import epilogue_instructions
from boltir.dialects.cutlass.sm90 import Sm90Attr
from boltir.dialects.fused import Conv2dOp, DualGemmOp, FusedOp, GemmOp
from boltir.lowering.fused_to_cutlass.conv2d import conv2d_families
from boltir.lowering.fused_to_cutlass.family import Candidate, Family, Rejection, usual_candidates
from boltir.lowering.fused_to_cutlass.gemm import gemm_families
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.target import Target


def families(op: FusedOp, target: Target) -> Iterator[Family | Refusal]:
    """Each family for tensor cores, or why it cannot serve; the preferred one first, and none for other operations."""
    match op:
        case GemmOp() | DualGemmOp():
            found = gemm_families(op, target)
        case Conv2dOp():
            found = conv2d_families(op, target)
        case _:
            return
    instructions = epilogue_instructions(op.epilogue.block)
    for family in found:
        yield replace(family, instructions=instructions) if isinstance(family, Family) else family


def select_on_tensor_cores(op: GemmOp | DualGemmOp | Conv2dOp, target: Target) -> Selection | Refusal:
    """What the cost model ranks first, of 3.x if any of it is legal; where nothing is, the last family's refusal."""
    refusal: Refusal | None = None
    passed_over = ""
    ranked: list[Candidate] = []
    rejected: list[Rejection] = []
    for family in families(op, target):
        if isinstance(family, Refusal):
            refusal = family
            continue
        found, misfits = usual_candidates(family, target)
        if found and not ranked and refusal is not None:
            passed_over = refusal.reason
        ranked += found
        rejected += misfits
        if found and issubclass(family.kind, Sm90Attr):
            break
        if not found:
            # The last mainloop is the most modest: what it breaks, all of them do.
            refusal = Refusal(misfits[-1].reason)
    if ranked:
        ranked.sort(key=lambda candidate: candidate.estimate.seconds)
        return Selection(ranked[0].template, ranked[0].arguments, passed_over, tuple(ranked), tuple(rejected))
    assert refusal is not None
    return refusal
