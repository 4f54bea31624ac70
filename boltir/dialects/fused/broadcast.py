"""How an epilogue operand's elements spread over the result."""

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import IRDLOperation, irdl_attr_definition
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.tensors import Shape, broadcast_shapes


class Broadcast(StrEnum):
    """The cases that kernels tell apart, for a result seen as rows of its last dimension.

    full: one element per result element.
    row: one per output column: a vector along the last dimension.
    column: one per output row: every dimension but the last.
    scalar: one element.
    general: any other numpy broadcast.
    """

    FULL = "full"
    ROW = "row"
    COLUMN = "column"
    SCALAR = "scalar"
    GENERAL = "general"


@irdl_attr_definition
class BroadcastAttr(EnumAttribute[Broadcast], SpacedOpaqueSyntaxAttribute):
    name = "fused.broadcast"


def classify_broadcast(operand: Shape, result: Shape) -> Broadcast:
    """The kind with which a tensor of shape `operand` spreads over one of shape `result`.

    Raises:
        VerifyException: it does not broadcast to that shape.
    """
    if broadcast_shapes(operand, result) != result:
        raise VerifyException(f"an operand of shape {list(operand)} does not broadcast to {list(result)}")
    padded = (1,) * (len(result) - len(operand)) + operand
    if padded == result:
        return Broadcast.FULL
    if all(extent == 1 for extent in padded):
        return Broadcast.SCALAR
    if padded[-1] == result[-1] and all(extent == 1 for extent in padded[:-1]):
        return Broadcast.ROW
    if padded[-1] == 1 and padded[:-1] == result[:-1]:
        return Broadcast.COLUMN
    return Broadcast.GENERAL


def broadcasts_attr(operands: Sequence[Shape], result: Shape) -> ArrayAttr[BroadcastAttr]:
    """The kinds of all epilogue operands of a result of shape `result`."""
    return ArrayAttr([BroadcastAttr(classify_broadcast(shape, result)) for shape in operands])


@irdl_custom_directive
class BroadcastList(CustomDirective):
    """Prints the kinds as `[row, full]`."""

    broadcasts: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        kinds = parser.parse_comma_separated_list(
            Parser.Delimiter.SQUARE, lambda: BroadcastAttr(parser.parse_str_enum(Broadcast))
        )
        state.properties[self.broadcasts.name] = ArrayAttr(kinds)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        kinds = self.broadcasts.get(op)
        if not isa(kinds, ArrayAttr[BroadcastAttr]):
            return
        state.print_whitespace(printer)
        printer.print_string("[" + ", ".join(kind.data.value for kind in kinds) + "]")
        state.should_emit_space = True
        state.last_was_punctuation = False
