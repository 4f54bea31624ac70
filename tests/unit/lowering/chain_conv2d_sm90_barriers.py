"""The barriers of chain_conv2d_sm90 kernels, simulated: one threadblock, whose warps take steps in any order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from boltir.dialects.cutlass.chain_conv2d_sm90 import TILE, ChainConv2dSm90Attr, chunk_pixels, slices
from tests.support.barriers import WARPS, Actor, Barrier, Products, Ready, finish


class Ring:
    """Slots that a loader fills and consumers let go of."""

    def __init__(self, size: int, consumers: int) -> None:
        self.full = [Barrier(1) for _ in range(size)]
        self.empty = [Barrier(consumers) for _ in range(size)]

    def load(self, count: int) -> Actor:
        for number in range(count):
            lap, slot = divmod(number, len(self.full))
            yield self.empty[slot].passed(lap % 2 ^ 1)
            self.full[slot].holds = number
            self.full[slot].arrive()

    def await_one(self, number: int) -> Ready:
        lap, slot = divmod(number, len(self.full))
        return self.full[slot].passed(lap % 2)

    def holds(self, number: int) -> bool:
        return self.full[number % len(self.full)].holds == number

    def release(self, number: int) -> None:
        self.empty[number % len(self.empty)].arrive()


@dataclass
class Threadblock:
    """One of `blocks` without a cluster; its names are those of the template."""

    template: ChainConv2dSm90Attr
    integers: Mapping[str, int]
    blocks: int
    block: int
    begin: int = field(init=False)
    end: int = field(init=False)

    def __post_init__(self) -> None:
        self.consumers = self.template.consumers.data
        self.tiles = -(-self.template.rows(self.integers) // TILE)
        self.begin, self.end = (block * self.tiles // self.blocks for block in (self.block, self.block + 1))
        self.rounds = -(-self.tiles // (self.blocks * self.consumers))
        self.pixel = max(0, self.first_tap(self.begin * TILE))
        self.chunk = chunk_pixels(self.integers["c"])
        self.input = Ring(self.template.input_stages.data, self.consumers * WARPS)
        self.weights = Ring(self.template.weight_stages.data, self.consumers)
        self.issued = [Products() for _ in range(self.consumers)]
        self.stays = self.template.resident.data
        last = self.template.tile_n.data[-1]
        *_, columns = self.template.columns(self.integers)
        behind = [slices(n) for n in self.template.tile_n.data[:-1]]
        self.products = [*behind[:-1], *[behind[-1]] * -(-columns // last)]
        self.convolved = self.integers["r"] * self.integers["s"] * slices(self.integers["c"])
        self.of_round = self.convolved + sum(self.products)

    def first_tap(self, row: int) -> int:
        at = self.integers
        image, y, x = row // (at["p"] * at["q"]), row // at["q"] % at["p"], row % at["q"]
        line = image * at["h"] + y * at["stride_h"] - at["pad_top"]
        return line * at["w"] + x * at["stride_w"] - at["pad_left"]

    def before(self, tile: int) -> int:
        return max(0, self.first_tap(tile * TILE) - self.pixel) // self.chunk

    def until(self, tile: int, r: int) -> int:
        at = self.integers
        last = self.first_tap(min((tile + 1) * TILE, self.template.rows(at)) - 1) + (at["s"] - 1) * at["dilation_w"]
        last = min(last + r * at["dilation_h"] * at["w"], at["n"] * at["h"] * at["w"] - 1)
        return max(0, last - self.pixel + self.chunk) // self.chunk

    def actors(self) -> list[Actor]:
        chunks = self.until(self.end - 1, self.integers["r"] - 1) if self.begin < self.end else 0
        loaders = [self.input.load(chunks), self.weights.load(self.of_round * (1 if self.stays else self.rounds))]
        consumers = [Warp(self, group, warp).compute() for group in range(self.consumers) for warp in range(WARPS)]
        return [*loaders, *consumers]

    def finishes(self, random: Random) -> bool:
        """Whether all warps and loads come to an end."""
        return finish(self.actors(), random)


@dataclass
class Warp:
    """Of a consumer: `group` of the threadblock."""

    block: Threadblock
    group: int
    warp: int
    weights: int = 0
    arrived: int = 0
    released: int = 0

    def await_input(self, chunks: int) -> Actor:
        while self.arrived < chunks:
            yield self.block.input.await_one(self.arrived)
            self.arrived += 1

    def release_input(self, chunks: int) -> Actor:
        while self.released < chunks:
            yield from self.await_input(self.released + 1)
            self.block.input.release(self.released)
            self.released += 1

    def await_weights(self, number: int) -> Actor:
        yield self.block.weights.await_one(number)
        assert self.block.weights.holds(number), "other weights than those of the product"

    def release_weights(self, number: int) -> None:
        if not self.block.stays and self.warp == 0:
            self.block.weights.release(number)

    def multiply(self) -> None:
        self.weights += 1
        self.block.issued[self.group].issue(self.warp)

    def await_products(self, pending: int) -> Actor:
        yield self.block.issued[self.group].done(self.warp, pending)

    def compute(self) -> Actor:
        block = self.block
        for number in range(block.rounds):
            tile = block.begin + number * block.consumers + self.group
            if tile < block.end:
                if number == 0:
                    yield from self.release_input(block.before(tile))
                yield from self.convolve(tile)
            elif not block.stays:
                yield from self.pass_weights()
            elif block.begin < block.end:
                yield from self.release_input(block.before(block.end - 1))

    def pass_weights(self) -> Actor:
        if self.warp > 0:
            return
        for _ in range(self.block.of_round):
            yield from self.await_weights(self.weights)
            self.release_weights(self.weights)
            self.weights += 1

    def find(self, tile: int, number: int) -> Actor:
        block = self.block
        row, rest = divmod(number, block.integers["s"] * slices(block.integers["c"]))
        if number < block.convolved and rest == 0:
            chunks = block.until(tile, row)
            yield from self.await_input(chunks)
            assert all(map(block.input.holds, range(block.before(tile), chunks))), "other pixels than the windows'"

    def convolve(self, tile: int) -> Actor:
        block = self.block
        if block.stays:
            self.weights = 0
        for number in range(2):
            yield from self.find(tile, number)
        yield from self.await_weights(self.weights)
        for number in range(block.convolved):
            self.multiply()
            yield from self.find(tile, number + 2)
            if number + 1 < block.convolved:
                yield from self.await_weights(self.weights)
            if number > 0:
                yield from self.await_products(1)
                self.release_weights(self.weights - 2)
        yield from self.release_input(block.before(min(tile + block.consumers, block.end - 1)))
        yield from self.await_products(0)
        self.release_weights(self.weights - 1)
        for count in block.products:
            yield lambda: True  # an epilogue takes one warp longer than another
            for _ in range(count):
                yield from self.await_weights(self.weights)
                self.multiply()
            yield from self.await_products(0)
            for number in range(count):
                self.release_weights(self.weights - count + number)
        yield lambda: True
