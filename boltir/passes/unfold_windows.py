"""`unfold-windows`: give convolutions of pictures the channels that tensor cores need, out of their windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from boltir.context import remarks_of
from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.linear import Conv2dOp
from boltir.dialects.graph.rewriting import builder_at, replace_by
from boltir.dialects.graph.unfold import UnfoldOp
from boltir.dialects.properties import int_attr, ints
from boltir.dialects.tensors import static_shape
from boltir.passes.pad_channels import SMALLEST_CONVOLUTION, check_alignment, multiply_adds, pad_end, round_up
from boltir.passes.support.rewriting import apply_once
from boltir.remarks import Remarks

FEW_CHANNELS = 4
"""Up to so many input channels, a tap of the filter fills little of what tensor cores multiply at once."""


@dataclass(frozen=True)
class UnfoldPicture(RewritePattern):
    """conv2d(x, w) of few channels -> conv2d(unfold(x), w'), whose channels are columns and strided rows of the window

    A window of R x S taps moved by (sh, sw) is one of ceil(R / sh) x 1 taps moved by 1 over pixels that hold
    sh x S x C elements each: space-to-depth along the rows, and a whole row of the window along the columns.
    """

    alignment: int
    remarks: Remarks

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: Conv2dOp, rewriter: PatternRewriter, /) -> None:
        if not op.channels_last or op.groups.value.data != 1:
            return
        c, (k, r, s, _) = static_shape(op.input)[3], static_shape(op.filter)
        if c > FEW_CHANNELS or r * s == 1 or op.dilations.get_values() != (1, 1):
            return
        if (work := multiply_adds(op)) < SMALLEST_CONVOLUTION:
            self.remarks.missed(UnfoldWindowsPass.name, op, f"window not unfolded: {work} multiply-adds are few")
            return
        build = builder_at(op, rewriter)
        stride_h, stride_w = op.strides.get_values()
        taps = -(-r // stride_h)
        channels = round_up(stride_h * s * c, self.alignment)
        image = unfold_rows(op, (stride_h, s), (stride_h, stride_w), taps, channels, build)
        rows = pad_end(op.filter, 1, taps * stride_h - r, build)
        columns = build.reshape(rows, (k, taps, 1, stride_h * s * c))
        weight = pad_end(columns, 3, channels - stride_h * s * c, build)
        message = f"{r}x{s} window of {c} channels unfolded to {taps}x1 of {channels}"
        self.remarks.passed(UnfoldWindowsPass.name, op, message)
        properties = {**op.properties, "strides": ints((1, 1)), "padding": ints((0, 0, 0, 0))}
        replace_by(op, build.add(Conv2dOp, [image, weight], properties), rewriter)


def unfold_rows(
    op: Conv2dOp, kernel: tuple[int, int], strides: tuple[int, int], taps: int, channels: int, build: GraphBuilder
) -> SSAValue:
    """The input of `op` unfolded into as many rows as `taps` taps at every output row need."""
    top, left, _, right = op.padding.get_values()
    height, rows = static_shape(op.input)[1], static_shape(op.result)[1] + taps - 1
    bottom = max(0, rows * strides[0] - height - top)
    properties = {
        "kernel": ints(kernel),
        "strides": ints(strides),
        "padding": ints((top, left, bottom, right)),
        "channels": int_attr(channels),
        "layout": op.layout,
    }
    return build.add(UnfoldOp, [op.input], properties)


@dataclass(frozen=True)
class UnfoldWindowsPass(ModulePass):
    """Convolutions of up to 4 channels read windows whose rows are channels, a multiple of `alignment`."""

    name: ClassVar[str] = "unfold-windows"
    alignment: int = 8

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        check_alignment(self.name, self.alignment)
        apply_once(op, UnfoldPicture(self.alignment, remarks_of(ctx)))
