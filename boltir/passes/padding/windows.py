"""Windows of pictures as channels: convolutions of few channels that become convolutions of many."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import Attribute, SSAValue

from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.linear import Conv2dOp
from boltir.dialects.graph.unfold import UnfoldOp
from boltir.dialects.properties import int_attr, ints
from boltir.dialects.shapes import round_up
from boltir.dialects.tensors import Shape, static_shape
from boltir.passes.padding.pads import pad_end


@dataclass(frozen=True)
class Unfolding:
    """conv2d(x, w) of few channels as conv2d(unfold(x), w'), whose channels are columns and strided rows of the window

    A window of R x S taps moved by (sh, sw) is one of ceil(R / sh) x 1 taps moved by 1 over pixels that hold
    sh x S x C elements each: space-to-depth along the rows, and a whole row of the window along the columns.

    Attributes:
        alignment: of how many channels the unfolded image gets a multiple.
    """

    op: Conv2dOp
    alignment: int

    @property
    def taps(self) -> int:
        """Rows of the window over the unfolded image."""
        return -(-static_shape(self.op.filter)[1] // self.op.strides.get_values()[0])

    @property
    def channels(self) -> int:
        """Channels of the unfolded image."""
        return round_up(self._used, self.alignment)

    @property
    def _used(self) -> int:
        _, _, columns, channels = static_shape(self.op.filter)
        return self.op.strides.get_values()[0] * columns * channels

    @property
    def image(self) -> Shape:
        """The shape of the unfolded image: as many rows as the taps need at every row of the result."""
        n, p, q, _ = static_shape(self.op.result)
        return (n, p + self.taps - 1, q, self.channels)

    @property
    def filter(self) -> Shape:
        """The shape of the filter for it."""
        return (static_shape(self.op.filter)[0], self.taps, 1, self.channels)

    @property
    def properties(self) -> dict[str, Attribute]:
        """The properties of the convolution of the unfolded image."""
        return {**self.op.properties, "strides": ints((1, 1)), "padding": ints((0, 0, 0, 0))}

    def build(self, build: GraphBuilder) -> SSAValue:
        """The result of the convolution."""
        return build.add(Conv2dOp, [self._unfolded_image(build), self._unfolded_filter(build)], self.properties)

    def _unfolded_image(self, build: GraphBuilder) -> SSAValue:
        op, (stride, _) = self.op, self.op.strides.get_values()
        top, left, _, right = op.padding.get_values()
        bottom = max(0, self.image[1] * stride - static_shape(op.input)[1] - top)
        properties = {
            "kernel": ints((stride, static_shape(op.filter)[2])),
            "strides": op.strides,
            "padding": ints((top, left, bottom, right)),
            "channels": int_attr(self.channels),
            "layout": op.layout,
        }
        return build.add(UnfoldOp, [op.input], properties)

    def _unfolded_filter(self, build: GraphBuilder) -> SSAValue:
        k, r, _, _ = static_shape(self.op.filter)
        rows = pad_end(self.op.filter, 1, self.taps * self.op.strides.get_values()[0] - r, build)
        columns = build.reshape(rows, (k, self.taps, 1, self._used))
        return pad_end(columns, 3, self.channels - self._used, build)
