"""Reading IR text so that errors can say where they are."""

from __future__ import annotations

import re

from xdsl.context import Context
from xdsl.dialects.builtin import (
    AnyDenseElement,
    AnyFloat,
    BytesAttr,
    DenseIntOrFPElementsAttr,
    RankedStructure,
)
from xdsl.ir import Operation, TypeAttribute
from xdsl.parser import AttrParser, Parser
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.lexer import Span

from boltir.errors import BoltError

_SHAPED_TYPE = re.compile(r"(?:tensor|memref)<[a-z0-9]+>")


class LocatingParser(Parser):
    """A parser that remembers where each operation began: the IR keeps only explicit `loc(...)`.

    It also remembers types, which make up most of a network's text.
    """

    def __init__(self, ctx: Context, text: str, name: str, line_offset: int = 0) -> None:
        super().__init__(ctx, text, name)
        self._line_offset = line_offset
        self._starts: dict[Operation, int] = {}
        self._types: dict[str, TypeAttribute] = {}
        self._literals: list[Span] = []

    def parse_optional_type(self) -> TypeAttribute | None:
        match = _SHAPED_TYPE.match(self.lexer.input.content, self.pos)
        if match is None:
            return super().parse_optional_type()
        if match[0] in self._types:
            self._resume_from(match.end())
            return self._types[match[0]]
        parsed = super().parse_optional_type()
        if parsed is not None:
            self._types[match[0]] = parsed
        return parsed

    def parse_dense_int_or_fp_elements_attr(
        self, type: RankedStructure[AnyDenseElement] | None
    ) -> DenseIntOrFPElementsAttr:
        """Like xDSL's, but a hexadecimal element of a float constant gives its bits, as in MLIR.

        xDSL 0.74 prints some floats that way and reads them as integers.
        """
        self._literals = []
        dense = super().parse_dense_int_or_fp_elements_attr(type)
        element = dense.get_element_type()
        if not isinstance(element, AnyFloat) or not any(map(_is_hexadecimal, self._literals)):
            return dense
        width = element.compile_time_size
        data = bytearray(dense.data.data)
        literals = self._literals if len(self._literals) > 1 else self._literals * (len(data) // width)
        for index, literal in enumerate(literals):
            if _is_hexadecimal(literal):
                data[index * width : (index + 1) * width] = self._bits(literal, width)
        return DenseIntOrFPElementsAttr(dense.type, BytesAttr(bytes(data)))

    def _parse_tensor_literal_element(self) -> AttrParser._TensorLiteralElement:
        element = super()._parse_tensor_literal_element()
        self._literals.append(element.span)
        if isinstance(element.value, int) and _is_hexadecimal(element.span):
            return self._TensorLiteralElement(False, _Bits(element.value), element.span)
        return element

    def _bits(self, literal: Span, width: int) -> bytes:
        try:
            return int(literal.text, 16).to_bytes(width, "little")
        except OverflowError:
            message = f"{literal.text} has more than the {8 * width} bits of an element"
            self.raise_error(message, at_position=literal)

    def parse_operation(self) -> Operation:
        start = self.pos
        try:
            op = super().parse_operation()
        except LocatedVerifyError:
            raise
        except VerifyException as error:
            raise LocatedVerifyError(f"{self._place(start)}: {error}") from None
        self._starts[op] = start
        return op

    def place_of(self, op: Operation | None) -> str | None:
        """`file:line:column` of `op`, if it was parsed here."""
        start = None if op is None else self._starts.get(op)
        return None if start is None else self._place(start)

    def _place(self, start: int) -> str:
        return str(Span(start, start, self.lexer.input, self._line_offset).get_location())


class _Bits(int):
    """A hexadecimal literal: a number among integers; among floats 0, for its bits are filled in later."""

    def __float__(self) -> float:
        return 0.0


def _is_hexadecimal(literal: Span) -> bool:
    return literal.text[:2] in ("0x", "0X")


class LocatedVerifyError(VerifyException):
    """An attribute or operation that does not verify while it is parsed; the text says where."""


def decode(data: bytes, name: str) -> str:
    """`data` as text.

    Raises:
        BoltError: it is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BoltError(f"not UTF-8 text (byte {error.start})", where=name) from None
