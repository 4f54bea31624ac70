"""Elementwise kernels, and movement that is reading with strides -> cutlass.pointwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod

from boltir.dialects.cutlass.simt import MAX_RANK
from boltir.dialects.cutlass.simt_movement import PointwiseAttr
from boltir.dialects.cutlass.store import dimension_names
from boltir.dialects.fused import Broadcast, FusedOp
from boltir.dialects.fused.movement import SliceOp
from boltir.dialects.fused.reduction import PointwiseOp
from boltir.dialects.shapes import dense_strides
from boltir.dialects.tensors import Shape, static_shape
from boltir.lowering.fused_to_cutlass.alignment import power_of_two_divisor
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.simt.frame import selected, widest_vector
from boltir.lowering.fused_to_cutlass.strides import broadcast_strides, collapse
from boltir.target import Target


@dataclass(frozen=True)
class Read:
    """How an operand is read over the result: its first element, and strides per dimension of the result."""

    offset: int
    strides: Shape

    @property
    def innermost(self) -> int:
        """The innermost stride as the template is told it: 0, 1 or, for any other, -1."""
        return self.strides[-1] if self.strides[-1] in (0, 1) else -1


def select_pointwise(op: PointwiseOp, target: Target) -> Selection | Refusal:
    """The elementwise kernel over operands that broadcast to the result."""
    return select_reads(op, [], target)


def select_slice(op: SliceOp, target: Target) -> Selection | Refusal:
    """Reading the input with strides from an offset on."""
    dense = dense_strides(static_shape(op.inputs[0]))
    offset = sum(start * step for start, step in zip(op.offsets.get_values(), dense, strict=True))
    strides = tuple(by * step for by, step in zip(op.strides.get_values(), dense, strict=True))
    return select_reads(op, [Read(offset, strides)], target)


def select_reads(op: FusedOp, inputs: Sequence[Read], target: Target) -> Selection | Refusal:
    """A pointwise kernel whose input, at most one, is read as given."""
    shape = op.result_shape
    reads = dict(enumerate(inputs))
    for i, (value, kind) in enumerate(zip(op.epilogue_operands, op.broadcasts, strict=True), len(inputs)):
        if kind.data not in (Broadcast.FULL, Broadcast.SCALAR):
            reads[i] = Read(0, broadcast_strides(static_shape(value), shape))
    sizes, strides = collapse(shape, [read.strides for read in reads.values()])
    if len(sizes) > MAX_RANK:
        return Refusal(f"the operands are read over {len(sizes)} dimensions, more than {MAX_RANK}")
    reads = {i: Read(read.offset, steps) for (i, read), steps in zip(reads.items(), strides, strict=True)}
    build = partial(
        PointwiseAttr.of,
        inputs=len(inputs),
        vector=_vector(op, sizes, list(reads.values())),
        rank=len(sizes),
        strided=tuple(reads),
        innermost=tuple(read.innermost for read in reads.values()),
    )
    values = dict(zip(dimension_names("size", len(sizes)), sizes, strict=True))
    for i, read in reads.items():
        values |= {f"x{i}_offset": read.offset}
        values |= zip(dimension_names(f"x{i}_stride", len(sizes)), read.strides, strict=True)
    return selected(build, values, op, target)


def _vector(op: FusedOp, sizes: Shape, reads: Sequence[Read]) -> int:
    """The widest vectors that stay inside a row of the result and aligned in every operand that is read by them."""
    aligned = [step for read in reads if read.innermost == 1 for step in (read.offset, *read.strides[:-1])]
    return power_of_two_divisor(widest_vector(op), (prod(sizes[-1:]), *aligned))
