"""Canonicalisation patterns by the operation they are rooted at."""

from __future__ import annotations

from functools import cache

from xdsl.ir import Operation
from xdsl.pattern_rewriter import RewritePattern

from boltir.dialects.graph.canonicalization.casts import CAST_PATTERNS
from boltir.dialects.graph.canonicalization.clamps import CLAMP_PATTERNS
from boltir.dialects.graph.canonicalization.elementwise import ELEMENTWISE_PATTERNS
from boltir.dialects.graph.canonicalization.linear import LINEAR_PATTERNS
from boltir.dialects.graph.canonicalization.movement import MOVEMENT_PATTERNS
from boltir.dialects.graph.canonicalization.reductions import REDUCTION_PATTERNS

Rooted = tuple[type[Operation], RewritePattern]

ALL_PATTERNS: tuple[Rooted, ...] = (
    *MOVEMENT_PATTERNS,
    *CAST_PATTERNS,
    *CLAMP_PATTERNS,
    *LINEAR_PATTERNS,
    *ELEMENTWISE_PATTERNS,
    *REDUCTION_PATTERNS,
)


@cache
def patterns_of(op_type: type[Operation]) -> tuple[RewritePattern, ...]:
    """The patterns whose root can be an `op_type`."""
    return tuple(pattern for root, pattern in ALL_PATTERNS if issubclass(op_type, root))
