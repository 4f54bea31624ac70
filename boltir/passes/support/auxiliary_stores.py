"""Fuses kernels whose results others need, too, with a consumer: the results are stored besides the consumer's."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from xdsl.ir import Block, Operation

from boltir.cost_model import epilogue_instructions
from boltir.cost_model.fusion import FusionCost, is_matrix_anchor
from boltir.dialects.fused import AttentionOp, ElementsAttr, FusedOp, PointwiseOp, ReshapeOp
from boltir.dialects.graph.constants import byte_count
from boltir.dialects.shapes import element_count
from boltir.passes.support.kernel_groups import KernelGroup, Refusal, is_epilogue_use
from boltir.passes.support.merge_kernels import merge
from boltir.passes.support.reduced_stores import is_only_reduced

BEHIND_RESHAPE = Refusal(
    "its consumer sees another shape of it, in which the other operands broadcast",
    "the consumer sees another shape, in which operands broadcast",
)
NEEDED_EARLIER = Refusal("its result is needed before its consumer can run", "needed before the consumer can run")


@dataclass
class AuxiliaryStores:
    """Fuses pairs of kernels of one block, one after the other; the block stays in order after each.

    Attributes:
        refusals: kernels that could have become one with a consumer, and why they did not.
    """

    block: Block
    cost: FusionCost
    max_operands: int
    max_outputs: int
    order: dict[Operation, int] = field(default_factory=dict[Operation, int])
    refusals: list[tuple[FusedOp, Refusal]] = field(default_factory=list[tuple[FusedOp, Refusal]])

    def run(self) -> None:
        self.order = {op: i for i, op in enumerate(self.block.ops)}
        for op in tuple(self.block.ops):
            kernel = op if isinstance(op, FusedOp) and op.parent is not None else None
            while kernel is not None:
                # What two kernels became has the consumers of both.
                kernel = self._fused_with_a_consumer(kernel)

    def _fused_with_a_consumer(self, op: FusedOp) -> FusedOp | None:
        """The kernel that `op` and one of its consumers became; None if it stays alone."""
        refusals: list[Refusal] = []
        users = sorted({self.order.get(use.operation, -1) for output in op.outputs for use in output.uses})
        for consumer in consumers(op):
            others = (user for user in users if user != self.order[consumer])
            found = self._merged(op, consumer, next(others, inf))
            if isinstance(found, FusedOp):
                return found
            refusals.append(found)
        if not refusals and feeds_pointwise_through_reshape(op):
            refusals.append(BEHIND_RESHAPE)
        self.refusals.extend((op, refusal) for refusal in dict.fromkeys(refusals))
        return None

    def _merged(self, op: FusedOp, consumer: FusedOp, first_other: float) -> FusedOp | Refusal:
        """One kernel for both, or why there is none; `first_other` is where the first other user of `op` is."""
        group = KernelGroup()
        group.add(consumer)
        refusal = group.refusal(op, self.max_operands)
        if refusal is not None:
            return refusal
        place = self._place(op, consumer, first_other)
        if place is None:
            return NEEDED_EARLIER
        refusal = self._store_refusal(op, consumer)
        if refusal is not None:
            return refusal
        group.add(op)
        kernel = merge(group, place)
        self.order[kernel] = self.order[place]
        return kernel

    def _store_refusal(self, op: FusedOp, consumer: FusedOp) -> Refusal | None:
        """Why a kernel for both cannot store what others need of `op`, or should not; None if it can."""
        loaded = set(consumer.epilogue_operands)
        for output, store in zip(op.outputs, op.output_stores, strict=True):
            if output in loaded and not isinstance(store, ElementsAttr):
                return Refusal(f"it stores {store.description}", "not all elements are stored")
        needed = [output for output in op.outputs if any(use.operation is not consumer for use in output.uses)]
        if not needed:
            return None
        if AttentionOp in (type(op), type(consumer)):
            return Refusal("attention stores one result, and others need a second one", "attention stores one result")
        if (count := len(needed) + len(consumer.outputs)) > self.max_outputs:
            return Refusal(
                f"the kernel would store {count} results, the limit is {self.max_outputs}", "too many results"
            )
        stored = [*needed, *(output for output in consumer.outputs if not is_only_reduced(output, self.cost))]
        estimate = self.cost.joint_kernel(
            read=sum(byte_count(output) for output in op.outputs if output in loaded),
            stored=sum(map(byte_count, stored)) - sum(map(byte_count, op.outputs)),
            behind_matrix=is_matrix_anchor(op) or is_matrix_anchor(consumer),
            instructions=epilogue_instructions(consumer.epilogue.block) * element_count(consumer.result_shape),
        )
        if estimate.pays:
            return None
        return Refusal(f"others need its result, too: {estimate}", "an auxiliary store does not pay")

    def _place(self, op: FusedOp, consumer: FusedOp, first_other: float) -> Operation | None:
        """Where one kernel for both can be: in the place of `op` if all that `consumer` loads is there already, in
        that of `consumer` if nothing else needs `op` before it."""
        if any(value.owner is op for value in consumer.inputs):
            return None
        loaded = (value.owner for value in consumer.operands if value.owner is not op)
        if all(self.order.get(owner, -1) < self.order[op] for owner in loaded if isinstance(owner, Operation)):
            return op
        return consumer if first_other > self.order[consumer] else None


def consumers(op: FusedOp) -> list[FusedOp]:
    """The kernels whose epilogues load a result of `op`."""
    uses = (use for output in op.outputs for use in output.uses if is_epilogue_use(use))
    return list(dict.fromkeys(use.operation for use in uses if isinstance(use.operation, FusedOp)))


def feeds_pointwise_through_reshape(op: FusedOp) -> bool:
    """Whether a pointwise kernel loads a result of `op` under another shape."""
    views = (use.operation for output in op.outputs for use in output.uses if isinstance(use.operation, ReshapeOp))
    return any(isinstance(use.operation, PointwiseOp) for view in views for use in view.output.uses)
