"""Where a program's tensors live: one arena, the weights, and views of both."""

from typing_extensions import TypeIs
from xdsl.dialects.builtin import I64, IntegerAttr, MemRefType, NoneAttr, SymbolRefAttr, i8
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from boltir.dialects.properties import check_attributes
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import ELEMENT_TYPES

ARENA_ALIGNMENT = 256
"""Bytes to which every buffer in the arena is aligned, as cudaMalloc aligns; vector access needs 16."""


OUTPUTS_ATTRIBUTE = "cutlass.outputs"
"""The attribute of a function on buffers that says how many of its last arguments are outputs."""


def output_count(function: FuncOp) -> int:
    """How many of the last arguments of `function` it writes its results to."""
    count = function.attributes.get(OUTPUTS_ATTRIBUTE)
    return count.value.data if isa(count, IntegerAttr) else 0


def is_memref(candidate: Attribute) -> TypeIs[MemRefType[Attribute]]:
    """Whether `candidate` is a memref type; xDSL's `isa` takes 100 times as long."""
    return isinstance(candidate, MemRefType)


def memref_type(value: SSAValue) -> MemRefType[Attribute]:
    """The type of `value`, a dense row-major buffer of fixed shape in device memory.

    Raises:
        VerifyException: it is anything else.
    """
    kind = value.type
    if not is_memref(kind):
        raise VerifyException(f"expected a memref, got {kind}")
    if any(extent < 1 for extent in kind.get_shape()):
        raise VerifyException(f"a buffer has a fixed shape and at least one element, got {kind}")
    if not isinstance(kind.layout, NoneAttr) or not isinstance(kind.memory_space, NoneAttr):
        raise VerifyException(f"a buffer is row-major and in device memory, got {kind}")
    if kind.element_type not in ELEMENT_TYPES:
        known = ", ".join(map(str, ELEMENT_TYPES))
        raise VerifyException(f"elements of {kind.element_type} are not supported; supported are {known}")
    return kind


def element_bits(element: Attribute) -> int:
    """Bits one element takes in memory; truth values take a byte.

    Raises:
        VerifyException: it is no number.
    """
    width = getattr(element, "bitwidth", None)
    if not isinstance(width, int):
        raise VerifyException(f"elements of {element} have no size")
    return max(8, width)


def buffer_bytes(value: SSAValue) -> int:
    """The size of memref `value` in bytes."""
    kind = memref_type(value)
    return element_count(kind.get_shape()) * element_bits(kind.element_type) // 8


def _check_arena(value: SSAValue) -> None:
    kind = memref_type(value)
    if kind.element_type != i8 or kind.get_num_dims() != 1:
        raise VerifyException(f"an arena is a one-dimensional memref of i8, got {kind}")


@irdl_op_definition
class AllocOp(IRDLOperation):
    """A buffer that has no place yet; `plan-memory` gives it one in the arena"""

    name = "cutlass.alloc"
    result = result_def(MemRefType)

    assembly_format = "attr-dict `:` type($result)"

    def verify_(self) -> None:
        check_attributes(self)
        memref_type(self.result)


@irdl_op_definition
class ArenaOp(IRDLOperation):
    """The one block of device memory that holds every intermediate tensor"""

    name = "cutlass.arena"
    result = result_def(MemRefType)

    assembly_format = "attr-dict `:` type($result)"

    def verify_(self) -> None:
        check_attributes(self)
        _check_arena(self.result)


@irdl_op_definition
class ViewOp(IRDLOperation):
    """A buffer at a byte offset of the arena"""

    name = "cutlass.view"
    arena = operand_def(MemRefType)
    offset = prop_def(IntegerAttr[I64])
    result = result_def(MemRefType)
    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)

    assembly_format = "$arena attr-dict `:` type($arena) `->` type($result)"

    def verify_(self) -> None:
        check_attributes(self)
        _check_arena(self.arena)
        offset, size, room = self.offset.value.data, buffer_bytes(self.result), buffer_bytes(self.arena)
        if offset % ARENA_ALIGNMENT:
            raise VerifyException(f"offset {offset} is not a multiple of {ARENA_ALIGNMENT} bytes")
        if offset < 0 or offset + size > room:
            raise VerifyException(f"{size} bytes at offset {offset} do not fit into an arena of {room} bytes")


@irdl_op_definition
class WeightOp(IRDLOperation):
    """The weight of that symbol in device memory"""

    name = "cutlass.weight"
    symbol = prop_def(SymbolRefAttr)
    result = result_def(MemRefType)
    traits = traits_def(Pure())

    assembly_format = "$symbol attr-dict `:` type($result)"

    def verify_(self) -> None:
        check_attributes(self)
        memref_type(self.result)
        if self.symbol.nested_references.data:
            raise VerifyException(f"a weight's symbol is one name, got {self.symbol}")

    @property
    def weight_name(self) -> str:
        return self.symbol.root_reference.data


@irdl_op_definition
class ReinterpretOp(IRDLOperation):
    """The same bytes under another shape"""

    name = "cutlass.reinterpret"
    input = operand_def(MemRefType)
    result = result_def(MemRefType)
    traits = traits_def(Pure())

    assembly_format = "$input attr-dict `:` type($input) `->` type($result)"

    def verify_(self) -> None:
        check_attributes(self)
        given, wanted = memref_type(self.input), memref_type(self.result)
        same_count = element_count(given.get_shape()) == element_count(wanted.get_shape())
        if not same_count or given.element_type != wanted.element_type:
            raise VerifyException(f"{wanted} does not have the elements of {given}")
