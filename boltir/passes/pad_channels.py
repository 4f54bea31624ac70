"""`pad-channels`: give convolutions the channel counts that tensor cores need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from boltir.context import remarks_of
from boltir.dialects.graph.base import GraphOp
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.elementwise import UnaryElementwiseOp
from boltir.dialects.graph.linear import BiasAddOp, Conv2dOp
from boltir.dialects.graph.movement import PadOp, SliceOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.properties import ints
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import static_shape
from boltir.errors import BoltError
from boltir.passes.support.rewriting import apply_once
from boltir.remarks import Remarks

SMALL_ALIGNMENT = 4
"""Inputs of so few channels (pictures) go through kernels that read half as much at once."""
SMALLEST_CONVOLUTION = 1 << 16
"""Multiply-adds below which a convolution is not worth another kernel that pads its input."""
LEAST_WORK_PER_OUTPUT = 256
"""Multiply-adds per output element from which the slice after padded outputs is a small cost."""


def round_up(count: int, step: int) -> int:
    """The next multiple of `step`."""
    return -(-count // step) * step


def check_alignment(name: str, alignment: int) -> None:
    """The option of the pass called `name` must be a positive number.

    Raises:
        BoltError: it is not.
    """
    if alignment < 1:
        raise BoltError(f"cannot align channels to {alignment}", where=f"pass '{name}'")


def aligned_input(channels: int, alignment: int) -> int:
    """The input channel count that `channels` is padded to."""
    return round_up(channels, SMALL_ALIGNMENT if channels <= SMALL_ALIGNMENT else alignment)


def multiply_adds(op: Conv2dOp) -> int:
    """The multiply-adds of the whole convolution."""
    return element_count(static_shape(op.result)) * element_count(static_shape(op.filter)[1:])


def pad_end(value: SSAValue, axis: int, count: int, build: GraphBuilder) -> SSAValue:
    """`value` with `count` zeros after its dimension `axis`; itself for no zeros."""
    if not count:
        return value
    rank = len(static_shape(value))
    high = [count if i == axis else 0 for i in range(rank)]
    return build.add(PadOp, [value], {"low": ints([0] * rank), "high": ints(high)})


def keep_start(value: SSAValue, axis: int, count: int, build: GraphBuilder) -> SSAValue:
    """The first `count` entries of `value` along `axis`."""
    shape = static_shape(value)
    sizes = [count if i == axis else extent for i, extent in enumerate(shape)]
    zeros, ones = ints([0] * len(shape)), ints([1] * len(shape))
    return build.add(SliceOp, [value], {"offsets": zeros, "sizes": ints(sizes), "strides": ones})


@dataclass(frozen=True)
class PadConvolution(RewritePattern):
    """conv2d(x, w) -> slice(conv2d(pad(x), pad(w))): zero channels add nothing, zero filters are cut off"""

    alignment: int
    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Conv2dOp, rewriter: PatternRewriter, /) -> None:
        if not op.channels_last or op.groups.value.data != 1:
            return
        extra_in, extra_out = self._extra_inputs(op), self._extra_outputs(op)
        if not extra_in and not extra_out:
            return
        build = builder_at(op, rewriter)
        x = pad_end(op.input, 3, extra_in, build)
        weight = pad_end(pad_end(op.filter, 3, extra_in, build), 0, extra_out, build)
        padded = build.add(Conv2dOp, [x, weight], op.properties)
        if extra_out:
            cut_outputs(op, padded, extra_out, rewriter)
        else:
            replace_by(op, padded, rewriter)

    def _extra_inputs(self, op: Conv2dOp) -> int:
        channels = static_shape(op.input)[3]
        target = aligned_input(channels, self.alignment)
        if target == channels:
            return 0
        if (work := multiply_adds(op)) < SMALLEST_CONVOLUTION:
            return self._refuse(op, f"{channels} input channels not padded to {target}: {work} multiply-adds are few")
        self.remarks.passed(PadChannelsPass.name, op, f"{channels} input channels padded to {target}")
        return target - channels

    def _extra_outputs(self, op: Conv2dOp) -> int:
        channels = static_shape(op.result)[3]
        target = round_up(channels, self.alignment)
        work = element_count(static_shape(op.filter)[1:])
        if target == channels:
            return 0
        if multiply_adds(op) < SMALLEST_CONVOLUTION or work < LEAST_WORK_PER_OUTPUT:
            reason = f"{work} multiply-adds per output do not pay for the slice"
            return self._refuse(op, f"{channels} output channels not padded to {target}: {reason}")
        self.remarks.passed(PadChannelsPass.name, op, f"{channels} output channels padded to {target}, then cut off")
        return target - channels

    def _refuse(self, op: Conv2dOp, message: str) -> int:
        self.remarks.missed(PadChannelsPass.name, op, message)
        return 0


def cut_outputs(conv: Conv2dOp, padded: SSAValue, extra: int, rewriter: PatternRewriter) -> None:
    """Replace `conv` by the first channels of `padded`, cut off after the bias and activations that follow."""
    replaced: list[GraphOp] = [conv]
    while isinstance(user := replaced[-1].result.get_user_of_unique_use(), BiasAddOp | UnaryElementwiseOp):
        rewriter.insertion_point = InsertPoint.before(user)
        build = builder_at(user, rewriter)
        others = [pad_end(value, 0, extra, build) for value in user.operands[1:]]
        padded = build.add(type(user), [padded, *others], user.properties)
        replaced.append(user)
    last = replaced[-1]
    build = builder_at(last, rewriter)
    rewriter.insertion_point = InsertPoint.after(last)
    replace_by(last, keep_start(padded, 3, static_shape(conv.result)[3], build), rewriter)
    for op in reversed(replaced[:-1]):
        rewriter.erase(op)


@dataclass(frozen=True)
class PadChannelsPass(ModulePass):
    """Convolutions get input and output channels that are multiples of `alignment` (or 4, for pictures).

    The alignment is how many elements the 16 bytes hold that tensor-core kernels read at once.
    """

    name: ClassVar[str] = "pad-channels"

    alignment: int = 8

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        check_alignment(self.name, self.alignment)
        apply_once(op, PadConvolution(self.alignment, remarks_of(ctx)))
