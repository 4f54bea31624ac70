"""A convolution and 1x1 convolutions behind it in one kernel for Hopper: weights that stay or not, clusters, passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects.builtin import bf16, f16, f32

from boltir.dialects.cutlass.chain_conv2d_sm90 import ChainConv2dSm90Attr
from boltir.dialects.tensors import Shape
from tests.gpu.chain_cases import ChainCase, Stage, biased, biased_gelu, finished, residual, scaled_silu


@dataclass(frozen=True)
class Rings:
    """How a kernel divides its work and its shared memory; a filter is 3x3.

    Attributes:
        tile: columns of the last product at a time; all if None.
        weights: blocks that there is room for.
    """

    consumers: int = 2
    cluster: int = 1
    pixels: int = 8
    weights: int = 4
    resident: bool = False
    stores: int = 2
    tile: int | None = None

    def template(self, channels: int, columns: Sequence[int], math: str) -> ChainConv2dSm90Attr:
        return ChainConv2dSm90Attr.of(
            math=math,
            filter=(3, 3),
            channels=channels,
            tile_n=(*(-(-n // 16) * 16 for n in columns[:-1]), self.tile or columns[-1]),
            consumers=self.consumers,
            input_stages=self.pixels,
            weight_stages=self.weights,
            resident=self.resident,
            store_stages=self.stores,
            cluster=self.cluster,
        )


def convolution(name: str, image: Shape, stages: Sequence[Stage], rings: Rings, **rest: Any) -> ChainCase:
    template = rings.template(image[-1], [stage.columns for stage in stages], str(rest.get("element", f16)))
    return ChainCase(f"{name}, sm_90a", "sm_90a", template, image, tuple(stages), **rest)


def cases() -> Iterator[ChainCase]:
    image, rows = (3, 14, 14, 24), (3, 14, 14)
    stay = Rings(resident=True, weights=10)
    yield convolution("weights stay", image, [biased(64), residual(rows, 64)], stay)
    yield convolution("weights pass through", image, [biased(64), residual(rows, 64)], Rings(), output=f32)
    yield convolution("strided", image, [biased(64), biased(128, biased_gelu)], Rings(pixels=12), stride=2)
    yield convolution("strided, weights stay", image, [biased(64), biased(64)], stay, stride=2)
    everything = [Stage(40, scaled_silu, (((40,), f32), ((1,), f16), ((40,), f32))), finished(rows, 72)]
    yield convolution("everything", image, everything, Rings(consumers=1))
    passes = Rings(resident=True, weights=12, tile=64)
    yield convolution("passes", image, [biased(48), residual(rows, 168)], passes)
    three = [biased(96), biased(64, biased_gelu), residual((2, 15, 13), 136)]
    yield convolution("three", (2, 15, 13, 96), three, Rings(3, pixels=9, tile=64, stores=1))
    half = [biased(64, element=bf16), biased(32, element=bf16)]
    yield convolution("bf16", (2, 30, 31, 40), half, Rings(cluster=2), element=bf16, output=bf16)
    yield convolution("cluster of four", (9, 14, 14, 256), [biased(256), biased(64)], Rings(1, 4, 5, 4, stores=1))
    clustered = Rings(cluster=2, resident=True, weights=10, pixels=6)
    yield convolution("cluster, weights stay", (5, 11, 9, 64), [biased(64), biased(64)], clustered)
    yield convolution(
        "many tiles", (64, 28, 28, 32), [biased(32), biased(32)], Rings(3, pixels=5, resident=True, weights=10)
    )
    narrow = Rings(3, pixels=10, resident=True, weights=10)
    yield convolution("narrow ring", (2, 112, 112, 32), [biased(32), biased(32)], narrow, stride=2)
    yield convolution(
        "56x56x48", (32, 56, 56, 48), [biased(48), biased(48)], Rings(resident=True, weights=10, pixels=10)
    )
    # Threadblocks with fewer tiles than others let the last weights go by, right behind an epilogue that reads much.
    large = [biased(64), residual((32, 56, 56), 256)]
    yield convolution("weights go by", (32, 56, 56, 64), large, Rings(3, pixels=6, weights=8, tile=128))
    strided = [biased(128), residual((32, 28, 28), 512)]
    alone = Rings(1, weights=5, tile=128)
    yield convolution("weights go by, strided", (32, 56, 56, 128), strided, alone, stride=2)


CASES = tuple(cases())
