"""What the epilogues of the CUTLASS 2.x tensor-core templates hold.

There are two. CUTLASS's own with a functor (epilogue/threadblock/epilogue_with_broadcast.h) takes one vector, sources
of the output's type and scalars; it is quicker to compile. A visitor of the tile (templates/tensor_op/visitor.jinja)
takes any operands and stores any number of outputs in any way.
"""

import re
from collections.abc import Iterator, Mapping

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type

from boltir.dialects.cutlass.matrix import check_epilogue, require
from boltir.dialects.cutlass.memory import element_bits
from boltir.dialects.cutlass.template import KernelSignature
from boltir.dialects.fused.broadcast import Broadcast

WARP = 32
ROWS = 8  # rows of accumulators that one step of the epilogue exchanges per warp
GROUP = 8  # adjacent columns of a matrix that is packed with another
GROUP_OF_BANKS = 32
"""Columns of f32 that all banks of shared memory hold once."""
MOST_VISITED = 8
"""Elements that one access of the visitor holds at most."""
VISITED_BYTES = 2
"""The visitor's threads are arranged as those of an epilogue that stores f16, whatever it stores."""


def functor_holds(signature: KernelSignature, sources: int) -> bool:
    """Whether CUTLASS's functor does, which reads up to `sources` full operands."""
    if signature.stores or signature.accumulators > 1 or len(signature.outputs) != 1:
        return False
    (output,) = signature.outputs
    elements = (output, *signature.epilogue_operands)
    operands = zip(signature.broadcasts, signature.epilogue_operands, strict=True)
    return (
        all(isinstance(element, Float16Type | BFloat16Type | Float32Type) for element in elements)
        and signature.count(Broadcast.ROW) <= 1
        and signature.count(Broadcast.FULL) <= sources
        and not signature.count(Broadcast.COLUMN) + signature.count(Broadcast.GENERAL)
        and all(element == output for kind, element in operands if kind is Broadcast.FULL)
    )


def widest_access(signature: KernelSignature) -> int:
    """How many elements one access to outputs and full operands can move: 16 bytes of the narrowest of them."""
    operands = zip(signature.broadcasts, signature.epilogue_operands, strict=True)
    alike = (*signature.outputs, *(element for kind, element in operands if kind is Broadcast.FULL))
    return min(MOST_VISITED, 16 * 8 // min(map(element_bits, alike)))


def check_functor(signature: KernelSignature, columns: int, warps: int, access: int) -> None:
    """Whether a tile `columns` wide, of so many `warps` along N, can be stored in accesses of so many elements.

    Raises:
        VerifyException: it cannot.
    """
    size = element_bits(signature.outputs[0]) // 8
    require(access * size <= 16, f"alignment_c is {access * size} bytes: one access moves at most 16")
    if isinstance(signature.outputs[0], Float16Type):
        _check_exchange(columns // warps, access)
    lanes_across(columns, warps, access, size)


def check_visitor(signature: KernelSignature, columns: int, warps: int, access: int) -> None:
    """The same for the visitor.

    Raises:
        VerifyException: it cannot.
    """
    check_epilogue(signature)
    require(access <= MOST_VISITED, f"alignment_c is {access}: the visitor moves at most {MOST_VISITED} at once")
    require(warps < ROWS, f"the visitor needs a row of a tile within one warp, {warps} warps share {ROWS} rows")
    _check_exchange(columns // warps, access)
    lanes = lanes_across(columns, warps, access, VISITED_BYTES)
    pairs = access > 1 and lanes * access % (2 * GROUP) == 0
    require(
        signature.accumulators == 1 or pairs,
        f"a warp reads {lanes} accesses of {access} elements in a row, which hold no pairs of {GROUP} columns",
    )


def fits_f16_exchange(width: int, access: int) -> bool:
    """Whether CUTLASS's exchange of accumulators for f16 is right for warps of so many columns.

    For accesses of 8 elements that is epilogue/warp/tile_iterator_tensor_op_mixed.h, which avoids bank conflicts: it
    writes each 32 columns elsewhere, but chooses where once per warp, except for warps of 64 columns. Measured on an
    H100: half of the columns are wrong where warps are 128 wide.
    """
    return access < MOST_VISITED or GROUP_OF_BANKS % width == 0 or width == 2 * GROUP_OF_BANKS


def _check_exchange(width: int, access: int) -> None:
    require(
        fits_f16_exchange(width, access),
        f"warps {width} columns wide exchange wrong accumulators for accesses of {access} f16 elements; "
        "use a smaller alignment_c",
    )


def lanes_across(columns: int, warps: int, access: int, element_bytes: int) -> int:
    """How many lanes of a warp hold one row, given `warps` along N.

    Source: epilogue/threadblock/output_tile_thread_map.h, RowArrangement. Where its lanes exceed the
    rows (narrow tiles with wide accesses) CUTLASS fails to build or, unchecked, stores wrong values.

    Raises:
        VerifyException: the lanes do not tile the rows they store exactly once.
    """
    rows = ROWS // warps
    width, preferred = columns // access, max(1, 256 // (access * element_bytes))
    if rows > 1 and WARP // preferred > rows:
        across, down = WARP // rows, rows
    else:
        across = min(width, WARP, preferred)
        down = min(ROWS, WARP // across)
    require(
        across * down == WARP and down <= rows and width % across == 0,
        f"{warps} warps cannot store rows of a threadblock {columns} columns wide in accesses of {access} "
        "elements; use a smaller alignment_c",
    )
    return across


def accessed(integers: Mapping[str, int]) -> dict[str, int]:
    """The launch integers of stores and general operands that one access must divide.

    These are where columns begin and end, and the last dimension over which elements are addressed.
    """
    names = [name for name in integers if re.fullmatch(r"r\d+_(begin|columns|pitch|batch_stride)", name)]
    names += (f"{prefix}size_{last}" for prefix, last in _last_dimensions(integers))
    return {name: integers[name] for name in names}


def scattered(integers: Mapping[str, int]) -> dict[str, int]:
    """The strides with which permuted stores would tear an access apart.

    Measured on an H100: storing 4096 x 768 f16 transposed takes 30 microseconds longer, much more than reading and
    writing them once more.
    """
    last = ((f"{prefix}size_{d}", f"{prefix}stride_{d}") for prefix, d in _last_dimensions(integers) if prefix)
    return {stride: integers[stride] for size, stride in last if integers[size] > 1 and integers[stride] != 1}


def _last_dimensions(integers: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """The prefix and number of the last of each series of sizes: of general operands, of each permuted store."""
    for name in integers:
        size = re.fullmatch(r"((?:r\d+_)?)size_(\d+)", name)
        if size and f"{size[1]}size_{int(size[2]) + 1}" not in integers:
            yield size[1], int(size[2])
