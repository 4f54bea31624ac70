"""Windows that slide over images: what convolutions and poolings of every level share."""

from typing import NamedTuple, Protocol

from xdsl.dialects.builtin import I64, DenseArrayBase, IntegerAttr
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.properties import require_ints

Pair = tuple[int, int]
Image = tuple[int, int, int, int]
"""(N, H, W, C), or of a filter (K, R, S, C/groups)."""


class WindowedOp(Protocol):
    """An operation with the properties of a window; `padding` is [top, left, bottom, right]."""

    strides: DenseArrayBase[I64]
    padding: DenseArrayBase[I64]
    dilations: DenseArrayBase[I64]


class Slide(NamedTuple):
    """How a window moves along one dimension; `padding` is (begin, end)."""

    stride: int
    padding: Pair
    dilation: int

    def reach(self, window: int) -> int:
        """How many elements a window of so many taps spans.

        Raises:
            VerifyException: the window is empty.
        """
        if window < 1:
            raise VerifyException(f"a window of {window} elements covers nothing")
        return self.dilation * (window - 1) + 1

    def positions(self, extent: int, window: int, *, ceil_mode: bool = False) -> int:
        """Output positions over `extent` elements (ONNX Conv, Pool).

        With `ceil_mode` a last window may hang over the end, if it starts before the end padding.

        Raises:
            VerifyException: the window is empty, or larger than the padded extent.
        """
        reach, padding = self.reach(window), sum(self.padding)
        room = extent + padding - reach
        if room < 0:
            raise VerifyException(f"a window of {reach} does not fit into {extent} elements with padding {padding}")
        if not ceil_mode:
            return room // self.stride + 1
        positions = -(-room // self.stride) + 1
        return positions - 1 if (positions - 1) * self.stride >= extent + self.padding[0] else positions

    def always_hits(self, extent: int, window: int, positions: int) -> bool:
        """Whether a window of so many taps has one of them on the `extent` elements at each of `positions`."""
        hit = 0  # all positions before
        for tap in reversed(range(window)):
            offset = tap * self.dilation - self.padding[0]
            first, last = -(offset // self.stride), (extent - 1 - offset) // self.stride
            if hit >= positions or first > hit:
                break
            hit = max(hit, last + 1)
        return hit >= positions

    def transposed_positions(self, extent: int, window: int, output_padding: int) -> int:
        """Output positions of a transposed convolution (ONNX ConvTranspose).

        Raises:
            VerifyException: nothing is left after the padding is cut off, or `output_padding` is not below
                the stride or the dilation (it chooses among the extents that the convolution maps to one).
        """
        stride, dilation = self.stride, self.dilation
        if not 0 <= output_padding < max(stride, dilation):
            raise VerifyException(
                f"output_padding {output_padding} must be >= 0 and below stride {stride} or dilation {dilation}"
            )
        padding = sum(self.padding)
        result = stride * (extent - 1) + output_padding + self.reach(window) - padding
        if result < 1:
            message = f"padding {padding} leaves nothing of a transposed convolution over {extent} elements"
            raise VerifyException(message)
        return result


class Window(NamedTuple):
    """A window's movement along H and W."""

    vertical: Slide
    horizontal: Slide

    @staticmethod
    def of(op: WindowedOp) -> "Window":
        """The window that the properties of `op` describe.

        Raises:
            VerifyException: a property has a wrong length, or a value out of range.
        """
        stride_h, stride_w = require_ints("strides", op.strides, 2, 1)
        top, left, bottom, right = require_ints("padding", op.padding, 4, 0)
        dilation_h, dilation_w = require_ints("dilations", op.dilations, 2, 1)
        return Window(Slide(stride_h, (top, bottom), dilation_h), Slide(stride_w, (left, right), dilation_w))

    def convolved(self, image: Image, filter: Image, groups: int) -> Image:
        """The (N, P, Q, K) of a convolution of `image` with `filter` (K, R, S, C/groups).

        Raises:
            VerifyException: the channels do not fit, or the filter does not fit the image.
        """
        (n, h, w, c), (k, r, s, c_group) = image, filter
        if groups < 1:
            raise VerifyException(f"groups must be >= 1, got {groups}")
        if c != c_group * groups:
            raise VerifyException(f"the input has {c} channels, the filter takes {c_group} in {groups} groups")
        if k % groups:
            raise VerifyException(f"{k} output channels do not divide into {groups} groups")
        return n, self.vertical.positions(h, r), self.horizontal.positions(w, s), k

    def transposed(self, image: Image, filter: Image, groups: int, output_padding: Pair) -> Image:
        """The (N, P, Q, K) of a transposed convolution of `image` with `filter` (C, R, S, K/groups).

        Raises:
            VerifyException: the channels do not fit, or nothing is left of the image.
        """
        (n, h, w, c), (c_filter, r, s, k_group) = image, filter
        if groups < 1:
            raise VerifyException(f"groups must be >= 1, got {groups}")
        if c != c_filter:
            raise VerifyException(f"the input has {c} channels, the filter takes {c_filter}")
        if c % groups:
            raise VerifyException(f"{c} input channels do not divide into {groups} groups")
        p = self.vertical.transposed_positions(h, r, output_padding[0])
        q = self.horizontal.transposed_positions(w, s, output_padding[1])
        return n, p, q, k_group * groups

    def pooled(self, image: Image, kernel: Pair, *, ceil_mode: bool) -> Image:
        """The (N, P, Q, C) of a pooling of `image` by a `kernel` (R, S).

        Raises:
            VerifyException: the kernel does not fit the image, or some windows would hold nothing but padding.
        """
        n, h, w, c = image
        extents: list[int] = []
        for slide, extent, taps in zip(self, (h, w), kernel, strict=True):
            positions = slide.positions(extent, taps, ceil_mode=ceil_mode)
            if max(slide.padding) >= slide.reach(taps) or not slide.always_hits(extent, taps, positions):
                raise VerifyException("padding must be smaller than the window: some windows would hold nothing")
            extents.append(positions)
        return n, extents[0], extents[1], c


class UnfoldingOp(Protocol):
    """An operation that lays the windows of an image out as channels."""

    kernel: DenseArrayBase[I64]
    strides: DenseArrayBase[I64]
    padding: DenseArrayBase[I64]
    channels: IntegerAttr[I64]


def unfolded_image(op: UnfoldingOp, image: Image) -> Image:
    """The (N, P, Q, channels) of the windows of `image`.

    Raises:
        VerifyException: a property has a wrong length or a value out of range, the window does not fit the image, or
            its elements do not fit the channels.
    """
    n, h, w, c = image
    r, s = require_ints("kernel", op.kernel, 2, 1)
    stride_h, stride_w = require_ints("strides", op.strides, 2, 1)
    top, left, bottom, right = require_ints("padding", op.padding, 4, 0)
    channels = op.channels.value.data
    if channels < r * s * c:
        raise VerifyException(f"{channels} channels do not hold the {r * s * c} elements of a window")
    vertical, horizontal = Slide(stride_h, (top, bottom), 1), Slide(stride_w, (left, right), 1)
    return n, vertical.positions(h, r), horizontal.positions(w, s), channels
