"""The barriers of chain_gemm_sm90 kernels, simulated: a threadblock, whose warps and loads take steps in any order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from random import Random

from boltir.dialects.cutlass.chain_gemm_sm90 import SWIZZLED, ChainGemmSm90Attr
from tests.support.barriers import WARPS, Actor, Barrier, Products, Ready, finish

Content = tuple[int, ...]
"""Numbers that tell a block of A or of weights from all others."""


@dataclass
class Place:
    """A block of shared memory. Loads that were asked for end at any time, those of one place in turn."""

    readers: int
    contents: list[Content] = field(default_factory=list[Content])
    loads: int = 0

    def __post_init__(self) -> None:
        self.full, self.empty = Barrier(1), Barrier(self.readers)

    def load(self) -> Actor:
        for number, content in enumerate(self.contents):
            yield lambda number=number: self.loads > number
            self.full.holds = content
            self.full.arrive()

    def release(self, content: Content) -> None:
        assert self.full.holds == content, "loaded anew while it was read"
        self.empty.arrive()


@dataclass
class Cursor:
    """A slot of a ring, and the parity of its barriers' phase."""

    slot: int = 0
    parity: int = 0

    def advance(self, slots: int, count: int = 1) -> None:
        self.slot += count
        if self.slot >= slots:
            self.slot, self.parity = self.slot - slots, self.parity ^ 1


class Threadblock:
    """One of a grid of one, with these tiles of rows; its names are those of the template."""

    def __init__(self, template: ChainGemmSm90Attr, tiles: int, slots: int | None = None) -> None:
        self.consumers, self.partners, self.teams = template.consumers.data, template.partners.data, template.teams
        self.chunks, self.depth, self.stages = template.chunks, template.depth_blocks, template.stages.data
        self.chunk_blocks = ceil(template.chunk.data / SWIZZLED)
        self.later_blocks = sum(ceil(k / SWIZZLED) for k in template.extents.data[2:-1])
        self.slots = (template.slots.data or self.chunks) if slots is None else slots
        self.streams, self.is_pipelined = not template.is_resident, template.is_pipelined
        self.keeps_a = self.chunks == self.partners or self.stages >= self.depth
        self.tiles = tiles
        self.a = [[Place(WARPS * self.partners) for _ in range(self.stages)] for _ in range(self.teams)]
        of_slot = self.depth + self.chunk_blocks
        self.weights = [[Place(WARPS * self.teams) for _ in range(of_slot)] for _ in range(self.slots)]
        self.later = [Place(WARPS * self.teams) for _ in range(self.later_blocks)]
        self.part_full, self.part_empty = ([Barrier(WARPS) for _ in range(self.consumers)] for _ in range(2))
        self.parts: dict[
            tuple[int, int], int
        ] = {}  # of which tile a warp's place for its partner's part holds something
        self.issued = [Products() for _ in range(self.consumers)]

    def has(self, i: int, team: int) -> bool:
        return i * self.teams + (0 if self.streams else team) < self.tiles

    def finishes(self, random: Random) -> bool:
        """Whether all warps and loads come to an end."""
        places = [place for ring in (*self.a, *self.weights, self.later) for place in ring]
        for loader in (self.load_tiles(), self.load_weights()):
            plan(loader)
        loads = [place.load() for place in places]
        warps = [Warp(self, consumer, warp).run() for consumer in range(self.consumers) for warp in range(WARPS)]
        return finish([ask(self.load_tiles()), ask(self.load_weights()), *loads, *warps], random)

    def load_tiles(self) -> Iterable[Request]:
        a = Cursor()
        for i in rounds(self, 0):
            for block in range(self.depth * (1 if self.keeps_a else self.chunks)):
                for team in range(self.teams):
                    if self.has(i, team):
                        yield Request(self.a[team][a.slot], (i, block % self.depth), a.parity ^ 1)
                a.advance(self.stages)

    def load_weights(self) -> Iterable[Request]:
        ahead = (2 if self.is_pipelined else 1) * self.partners - 1
        first, second = Cursor(), Cursor()
        for i in rounds(self, 0) if self.streams else (0,):
            for chunk in range(self.chunks + ahead):
                if chunk < self.chunks:
                    yield from self.load_chunk(first, (i, chunk), range(self.depth))
                if chunk >= ahead:
                    behind = range(self.depth, self.depth + self.chunk_blocks)
                    yield from self.load_chunk(second, (i, chunk - ahead), behind)
            if i == 0:
                yield from (Request(place, (block,)) for block, place in enumerate(self.later))

    def load_chunk(self, cursor: Cursor, content: Content, blocks: range) -> Iterable[Request]:
        for block in blocks:
            parity = cursor.parity ^ 1 if self.streams else None
            yield Request(self.weights[cursor.slot][block], (*content, block), parity)
        cursor.advance(self.slots)


@dataclass
class Request:
    """A load, once the place is empty in this phase."""

    place: Place
    content: Content
    parity: int | None = None


def rounds(block: Threadblock, team: int) -> Iterable[int]:
    i = 0
    while block.has(i, team):
        yield i
        i += 1


def plan(requests: Iterable[Request]) -> None:
    for request in requests:
        request.place.contents.append(request.content)


def ask(requests: Iterable[Request]) -> Actor:
    for request in requests:
        if request.parity is not None:
            yield request.place.empty.passed(request.parity)
        request.place.loads += 1


class Warp:
    """Of a consumer."""

    def __init__(self, block: Threadblock, consumer: int, warp: int) -> None:
        self.block, self.consumer, self.warp = block, consumer, warp
        self.team, self.partner = divmod(consumer, block.partners)
        self.a, self.weights = Cursor(), Cursor(self.partner)
        self.used_weights: tuple[Place, Content] | None = None
        self.exchanges = 0

    def run(self) -> Actor:
        block = self.block
        for i in rounds(block, self.team):
            if not block.streams:
                self.weights.parity = 0
            yield from self.multiply_pipelined(i) if block.is_pipelined else self.multiply_chunks(i)
            yield self.done(0)
            self.release_weights()
            if block.partners > 1:
                yield from self.exchange(i)
            for number, place in enumerate(block.later):
                yield from self.multiply(place, (number,), 0)
            yield self.done(0)

    def multiply_chunks(self, i: int) -> Actor:
        for chunk in range(self.partner, self.block.chunks, self.block.partners):
            yield from self.multiply_tile(i, chunk)
            yield lambda: True  # an epilogue takes one warp longer than another
            yield from self.multiply_chunk(i, chunk)
            self.weights.advance(self.block.slots, self.block.partners)

    def multiply_pipelined(self, i: int) -> Actor:
        block = self.block
        yield from self.begin_tile(i, self.partner, self.weights)
        yield self.done(0)
        for chunk in range(self.partner, block.chunks, block.partners):
            is_last = chunk + block.partners >= block.chunks
            for number in range(block.depth):
                self.release(block.weights[self.weights.slot][number], (i, chunk, number))
            following = Cursor(self.weights.slot, self.weights.parity)
            following.advance(block.slots, block.partners)
            if is_last:
                self.release_tile(i)
            else:
                yield from self.begin_tile(i, chunk + block.partners, following)
            yield lambda: True  # an epilogue takes one warp longer than another
            yield self.done(0 if is_last else 1)
            self.release_weights()
            yield from self.multiply_chunk(i, chunk)
            if not is_last:
                yield self.done(1)
            self.weights = following

    def release_tile(self, i: int) -> None:
        for number in range(self.block.depth):
            self.block.a[self.team][self.a.slot].release((i, number))
            self.a.advance(self.block.stages)

    def begin_tile(self, i: int, chunk: int, at: Cursor) -> Actor:
        start = Cursor(self.a.slot, self.a.parity)
        for number in range(self.block.depth):
            yield from self.find(i, chunk, number, start, at)
            start.advance(self.block.stages)
        self.commit()

    def multiply_tile(self, i: int, chunk: int) -> Actor:
        block = self.block
        releases = not block.keeps_a or chunk + block.partners >= block.chunks
        begin, used_a = Cursor(self.a.slot, self.a.parity), -1
        for number in range(block.depth):
            place = block.weights[self.weights.slot][number]
            yield from self.find(i, chunk, number, self.a, self.weights)
            self.commit()
            if block.streams or number > 0:
                yield self.done(1)
                self.release_weights()
                if releases and number > 0:
                    block.a[self.team][used_a].release((i, number - 1))
            self.used_weights = place, (i, chunk, number)
            used_a = self.a.slot
            self.a.advance(block.stages)
        yield self.done(0)
        self.release_weights()
        if releases:
            block.a[self.team][used_a].release((i, block.depth - 1))
        else:
            self.a = begin

    def find(self, i: int, chunk: int, number: int, a: Cursor, weights: Cursor) -> Actor:
        place = self.block.weights[weights.slot][number]
        yield place.full.passed(weights.parity)
        self.check(place, (i, chunk, number))
        place = self.block.a[self.team][a.slot]
        yield place.full.passed(a.parity)
        assert place.full.holds == (i, number), "another block of A"

    def multiply_chunk(self, i: int, chunk: int) -> Actor:
        block = self.block
        for number in range(block.depth, block.depth + block.chunk_blocks):
            place = block.weights[self.weights.slot][number]
            yield from self.multiply(place, (i, chunk, number), self.weights.parity)

    def multiply(self, place: Place, content: Content, parity: int) -> Actor:
        yield place.full.passed(parity)
        self.check(place, content)
        self.commit()
        if self.block.streams:
            yield self.done(1)
            self.release_weights()
        self.used_weights = place, content

    def check(self, place: Place, content: Content) -> None:
        """Weights that stay are those of round 0."""
        expected = content if self.block.streams or len(content) == 1 else (0, *content[1:])
        assert place.full.holds == expected, "other weights than those of the product"

    def commit(self) -> None:
        self.block.issued[self.consumer].issue(self.warp)

    def done(self, pending: int) -> Ready:
        return self.block.issued[self.consumer].done(self.warp, pending)

    def release_weights(self) -> None:
        if self.used_weights is not None:
            self.release(*self.used_weights)
        self.used_weights = None

    def release(self, place: Place, content: Content) -> None:
        if self.block.streams:
            place.release(content)

    def exchange(self, i: int) -> Actor:
        block, peer, parity = self.block, self.consumer ^ 1, self.exchanges & 1
        self.exchanges += 1
        block.parts.pop((self.consumer, self.warp), None)  # what it stored has left
        block.part_empty[self.consumer].arrive()
        yield block.part_empty[peer].passed(parity)
        assert (peer, self.warp) not in block.parts, "sent to where the partner still stores from"
        block.parts[peer, self.warp] = i
        block.part_full[peer].arrive()
        yield block.part_full[self.consumer].passed(parity)
        assert block.parts[self.consumer, self.warp] == i, "another tile's part"
        yield lambda: True
