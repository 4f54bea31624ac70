"""`unfold-windows`: give convolutions of pictures the channels that tensor cores need, out of their windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.context import remarks_of
from boltir.dialects import fused
from boltir.dialects.graph.linear import Conv2dOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import element_type, static_shape
from boltir.lowering.padding.cost import Extents, PaddingCost
from boltir.passes.padding.groups import alignment_of
from boltir.passes.padding.windows import Unfolding
from boltir.passes.support.rewriting import apply_once
from boltir.remarks import Remarks

FEW_CHANNELS = 4
"""Up to so many input channels, a tap of the filter fills little of what tensor cores multiply at once."""
NO_KERNEL = "tensor cores do not take it"


def is_picture(op: Conv2dOp) -> bool:
    """Whether `op` reads windows of few channels."""
    channels, (_, r, s, _) = static_shape(op.input)[-1], static_shape(op.filter)
    is_dense = op.groups.value.data == 1 and op.dilations.get_values() == (1, 1)
    return op.channels_last and is_dense and channels <= FEW_CHANNELS and r * s > 1


@dataclass(frozen=True)
class Times:
    """Seconds of a convolution with unfolded windows, and with the best number of channels without that."""

    unfolded: float
    lanes: int
    best: float

    def __str__(self) -> str:
        return f"about {1e6 * self.unfolded:.1f} us, about {1e6 * self.best:.1f} us with {self.lanes} channels instead"


@dataclass(frozen=True)
class UnfoldPicture(RewritePattern):
    """conv2d(x, w) of few channels -> conv2d(unfold(x), w'), if that is faster than with any number of channels"""

    cost: PaddingCost
    force: bool
    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Conv2dOp, rewriter: PatternRewriter, /) -> None:
        if not is_picture(op):
            return
        _, r, s, channels = static_shape(op.filter)
        unfolding = Unfolding(op, alignment_of(element_type(op.input), self.cost.precision))
        times = self._times(unfolding)
        window = f"{r}x{s} window of {channels} channels"
        after = f"unfolded to {unfolding.taps}x1 of {unfolding.channels}: {times or NO_KERNEL}"
        if self.force or (times and times.unfolded < times.best):
            self.remarks.passed(UnfoldWindowsPass.name, op, f"{window} {after}")
            replace_by(op, unfolding.build(builder_at(op, rewriter)), rewriter)
            return
        reason = "to unfold the window does not pay" if times else NO_KERNEL
        self.remarks.missed(UnfoldWindowsPass.name, op, f"{window} not {after}", reason=reason)

    def _times(self, unfolding: Unfolding) -> Times | None:
        """None if tensor cores do not take the convolution."""
        op = unfolding.op
        properties = {name: value for name, value in unfolding.properties.items() if name != "layout"}
        shapes, element = (unfolding.image, unfolding.filter), element_type(op.input)
        seconds, others = self.cost.kernel_seconds(fused.Conv2dOp, *shapes, element, properties), self._by_lanes(op)
        if seconds is None or not others:
            return None
        written = self.cost.element_bytes(element) * element_count(unfolding.image)
        lanes, best = min(others.items(), key=lambda option: option[1])
        return Times(seconds + self.cost.copy_seconds(op.input, written), lanes, best)

    def _by_lanes(self, op: Conv2dOp) -> dict[int, float]:
        """The times with as many channels as there are, and padded to those that kernels read at once."""
        exact, columns = static_shape(op.input)[-1], static_shape(op.result)[-1]
        found: dict[int, float] = {}
        for lanes in {exact, FEW_CHANNELS, alignment_of(element_type(op.input), self.cost.precision)}:
            seconds = self.cost.product_seconds(op, Extents(lanes, columns, columns), is_weight=True)
            padding = 0.0 if lanes == exact else self.cost.copy_seconds(op.input, self.cost.bytes_of(op.input, lanes))
            if seconds is not None:
                found[lanes] = seconds + padding
        return found


@dataclass(frozen=True)
class UnfoldWindowsPass(ModulePass):
    """Convolutions of up to 4 channels read windows whose rows are channels, where that is faster.

    Attributes:
        target: the GPU whose speed decides.
        dtype: the precision in which floats will be stored.
        force: unfold whatever it costs.
    """

    name: ClassVar[str] = "unfold-windows"
    target: str = "sm_80"
    dtype: str = "f16"
    force: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        cost = PaddingCost.named(self.target, self.dtype)
        apply_once(op, UnfoldPicture(cost, self.force, remarks_of(ctx)))
