"""`#cutlass.chain_conv2d_sm90`: a convolution and 1x1 convolutions behind it in one kernel for Hopper, boltir's own.

A threadblock computes a run of neighbouring pixels, 64 per consumer warpgroup at a time. TMA brings each pixel of the
input once, to a ring of chunks; ldmatrix gathers the windows from there. The accumulators of a product become the
register operand of the next one. Weights come in blocks of 64 along K.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition

from boltir.dialects.cutlass.chain import VECTOR, ChainConv2dParameters
from boltir.dialects.cutlass.matrix import check_shared_memory, require
from boltir.dialects.cutlass.template import FlagAttr, IntsAttr, KernelSignature
from boltir.dialects.fused.chain import Residence
from boltir.target import Target

TILE = 64
"""Pixels that a consumer warpgroup computes at a time: the rows of one wgmma."""
SLICE = 64
"""16-bit elements in a row of shared memory: the channels of a slice, the depth of a block of weights."""
ROW_BYTES = 2 * SLICE
CONSUMERS = (1, 2, 3)
CLUSTERS = (1, 2, 4)
REGISTERS = {1: 255, 2: 240, 3: 160}
"""That a thread has, by the number of consumer warpgroups."""
OTHER_REGISTERS = 40
"""Of these for addresses, barriers and the epilogue's values."""
HELD = 3
"""Blocks of weights: one that was read, one that is, and one that must have arrived."""
FRAGMENTS = 48
"""Registers for the windows of three blocks of the convolution."""
ALIGNMENT = 1024
"""Bytes after which the permutation of shared memory repeats."""
LARGEST_INDEX = 2**31 - 1


@dataclass(frozen=True)
class SharedMemory:
    """What a threadblock holds (chain_conv2d_plan_sm90.cuh.jinja): chunks of pixels, blocks of weights, stores."""

    channels: int
    tile_n: tuple[int, ...]
    consumers: int
    store_stages: int
    chunks: int
    blocks: int

    @property
    def size(self) -> int:
        """In bytes."""
        pixels = slices(self.channels) * (self.chunks * chunk_pixels(self.channels) + 8) * ROW_BYTES
        weights = self.blocks * max(self.tile_n) * ROW_BYTES
        stores = self.consumers * self.store_stages * TILE * ROW_BYTES
        barriers = 16 * (self.chunks + self.blocks)
        return pixels + weights + stores + -(-barriers // ALIGNMENT) * ALIGNMENT


@irdl_attr_definition
class ChainConv2dSm90Attr(ChainConv2dParameters):
    """Y = epilogue_1(epilogue_0(convolution of X with a filter) @ B_1), and so on.

    Attributes:
        filter: height and width.
        channels: of the input.
        tile_n: columns of each product, padded to multiples of 16. The last product has any number of columns, of
            which so many are computed at a time.
        consumers: warpgroups that compute.
        input_stages: chunks of pixels in the ring.
        weight_stages: blocks of weights that there is room for.
        resident: whether these are all the weights, which then stay in shared memory.
        store_stages: buffers of 64 columns that each warp stores through.
        cluster: threadblocks that share what they load of the weights.
    """

    name = "cutlass.chain_conv2d_sm90"
    filter: IntsAttr
    channels: IntAttr
    tile_n: IntsAttr
    consumers: IntAttr
    input_stages: IntAttr
    weight_stages: IntAttr
    resident: FlagAttr
    store_stages: IntAttr
    cluster: IntAttr

    @property
    def products(self) -> int:
        return len(self.tile_n.data)

    @property
    def intermediates(self) -> Residence:
        return Residence.RF

    @property
    def divisors(self) -> Mapping[str, int]:
        return {"c": VECTOR}

    @property
    def registers(self) -> int:
        """Of a consumer thread: the accumulators of a product, and its left operand."""
        behind = (before // 4 + n // 2 for before, n in pairwise(self.tile_n.data))
        return max(self.tile_n.data[0] // 2 + FRAGMENTS, *behind) + OTHER_REGISTERS

    @property
    def shared_memory(self) -> int:
        """Bytes of shared memory of a threadblock."""
        consumers, stores = self.consumers.data, self.store_stages.data
        chunks, blocks = self.input_stages.data, self.weight_stages.data
        return SharedMemory(self.channels.data, self.tile_n.data, consumers, stores, chunks, blocks).size

    def verify(self) -> None:
        *before, last = self.tile_n.data
        self.check_products()
        for n in before:
            require(0 < n <= 256 and n % 16 == 0, f"tile N before the last is a multiple of 16 up to 256, got {n}")
        require(0 < last <= 256 and last % 8 == 0, f"the last tile N is a multiple of 8 up to 256, got {last}")
        require(
            len(self.filter.data) == 2 and min(self.filter.data) > 0,
            f"a filter has two positive extents, got {list(self.filter.data)}",
        )
        require(self.channels.data > 0, f"channels must be positive, got {self.channels.data}")
        consumers, cluster = self.consumers.data, self.cluster.data
        require(consumers in CONSUMERS, f"one to three warpgroups compute, not {consumers}")
        require(cluster in CLUSTERS, f"cluster must be one of {list(CLUSTERS)}, got {cluster}")
        for n in self.tile_n.data:
            require(n % (8 * cluster) == 0, f"{cluster} threadblocks do not share {n} columns by multiples of 8")
        require(self.input_stages.data >= 2, f"input_stages must be at least 2, got {self.input_stages.data}")
        require(self.store_stages.data >= 1, f"store_stages must be positive, got {self.store_stages.data}")
        held = max(HELD, *map(slices, before))
        require(
            self.weight_stages.data >= held,
            f"a product holds {held} blocks of weights at once, weight_stages is {self.weight_stages.data}",
        )
        limit = REGISTERS[consumers]
        require(
            self.registers <= limit,
            f"tiles of {list(self.tile_n.data)} columns need {self.registers} registers per thread, "
            f"{consumers} consumers have {limit}",
        )

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        require(target.has_warpgroup_mma, f"{target.name} has no wgmma and TMA: use chain_conv2d")
        check_shared_memory(self.shared_memory, target)

    def check_launch(self, integers: Mapping[str, int]) -> None:
        super().check_launch(integers)
        window = (integers["r"], integers["s"])
        require(window == self.filter.data, f"the filter is {list(self.filter.data)}, not {list(window)}")
        channels = integers["c"]
        require(channels == self.channels.data, f"the input has {channels} channels, not {self.channels.data}")
        *before, last = self.columns(integers)
        for n in (*before, last):
            require(n % VECTOR == 0, f"TMA moves 16-byte rows: {n} columns are no multiple of {VECTOR}")
        for n, tile in zip(before, self.tile_n.data, strict=False):
            require(-(-n // 16) * 16 == tile, f"{n} columns before the last product do not fill a tile of {tile}")
        tile = self.tile_n.data[-1]
        require(last <= tile or tile % SLICE == 0, f"passes of {tile} columns over {last} are no multiples of {SLICE}")
        blocks, room = weight_blocks(window, channels, self.tile_n.data, last), self.weight_stages.data
        require(not self.resident.data or blocks == room, f"{blocks} blocks of weights stay, there is room for {room}")
        for pixels in (self.rows(integers), prod(integers[name] for name in ("n", "h", "w"))):
            require(pixels <= LARGEST_INDEX, f"{pixels} pixels exceed the largest 32-bit index")
        _check_order(integers)
        chunks = input_chunks(integers, 1 if self.resident.data else self.consumers.data)
        require(
            chunks <= self.input_stages.data,
            f"the windows of the tiles at work touch {chunks} chunks of {chunk_pixels(channels)} pixels, "
            f"input_stages is {self.input_stages.data}",
        )


def slices(columns: int) -> int:
    """Rows of shared memory that `columns` fill."""
    return -(-columns // SLICE)


def weight_blocks(window: Sequence[int], channels: int, tile_n: Sequence[int], last: int) -> int:
    """Blocks of all weights, where the last product has `last` columns."""
    *behind, operand = map(slices, tile_n[:-1])
    return prod(window) * slices(channels) + sum(behind) + operand * -(-last // tile_n[-1])


def chunk_pixels(channels: int) -> int:
    """Pixels of the input that arrive together: each chunk takes a while to wait for, and to let go of."""
    return 64 if channels <= 128 else 32


def input_chunks(integers: Mapping[str, int], tiles: int) -> int:
    """Chunks of the input that the windows of `tiles` neighbouring tiles touch at most."""
    h, w, p, q = (integers[name] for name in ("h", "w", "p", "q"))
    down, across = integers["stride_h"], integers["stride_w"]
    steps = tiles * TILE - 1
    lines, images = _crossings(steps, q), _crossings(steps, p * q)
    first_to_first = steps * across + lines * max(0, down * w - q * across) + images * max(0, h - p * down) * w
    window = (integers["r"] - 1) * integers["dilation_h"] * w + (integers["s"] - 1) * integers["dilation_w"]
    pixels = first_to_first + window + 1
    chunk = chunk_pixels(integers["c"])
    return -(-(pixels + chunk - 1) // chunk)


def _crossings(steps: int, extent: int) -> int:
    """How often `steps` along rows of `extent` lead to another row at most."""
    return -(-steps // extent)


def _check_order(integers: Mapping[str, int]) -> None:
    """Windows that come later begin later in the input: chunks are let go in order."""
    h, w = integers["h"], integers["w"]
    across, down = (integers["q"] - 1) * integers["stride_w"], (integers["p"] - 1) * integers["stride_h"]
    require(
        across < integers["stride_h"] * w and down * w + across < h * w,
        f"windows reach {down} down and {across} across an image of {h} x {w}: the next ones begin before",
    )
