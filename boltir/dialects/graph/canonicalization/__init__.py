"""Canonicalisation patterns by the operation they are rooted at."""

from __future__ import annotations

from functools import cache

from xdsl.ir import Operation
from xdsl.pattern_rewriter import RewritePattern

from boltir.dialects.graph.canonicalization.attention import ATTENTION_PATTERNS
from boltir.dialects.graph.canonicalization.casts import CAST_PATTERNS
from boltir.dialects.graph.canonicalization.clamps import CLAMP_PATTERNS
from boltir.dialects.graph.canonicalization.columns import COLUMN_PATTERNS
from boltir.dialects.graph.canonicalization.elementwise import ELEMENTWISE_PATTERNS
from boltir.dialects.graph.canonicalization.linear import LINEAR_PATTERNS
from boltir.dialects.graph.canonicalization.movement import MOVEMENT_PATTERNS
from boltir.dialects.graph.canonicalization.pooling import POOLING_PATTERNS
from boltir.dialects.graph.canonicalization.reductions import REDUCTION_PATTERNS
from boltir.dialects.graph.canonicalization.rows import ROW_PATTERNS
from boltir.dialects.graph.canonicalization.slices import SLICE_PATTERNS
from boltir.dialects.graph.canonicalization.sums import SUM_PATTERNS
from boltir.dialects.graph.canonicalization.unfold import UNFOLD_PATTERNS
from boltir.dialects.graph.canonicalization.views import VIEW_PATTERNS

Rooted = tuple[type[Operation], RewritePattern]

ALL_PATTERNS: tuple[Rooted, ...] = (
    *ATTENTION_PATTERNS,
    *MOVEMENT_PATTERNS,
    *SLICE_PATTERNS,
    *VIEW_PATTERNS,
    *UNFOLD_PATTERNS,
    *ROW_PATTERNS,
    *COLUMN_PATTERNS,
    *CAST_PATTERNS,
    *CLAMP_PATTERNS,
    *LINEAR_PATTERNS,
    *ELEMENTWISE_PATTERNS,
    *SUM_PATTERNS,
    *REDUCTION_PATTERNS,
    *POOLING_PATTERNS,
)


@cache
def patterns_of(op_type: type[Operation]) -> tuple[RewritePattern, ...]:
    """The patterns whose root can be an `op_type`."""
    return tuple(pattern for root, pattern in ALL_PATTERNS if issubclass(op_type, root))
