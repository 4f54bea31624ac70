"""`recognize-composites`: find operations that a model spells out in parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from boltir.context import remarks_of
from boltir.passes.composites.activations import (
    NAME,
    RecognizeGate,
    RecognizeHardSigmoid,
    RecognizeSiluQuotient,
    RecognizeSoftplus,
)
from boltir.passes.composites.attention import RecognizeAttention
from boltir.passes.composites.layer_norm import RecognizeLayerNorm, ScaleLayerNorm, ShiftLayerNorm
from boltir.passes.support.rewriting import apply_once, apply_patterns, erase_unused, graph_ops


@dataclass(frozen=True)
class RecognizeCompositesPass(ModulePass):
    """Formulas of activations, layer norms and attention become the operations they compute."""

    name: ClassVar[str] = NAME

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        remarks = remarks_of(ctx)
        activations = (RecognizeGate, RecognizeHardSigmoid, RecognizeSiluQuotient, RecognizeSoftplus)
        apply_patterns(op, *(pattern(remarks) for pattern in activations))
        apply_once(op, RecognizeLayerNorm(remarks))
        apply_patterns(op, ScaleLayerNorm(), ShiftLayerNorm())
        apply_once(op, RecognizeAttention(remarks))
        erase_unused(graph_ops(op))
