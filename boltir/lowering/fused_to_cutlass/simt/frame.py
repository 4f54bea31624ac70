"""What the selectors of boltir's own kernel families share: vector widths and the epilogue's operands."""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.simt import MAX_VECTOR, element_bytes
from boltir.dialects.cutlass.store import dimension_names
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.fused import Broadcast, FusedOp
from boltir.dialects.tensors import element_type, static_shape
from boltir.lowering.fused_to_cutlass.alignment import power_of_two_divisor
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection, signature_of
from boltir.lowering.fused_to_cutlass.strides import broadcast_strides, collapse
from boltir.target import Target

ACCESS_BYTES = 16
THREADS_PER_MULTIPROCESSOR = 128
"""Fewer threads than this leave a multiprocessor idle; then each does less work."""


@dataclass(frozen=True)
class Frame:
    """What every kernel is given besides the numbers of its family.

    Attributes:
        vector: elements per access.
        columns: the length of the rows that the epilogue sees.
        parameters: the template parameters `vector`, `rank` and `general`.
        arguments: the launch integers of the general epilogue operands.
    """

    vector: int
    columns: int
    parameters: Mapping[str, int | tuple[int, ...]]
    arguments: Mapping[str, int]


def frame(
    op: FusedOp, extents: Sequence[int], *, row: int | None = None, stores_vectors: bool = True, most: int = MAX_VECTOR
) -> Frame:
    """The widest vectors that divide `extents`, and how the epilogue's operands are read.

    The result's rows are `row` elements long, by default its last dimension, unless an operand needs that.
    Without `stores_vectors`, vectors are only loaded and need not fit the result.
    """
    shape = op.result_shape
    last = shape[-1] if shape else 1
    by_rows = any(kind.data in (Broadcast.ROW, Broadcast.COLUMN) for kind in op.broadcasts)
    columns = last if by_rows or row is None else row
    general = tuple(i for i, kind in enumerate(op.broadcasts) if kind.data is Broadcast.GENERAL)
    reads = [broadcast_strides(static_shape(op.epilogue_operands[i]), shape) for i in general]
    sizes, strides = collapse(shape, reads) if general else ((), [])
    limits = [*extents, *((columns, *sizes[-1:]) if stores_vectors else ())]
    vector = power_of_two_divisor(min(most, widest_vector(op)), limits)
    arguments = dict(zip(dimension_names("size", len(sizes)), sizes, strict=True))
    for i, steps in zip(general, strides, strict=True):
        arguments |= zip(dimension_names(f"e{i}_stride", len(steps)), steps, strict=True)
    return Frame(vector, columns, {"vector": vector, "rank": len(sizes), "general": general}, arguments)


def widest_vector(op: FusedOp) -> int:
    """Elements that fill one access of the narrowest tensor; wider ones take several accesses."""
    tensors = (*op.inputs[:1], *(op.epilogue_operands if not op.inputs else ()), *op.outputs)
    narrowest = min(element_bytes(element_type(value)) for value in tensors)
    return max(1, min(MAX_VECTOR, ACCESS_BYTES // narrowest))


def is_starved(threads: int, target: Target) -> bool:
    """Whether so few threads leave multiprocessors idle."""
    return threads < target.multiprocessors * THREADS_PER_MULTIPROCESSOR


def outputs_per_thread(most: int, outputs: int, target: Target) -> int:
    """How many of `outputs` accesses a thread makes: at most `most`, a power of two, fewer to keep the device busy."""
    while most > 1 and is_starved(outputs // most, target):
        most //= 2
    return most


def selected(
    build: Callable[[], TemplateAttr], values: Mapping[str, int], op: FusedOp, target: Target
) -> Selection | Refusal:
    """The template with its launch integers out of `values`, or the rule it breaks."""
    try:
        template = build()
        template.check_legal(target, signature_of(op))
    except VerifyException as error:
        return Refusal(str(error))
    return Selection(template, {name: values[name] for name in template.launch_parameters})


def float_bits(value: float) -> int:
    """The bits of the f32 nearest to `value`: how launch integers carry a number."""
    return int.from_bytes(struct.pack("<f", value), "little")
