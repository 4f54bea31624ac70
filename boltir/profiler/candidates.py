"""What can be tried for a fused operation: legal templates, the likely fastest first, and why others are not.

Sources: what boltir tries by itself, what cutlass_library enumerates, what nvidia-matmul-heuristics proposes where it
is installed, and what only boltir's templates and launches have: slices of K within a cluster, and the order of tiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from boltir.cost_model.traffic import traffic_of
from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.gemm_unaligned import GemmUnalignedAttr
from boltir.dialects.cutlass.matrix import Layout
from boltir.dialects.cutlass.sm90 import Schedule, Sm90Attr
from boltir.dialects.cutlass.store import StoreKind
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.cutlass.tensor_op import TensorOpAttr
from boltir.dialects.fused import ChainOp, FusedOp
from boltir.lowering.fused_to_cutlass.chains.candidates import ChainCandidate, chain_candidates
from boltir.lowering.fused_to_cutlass.chains.problem import chain_problem
from boltir.lowering.fused_to_cutlass.chosen import legal_selection
from boltir.lowering.fused_to_cutlass.families import families
from boltir.lowering.fused_to_cutlass.family import (
    Candidate,
    Family,
    MatrixTemplate,
    Rejection,
    find_candidates,
    usual_candidates,
)
from boltir.lowering.fused_to_cutlass.mainloops import HopperTile, Mainloop, Tile
from boltir.lowering.fused_to_cutlass.selection import Refusal
from boltir.lowering.fused_to_cutlass.stores import stores_of
from boltir.profiler.candidate_text import candidate_text
from boltir.profiler.enumeration import hopper_tiles, shipped_tiles
from boltir.profiler.matmul_heuristics import proposed_tiles
from boltir.target import Target

__all__ = ["Candidate", "Candidates", "Rejection", "candidates_for"]

SPLIT_TILES = tuple(
    HopperTile((m, n, k), Schedule.SPLIT_K)
    for m, n in ((64, 32), (64, 64), (64, 96), (64, 128), (128, 64))
    for k in (64, 128)
)
"""Tiles whose threadblocks share slices of K, which CUTLASS does not have."""

SWIZZLES = (2, 4, 8)
"""How many tiles 2.x visits together, besides one at a time; of 3.x, launches decide that."""

UNUSUAL = 1.03
"""How much longer what boltir tries by itself may take than another, to be preferred: other problems share it."""

WORTH_A_TRY = 1.15
"""How much slower than the first the model may expect a tile to be, for it to come before variants of better ones."""

AnyCandidate = Candidate | ChainCandidate
"""A legal template with its launch, for one product or for several."""


@dataclass(frozen=True)
class Candidates:
    """What can be tried for an operation.

    Attributes:
        legal: launches that the verifiers allow, those first that are most worth a measurement: what the cost model
            expects to be the fastest, then the best of every other tile and schedule that comes near.
        rejected: what they refuse, with the rule.
    """

    legal: tuple[AnyCandidate, ...]
    rejected: tuple[Rejection, ...]


def candidates_for(op: FusedOp | ChainOp, target: Target) -> Candidates:
    """The candidates for a matrix product, a convolution, or a chain of them; none for any other operation.

    Raises:
        BoltError: cutlass_library is not installed.
    """
    if isinstance(op, ChainOp):
        return _for_chain(op, target)
    legal: list[Candidate] = []
    rejected: list[Rejection] = []
    for family in families(op, target):
        if isinstance(family, Refusal):
            rejected.append(Rejection(op.name, family.reason))
            continue
        tried, _ = usual_candidates(family, target)
        found, refused = find_candidates(_widened(family, tried, target), target)
        legal += found
        rejected += refused
    if any(store.kind is StoreKind.REDUCED for store in stores_of(op)):
        legal = list(_with_fitting_tiles(op, legal, rejected, target))
    return Candidates(promising_first(op, legal, target), tuple(rejected))


def promising_first(op: FusedOp | ChainOp, legal: Iterable[AnyCandidate], target: Target) -> tuple[AnyCandidate, ...]:
    """Candidates of `op`, those first that are most worth a measurement, in whatever order they come."""
    ranks = {template: rank for rank, template in enumerate(_usual_templates(op, target))}

    def preference(candidate: AnyCandidate) -> tuple[float, int, str]:
        rank = ranks.get(candidate.template)
        seconds = candidate.estimate.seconds * (UNUSUAL if rank is None else 1)
        ties = len(ranks) if rank is None else rank
        return seconds, ties, candidate_text(candidate.template, candidate.arguments)

    return tuple(_varied(sorted(legal, key=preference)))


def _usual_templates(op: FusedOp | ChainOp, target: Target) -> Iterator[MatrixTemplate | ChainAttr]:
    """What boltir tries by itself, in the order in which it prefers what is expected to be equally fast."""
    if isinstance(op, ChainOp):
        problem = chain_problem(op)
        if not isinstance(problem, Refusal):
            yield from (candidate.template for candidate in chain_candidates(problem, target).candidates)
        return
    for family in families(op, target):
        if isinstance(family, Family):
            yield from (candidate.template for candidate in usual_candidates(family, target)[0])


def _for_chain(chain: ChainOp, target: Target) -> Candidates:
    problem = chain_problem(chain)
    if isinstance(problem, Refusal):
        return Candidates((), (Rejection(chain.name, problem.reason),))
    ranking = chain_candidates(problem, target)
    return Candidates(promising_first(chain, ranking.candidates, target), ranking.misfits)


def _with_fitting_tiles(
    op: FusedOp, legal: Iterable[Candidate], rejected: list[Rejection], target: Target
) -> Iterator[Candidate]:
    """Those whose tiles make the values that `op` stores; the others are added to `rejected`."""
    for candidate in legal:
        answer = legal_selection(op, candidate.template, candidate.arguments, target)
        if isinstance(answer, Refusal):
            rejected.append(Rejection(str(candidate.template), answer.reason))
        else:
            yield candidate


def _varied(legal: Sequence[AnyCandidate]) -> list[AnyCandidate]:
    """The same; the first few differ in more than depth, order or slices, which the model tells apart least."""
    seen: set[tuple[object, ...]] = set()
    firsts: list[AnyCandidate] = []
    for candidate in legal:
        if candidate.estimate.seconds <= WORTH_A_TRY * legal[0].estimate.seconds:
            shape = _shape(candidate)
            if shape not in seen:
                seen.add(shape)
                firsts.append(candidate)
    chosen = set(map(id, firsts))
    return [*firsts, *(candidate for candidate in legal if id(candidate) not in chosen)]


def _shape(candidate: AnyCandidate) -> tuple[object, ...]:
    """What measured times differ by most: family, tile, schedule, and whether there are clusters."""
    match candidate.template:
        case Sm90Attr() as template:
            return template.family, template.tile.data[:2], template.schedule.data, max(template.cluster.data) > 1
        case TensorOpAttr() as template:
            return template.family, template.threadblock.data[:2]
        case GemmUnalignedAttr() as template:
            return (template.family,)
        case ChainAttr() as template:
            depth = ("stages", "threadblock_k")
            return template.family, *(value for name, value in template.values().items() if name not in depth)


def _widened(family: Family, tried: Sequence[Candidate], target: Target) -> Family:
    """`family`, of which boltir itself tries some candidates, with the mainloops of all sources."""
    mainloops: list[Mainloop] = list(family.mainloops)
    if issubclass(family.kind, Sm90Attr):
        mainloops += (*SPLIT_TILES, *hopper_tiles(family.math), *_proposals(family, target))
    elif issubclass(family.kind, TensorOpAttr):
        mainloops += shipped_tiles(family.math, target)
    wider = replace(family, mainloops=tuple(dict.fromkeys(mainloops)))
    if not any(_is_read_again(candidate, family.signature, target) for candidate in tried[:1]):
        return wider
    swizzled = (replace(tile, swizzle=swizzle) for tile in mainloops if isinstance(tile, Tile) for swizzle in SWIZZLES)
    return replace(wider, mainloops=tuple(dict.fromkeys((*wider.mainloops, *swizzled))), orders_tiles=True)


def _proposals(family: Family, target: Target) -> Iterable[HopperTile]:
    if family.kind is not GemmSm90Attr:
        return ()
    fixed = dict(family.fixed)
    layouts = (Layout(str(fixed["layout_a"])), Layout(str(fixed["layout_b"])))
    return proposed_tiles(family.arguments, layouts, family.math, target)


def _is_read_again(candidate: Candidate, signature: KernelSignature, target: Target) -> bool:
    """Whether a matrix exceeds what the L2 cache keeps, so that the order of the tiles matters."""
    return traffic_of(candidate.template, candidate.arguments, signature).largest_matrix > target.l2_kept
