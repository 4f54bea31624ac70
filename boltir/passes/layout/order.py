"""The two orders of an image's dimensions."""

from __future__ import annotations

from enum import Enum

from boltir.dialects.tensors import Shape

SMALLEST_RANK = 3
"""Images have pictures, channels and at least one dimension of pixels: [N, C, H, W], or [N, C, H * W]."""


class Order(Enum):
    """Where a tensor of pictures keeps the channels: behind the pictures, or last."""

    FIRST = "channels-first"
    LAST = "channels-last"

    @property
    def other(self) -> Order:
        return Order.LAST if self is Order.FIRST else Order.FIRST

    def from_other(self, rank: int) -> Shape:
        """The permutation that brings a tensor of the other order into this one."""
        if self is Order.LAST:
            return (0, *range(2, rank), 1)
        return (0, rank - 1, *range(1, rank - 1))

    def channels_and_pictures(self, shape: Shape) -> tuple[int, int]:
        """How many of both an image of `shape` in this order has."""
        return shape[1 if self is Order.FIRST else -1], shape[0]


def composed(first: Shape, second: Shape) -> Shape:
    """The permutation that has the effect of `first` and then `second`."""
    return tuple(first[i] for i in second)


def identity(rank: int) -> Shape:
    """The permutation that moves nothing."""
    return tuple(range(rank))
