"""Ranked templates as one line of text, for remarks."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from boltir.cost_model import Estimate, estimate
from boltir.dialects.cutlass.sm90 import Sm90Attr
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.cutlass.tensor_op import TensorOpAttr
from boltir.dialects.fused import FusedOp
from boltir.lowering.fused_to_cutlass.chosen import legal_selection
from boltir.lowering.fused_to_cutlass.family import Candidate, Rejection
from boltir.lowering.fused_to_cutlass.kernels import kernel_signature
from boltir.lowering.fused_to_cutlass.selection import Selection
from boltir.lowering.fused_to_cutlass.stores import epilogue_integers
from boltir.ranking import RankedTemplate
from boltir.target import Target

SHOWN = 3


def estimates_text(ranked: Sequence[Candidate], rejected: Sequence[Rejection]) -> str:
    """What the cost model expects of the first few candidates, and why others are none."""
    rows = [
        _row(candidate.template, candidate.arguments, candidate.estimate.seconds, candidate.estimate)
        + f", bound by {candidate.estimate.bound.value}"
        for candidate in ranked[:SHOWN]
    ]
    reasons = Counter(rejection.reason for rejection in rejected)
    return _listed(f"expected of {len(ranked)} templates", rows, reasons)


def measurements_text(op: FusedOp, rows: Sequence[RankedTemplate], target: Target) -> str:
    """How fast the first few templates were measured to be on `op`, and what failed.

    What computes something else, of another version or from elsewhere, is left out.
    """
    stored = epilogue_integers(op)
    ok = [row for row in rows if row.status == "ok" and row.seconds]
    measured = [row for row in ok if isinstance(legal_selection(op, row.template, row.arguments, target), Selection)]
    texts: list[str] = []
    for row in measured[:SHOWN]:
        signature = kernel_signature(op, row.template)
        expected = estimate(row.template, {**row.arguments, **stored}, signature, target)
        texts.append(_row(row.template, row.arguments, row.seconds or 0.0, expected) + f", spread {row.spread:.0%}")
    failed = Counter(row.note or row.status for row in rows if row.status not in ("ok", ""))
    return _listed(f"measured {len(measured)} templates", texts, failed)


def _listed(title: str, rows: Sequence[str], reasons: Mapping[str, int]) -> str:
    refused = [f"{count} rejected: {reason}" for reason, count in reasons.items()]
    return f"{title}: " + "; ".join((*rows, *refused))


def _row(template: TemplateAttr, arguments: Mapping[str, int], seconds: float, problem: Estimate | None) -> str:
    time = f"{template_text(template, arguments)} {1e6 * seconds:.2f} us"
    if problem is None:
        return time
    rates = f"{1e-12 * problem.flops / seconds:.3g} TFLOP/s, {1e-9 * problem.memory_bytes / seconds:.3g} GB/s"
    return f"{time}, {rates}, {problem.roof_seconds / seconds:.0%} of the roof"


def template_text(template: TemplateAttr, arguments: Mapping[str, int]) -> str:
    """What was chosen, in short: `gemm_sm90 64x128x64 pingpong cluster 2x1`."""
    match template:
        case Sm90Attr():
            parts = [_extents(template.tile.data), template.schedule.data.value]
            if max(template.cluster.data) > 1:
                parts.append("cluster " + _extents(template.cluster.data[:2]))
        case TensorOpAttr():
            parts = [_extents(template.threadblock.data), f"{template.stages.data} stages"]
        case _:
            parts = []
    if "slices" in arguments:
        parts.append(f"{arguments['slices']} slices")
    return " ".join((template.family, *parts))


def _extents(extents: Iterable[int]) -> str:
    return "x".join(map(str, extents))
