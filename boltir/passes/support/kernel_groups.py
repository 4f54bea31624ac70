"""Which kernels become one: a plan, made before anything changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from xdsl.ir import Block, Operation, SSAValue, Use

from boltir.dialects.fused import FusedOp, PointwiseOp
from boltir.dialects.tensors import Shape


class Refusal(NamedTuple):
    """Why two kernels do not become one.

    Attributes:
        reason: without this kernel's names and numbers, as the summary counts it.
    """

    message: str
    reason: str


@dataclass
class KernelGroup:
    """Kernels to merge into the last of them.

    In a plan, every member but the last feeds only epilogues of other members, so nothing outside the group sees
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

    def refusal(self, op: FusedOp, max_operands: int) -> Refusal | None:
        """Why `op`, whose results are used by members, cannot become one; None if it can."""
        if op.result_shape != self.shape:
            shapes = f"from {_text(op.result_shape)} to {_text(self.shape)}"
            return Refusal(f"the shape changes {shapes}", "the shape changes")
        if self.anchor is not None and not isinstance(op, PointwiseOp):
            return Refusal(
                f"its consumer is already part of {self.anchor.name}", "the consumer is part of another anchor"
            )
        if len(operands := self.operands_with(op)) > max_operands:
            loads = f"{len(operands)} operands, the limit is {max_operands}"
            return Refusal(f"the epilogue would load {loads}", "too many operands")
        return None


def plan_groups(block: Block, max_operands: int, anchors: tuple[type[FusedOp], ...] = (FusedOp,)) -> list[KernelGroup]:
    """Group pointwise kernels, and kernels of the kinds `anchors`, with their consumers among these where they can.

    Kernels are visited last to first: when one is reached, the groups of all its consumers are known. Of two anchors
    that feed one consumer, the later one takes it. What something else uses, too, stays alone; the last group is first.
    """
    groups: list[KernelGroup] = []
    group_of: dict[Operation, KernelGroup] = {}
    for op in reversed(block.ops):
        if not isinstance(op, (PointwiseOp, *anchors)):
            continue
        group = _consuming_group(op, group_of)
        if group is None or group.refusal(op, max_operands) is not None:
            groups.append(group := KernelGroup())
        group.add(op)
        group_of[op] = group
    return groups


def _consuming_group(op: FusedOp, group_of: dict[Operation, KernelGroup]) -> KernelGroup | None:
    """The group whose epilogues are all that uses `op`, which stores its elements; None if there is none."""
    uses = [use for output in op.outputs for use in output.uses]
    groups = {id(group): group for use in uses if (group := group_of.get(use.operation)) is not None}
    users_are_members = all(use.operation in group_of and is_epilogue_use(use) for use in uses)
    return next(iter(groups.values())) if len(groups) == 1 and users_are_members and not op.has_stores else None


def is_epilogue_use(use: Use) -> bool:
    """Whether `use` is by the epilogue of a kernel."""
    return isinstance(use.operation, FusedOp) and use.index >= len(use.operation.inputs)


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "scalar"
