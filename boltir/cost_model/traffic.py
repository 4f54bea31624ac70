"""What a matrix product or convolution moves to and from device memory."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from math import ceil

from xdsl.ir import Attribute

from boltir.dialects.cutlass.memory import element_bits
from boltir.dialects.cutlass.store import StoreKind
from boltir.dialects.cutlass.template import KernelSignature, TemplateAttr
from boltir.dialects.fused.broadcast import Broadcast
from boltir.target import Target


class Raster(IntEnum):
    """Along which extent the tiles of a result are visited first; by its heuristic, CUTLASS takes the cheaper one."""

    HEURISTIC = 0
    ALONG_M = 1
    ALONG_N = 2


@dataclass(frozen=True)
class Traffic:
    """Bytes of each matrix, each read or written once.

    Attributes:
        a: of the first input; the part of an image that windows touch.
        b: of the second input, the filters.
        epilogue: of the epilogue's operands.
        outputs: of what is stored.
        count_a, count_b: how many matrices the inputs are: one each, or as many as the batch has.
    """

    a: int
    b: int
    epilogue: int
    outputs: int
    count_a: int = 1
    count_b: int = 1

    @property
    def total(self) -> int:
        return self.a + self.b + self.epilogue + self.outputs

    @property
    def largest_matrix(self) -> float:
        """Bytes of a matrix of the larger input."""
        return max(self.a / self.count_a, self.b / self.count_b)


def traffic_of(template: TemplateAttr, integers: Mapping[str, int], signature: KernelSignature) -> Traffic:
    """The bytes that a launch of a product or convolution moves at least."""
    batch, rows, product_columns = template.result_extents(integers)
    columns = product_columns // signature.accumulators
    a, b = _input_elements(integers)
    counts = [batch if integers.get(stride, 0) else 1 for stride in ("batch_stride_a", "batch_stride_b")]
    element = _bytes(signature.inputs[0])
    epilogue = operand_bytes(signature.epilogue_operands, signature.broadcasts, batch * rows, columns)
    outputs = batch * rows * sum(_stored_row_bytes(signature, integers, columns))
    return Traffic(element * a * counts[0], element * b * counts[1], epilogue, outputs, *counts)


def operand_bytes(elements: Iterable[Attribute], broadcasts: Iterable[Broadcast], rows: int, columns: int) -> int:
    """Bytes of the operands of an epilogue of so many rows and columns."""
    extents = {Broadcast.ROW: columns, Broadcast.COLUMN: rows, Broadcast.SCALAR: 1}
    operands = zip(elements, broadcasts, strict=True)
    return sum(_bytes(element) * extents.get(kind, rows * columns) for element, kind in operands)


def _input_elements(integers: Mapping[str, int]) -> tuple[int, int]:
    """Elements of a matrix of each input, of an image and all filters."""
    if "batch" in integers:
        m, n, k = (integers[name] for name in ("m", "n", "k"))
        return m * k, n * k
    k, r, s, c = (integers[name] for name in ("k", "r", "s", "c"))
    return window_elements(integers), k * r * s * c


def window_elements(integers: Mapping[str, int]) -> int:
    """Elements of the image that the windows of a convolution touch."""
    n, h, w, c, r, s, p, q = (integers[name] for name in ("n", "h", "w", "c", "r", "s", "p", "q"))
    return n * min(h, p * r) * min(w, q * s) * c


def _stored_row_bytes(signature: KernelSignature, integers: Mapping[str, int], columns: int) -> Iterator[int]:
    """Bytes that a row of the result takes in each output; next to nothing where it is reduced."""
    for i, (element, store) in enumerate(zip(signature.outputs, signature.output_stores, strict=True)):
        if store.kind is not StoreKind.REDUCED:
            yield _bytes(element) * integers.get(f"r{i}_columns", columns)


def epilogue_bytes_per_element(signature: KernelSignature) -> float:
    """Bytes that the epilogue reads and stores for each accumulator."""
    operands = zip(signature.epilogue_operands, signature.broadcasts, strict=True)
    loaded = sum(_bytes(element) for element, kind in operands if kind in (Broadcast.FULL, Broadcast.GENERAL))
    outputs = zip(signature.outputs, signature.output_stores, strict=True)
    stored = sum(_bytes(element) for element, store in outputs if store.kind is not StoreKind.REDUCED)
    return (loaded + stored) / signature.accumulators


def device_memory_bytes(
    traffic: Traffic,
    tiles: tuple[int, int],
    resident: int,
    swizzle: int,
    target: Target,
    batch: int = 1,
    raster: Raster = Raster.HEURISTIC,
) -> float:
    """Bytes that cross the bus to device memory: what does not stay in the L2 cache between its uses is read again.

    Threadblocks that run at once cover `swizzle` rows of tiles, or as many more as it takes to occupy the device, and
    walk along the columns; the next rows of tiles read B again. Or the other way around: the shorter way counts
    (gemm/kernel/tile_scheduler_params.h, RasterOrderOptions::Heuristic; gemm/threadblock/threadblock_swizzle.h).

    Args:
        tiles: rows and columns of tiles of one matrix.
        resident: threadblocks that run at once.
    """
    rows, columns = tiles

    def again(matrices: int, count: int, along: int, across: int) -> float:
        if matrices / count <= target.l2_kept:
            return matrices
        together = max(swizzle, resident // across)
        return matrices * max(1, ceil(along * batch / count / together))

    by_rows = traffic.a + again(traffic.b, traffic.count_b, rows, columns)
    by_columns = traffic.b + again(traffic.a, traffic.count_a, columns, rows)
    moved = {Raster.ALONG_N: by_rows, Raster.ALONG_M: by_columns, Raster.HEURISTIC: min(by_rows, by_columns)}
    return moved[raster] + traffic.epilogue + traffic.outputs


def _bytes(element: Attribute) -> int:
    return element_bits(element) // 8
