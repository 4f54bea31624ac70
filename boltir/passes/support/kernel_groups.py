"""Which kernels become one: a plan, made before anything changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.ir import Block, Operation, SSAValue

from boltir.dialects.fused import FusedOp, PointwiseOp, ReshapeOp
from boltir.dialects.tensors import Shape


@dataclass
class KernelGroup:
    """Kernels to merge into the last of them.

    Every member but the last feeds only epilogues of other members, so nothing outside the group sees
    its value, and whatever the group reads is there when the last member runs.

    Attributes:
        members: the kernels, the last one first.
        anchor: the one member that is no pointwise kernel.
        operands: the tensors that the epilogue loads from outside.
    """

    members: list[FusedOp] = field(default_factory=list[FusedOp])
    anchor: FusedOp | None = None
    operands: set[SSAValue] = field(default_factory=set[SSAValue])

    @property
    def shape(self) -> Shape:
        """The shape of every member's result."""
        return self.members[0].result_shape

    def add(self, op: FusedOp) -> None:
        """Take `op`, which comes before every member."""
        self.operands = self.operands_with(op)
        self.members.append(op)
        if not isinstance(op, PointwiseOp):
            self.anchor = op

    def operands_with(self, op: FusedOp) -> set[SSAValue]:
        """What the epilogue would load, were `op` a member."""
        return self.operands.difference(op.outputs).union(op.epilogue_operands)

    def refusal(self, op: FusedOp, max_operands: int) -> str | None:
        """Why `op`, which only members use, cannot become one; None if it can."""
        if len(op.outputs) > 1:
            return f"it has {len(op.outputs)} results"
        if op.result_shape != self.shape:
            return f"the shape changes from {_text(op.result_shape)} to {_text(self.shape)}"
        if self.anchor is not None and not isinstance(op, PointwiseOp):
            return f"its consumer is already part of {self.anchor.name}"
        if len(operands := self.operands_with(op)) > max_operands:
            return f"the epilogue would load {len(operands)} operands, the limit is {max_operands}"
        return None


@dataclass
class Plan:
    """How the kernels of one block group.

    Attributes:
        groups: the groups, the last one first; a kernel that stays alone is a group of one.
        refusals: kernels that a pointwise kernel uses without becoming part of its group, and why.
    """

    groups: list[KernelGroup] = field(default_factory=list[KernelGroup])
    refusals: list[tuple[FusedOp, str]] = field(default_factory=list[tuple[FusedOp, str]])


def plan_groups(block: Block, max_operands: int, anchors: tuple[type[FusedOp], ...] = (FusedOp,)) -> Plan:
    """Group each pointwise kernel, and each kernel of the kinds `anchors`, with its consumers where they allow it.

    Kernels are visited last to first: when one is reached, the groups of all its consumers are known.
    Of two anchors that feed one consumer, the later one takes it.
    """
    plan = Plan()
    group_of: dict[Operation, KernelGroup] = {}
    for op in reversed(block.ops):
        if not isinstance(op, FusedOp):
            continue
        found = _consuming_group(op, group_of) if isinstance(op, (PointwiseOp, *anchors)) else None
        reason = found.refusal(op, max_operands) if isinstance(found, KernelGroup) else found
        if isinstance(found, KernelGroup) and reason is None:
            group = found
        else:
            plan.groups.append(group := KernelGroup())
        if reason is not None:
            plan.refusals.append((op, reason))
        group.add(op)
        group_of[op] = group
    return plan


def _consuming_group(op: FusedOp, group_of: dict[Operation, KernelGroup]) -> KernelGroup | str | None:
    """The one group whose epilogues are all that uses `op`, or why there is none; None without such a use."""
    users = list(_users(op, group_of))
    groups = {id(group): group for _, group in users if group is not None}
    if not groups:
        behind_reshape = any(isinstance(user, ReshapeOp) and _feeds_pointwise(user) for user, _ in users)
        return (
            "its consumer sees another shape of it, in which the other operands broadcast" if behind_reshape else None
        )
    if len(groups) > 1 or any(group is None for _, group in users):
        return f"its result has {len({user for user, _ in users})} uses"
    (group,) = groups.values()
    return group


def _users(op: FusedOp, group_of: dict[Operation, KernelGroup]) -> Iterator[tuple[Operation, KernelGroup | None]]:
    """Who uses the results of `op`, with their group where it is their epilogue that does."""
    for result in op.outputs:
        for use in result.uses:
            user = use.operation
            in_epilogue = isinstance(user, FusedOp) and use.index >= len(user.inputs)
            yield user, group_of.get(user) if in_epilogue else None


def _feeds_pointwise(op: ReshapeOp) -> bool:
    return any(isinstance(use.operation, PointwiseOp) for use in op.output.uses)


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "scalar"
