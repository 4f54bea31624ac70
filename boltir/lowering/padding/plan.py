"""Which groups of tensors are padded, and to how many lanes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from xdsl.dialects.builtin import AnyFloat
from xdsl.ir import Block, SSAValue

from boltir.cost_model.hopper_loads import LINE
from boltir.dialects.cutlass.conv2d import FEW_CHANNELS
from boltir.dialects.graph.elementwise import ElementwiseOp
from boltir.dialects.graph.linear import BiasAddOp, Conv2dOp
from boltir.dialects.graph.movement import ConcatOp, GatherOp, TransposeOp
from boltir.dialects.shapes import round_up
from boltir.dialects.tensors import element_type, static_shape
from boltir.lowering.padding.cost import Extents, PaddingCost, exact_extents
from boltir.passes.fold_constants import LARGEST_PADDING
from boltir.passes.lower_precision import ELEMENTS
from boltir.passes.padding.groups import Group, LaneFinder, Product, is_product, operands_along_rows, picks_rows

TIE = 1.02
"""Estimates this close say nothing. Longer rows, which are whole lines, serve better then: (4096, 768, 48) took 5.2 us
on an H100, (4096, 768, 64) took 4.5."""
MOST_TRANSPOSED = 4
"""Dimensions of what a kernel can transpose and pad at once."""


@dataclass(frozen=True)
class Option:
    """A group with rows of so many lanes.

    Attributes:
        seconds: what its products take, and what it takes to pad rows and to cut them off.
        copies: how many kernels do nothing but pad rows or cut them off.
    """

    lanes: int
    seconds: float
    copies: int

    def __str__(self) -> str:
        kernels = f" with {self.copies} more kernel{'s' * (self.copies > 1)}" if self.copies else ""
        return f"about {1e6 * self.seconds:.1f} us{kernels}"


@dataclass
class Planner:
    """Decides one group after the other; until a group is decided, its neighbours expect it to be aligned.

    Attributes:
        lanes: how many each tensor of a decided group gets.
        expected: how many one of the others will get.
    """

    finder: LaneFinder
    cost: PaddingCost
    lanes: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])
    expected: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])

    def expect(self, groups: Sequence[Group]) -> None:
        """`groups` are what will be decided."""
        for group in groups:
            self.expected.update(dict.fromkeys(group.members, group.aligned))

    def options(self, group: Group) -> tuple[Option, Option] | None:
        """The group as it is, and padded in the best way; None if tensor cores take none of its products."""
        exact, *padded = (self._option(group, lanes) for lanes in (group.lanes, *self._targets(group)))
        found = [option for option in padded if option is not None]
        if exact is None or not found:
            return None
        limit = TIE * min(option.seconds for option in found)
        return exact, max((option for option in found if option.seconds <= limit), key=lambda option: option.lanes)

    def _targets(self, group: Group) -> Sequence[int]:
        """The numbers of lanes that may serve better than those there are."""
        targets = {group.aligned}
        if any(isinstance(op, Conv2dOp) for op in group.readers):
            targets.add(max(group.lanes, FEW_CHANNELS))
        if group.readers and self.cost.target.has_warpgroup_mma:
            line = LINE // self.cost.element_bytes(element_type(group.members[0]))
            targets.add(round_up(group.lanes, line))
        return sorted(lanes for lanes in targets if group.lanes < lanes <= LARGEST_PADDING * group.lanes)

    def decide(self, group: Group, lanes: int) -> None:
        """The tensors of `group` get so many."""
        self.lanes.update(dict.fromkeys(group.members, lanes))

    @property
    def widened(self) -> dict[SSAValue, int]:
        """The tensors that get more lanes than they have, and how many."""
        return {value: lanes for value, lanes in self.lanes.items() if lanes > static_shape(value)[-1]}

    def _option(self, group: Group, lanes: int) -> Option | None:
        trial = dict.fromkeys(group.members, lanes)
        times = [time for op in group.products if (time := self._seconds(op, trial)) is not None]
        if not times:
            return None
        if lanes == group.lanes:
            return Option(lanes, sum(times), 0)
        free, copies = self._free_seconds(group, lanes), list(self._copies(group, lanes))
        return Option(lanes, sum(times) + free + sum(copies), len(copies))

    def _seconds(self, op: Product, trial: dict[SSAValue, int]) -> float | None:
        exact = exact_extents(op)
        summed = self.finder.summing.get(op)
        k = self._lanes(summed[0], trial) if summed else exact.k
        computes_more = op in self.finder.fills or self.finder.widens(op)
        n = self._lanes(op.result, trial) if computes_more else exact.n
        stored = exact.n if self._is_cut_off(op.result) else n
        return self.cost.product_seconds(op, Extents(k, n, stored), is_weight=op.operands[1] in self.finder.weights)

    def _lanes(self, value: SSAValue, trial: dict[SSAValue, int]) -> int:
        known = (lanes[value] for lanes in (trial, self.lanes, self.expected) if value in lanes)
        return next(known, static_shape(value)[-1])

    def _free_seconds(self, group: Group, lanes: int) -> float:
        """What kernels that make tensors of the group anyway take longer for storing longer rows."""
        makers = (value for value in group.makers if not self._needs_copy(value) and not is_product(value.owner))
        return sum(self.cost.longer_seconds(value, lanes) for value in makers)

    def _copies(self, group: Group, lanes: int) -> Iterator[float]:
        """The times of the kernels that do nothing but pad rows or cut them off."""
        for value in group.makers:
            if self._needs_copy(value):
                yield self.cost.copy_seconds(value, self.cost.bytes_of(value, lanes))
        for value in group.members:
            if self.is_needed_exactly(value) and not self._is_cut_off(value):
                yield self.cost.copy_seconds(value, self.cost.bytes_of(value, group.lanes))
        for op in group.readers:
            if (other := companion(op, self.finder)) is not None:
                yield self.cost.copy_seconds(other, self.cost.bytes_of(other, static_shape(other)[-1]))

    def is_needed_exactly(self, value: SSAValue) -> bool:
        """Whether something reads `value` that must not see more lanes."""
        return any(not self.finder.takes_padding(use) for use in value.uses)

    def _needs_copy(self, value: SSAValue) -> bool:
        """Whether no kernel that runs anyway can store `value` with longer rows."""
        maker = value.owner
        if isinstance(maker, Block):
            element = element_type(value)
            is_cast = isinstance(element, AnyFloat) and element != ELEMENTS[self.cost.precision.name]
            return not is_cast or self.is_needed_exactly(value)
        if self.finder.widens(maker):
            return False
        if isinstance(maker, GatherOp) and picks_rows(maker) and maker.data in self.finder.weights:
            return False
        if isinstance(maker, ConcatOp):
            return all(is_product(_behind(part).owner) for part in maker.inputs)  # they would write it in place
        moves = isinstance(maker, TransposeOp) and len(maker.shape) <= MOST_TRANSPOSED
        return not (moves or is_product(maker)) or self.is_needed_exactly(value)

    def _is_cut_off(self, value: SSAValue) -> bool:
        """Whether the kernel of a product can store just the exact rows of `value`: nothing reads longer ones."""
        while self._has_one_reader_by_lane(value):
            (use,) = value.uses
            value = use.operation.results[0]
        if any(self.finder.takes_padding(use) for use in value.uses if value in self.finder.numbers):
            return False
        fused = (use.operation for use in value.uses)
        return is_product(_behind(value).owner) and not any(isinstance(op, ElementwiseOp | BiasAddOp) for op in fused)

    def _has_one_reader_by_lane(self, value: SSAValue) -> bool:
        user = value.get_user_of_unique_use()
        return isinstance(user, ElementwiseOp | BiasAddOp) and user in self.finder.fills


def _behind(value: SSAValue) -> SSAValue:
    """The tensor of which the kernel that computes `value` computes the elements first."""
    while isinstance(owner := value.owner, ElementwiseOp | BiasAddOp) and owner.operands[0].has_one_use():
        value = owner.operands[0]
    return value


def companion(op: Product, finder: LaneFinder) -> SSAValue | None:
    """The operand of `op`, which sums over more lanes, that is no weight and needs more rows for it."""
    along = operands_along_rows(op)
    others = (value for i, value in enumerate(op.operands) if i not in along and value not in finder.weights)
    return next(others, None)
