"""How a kernel stores a result: which elements of it, where, and in which order.

The epilogue yields one value per element of the result and output; a store says what becomes of them. Shapes are
those of results: rows of the last dimension, whose elements are the columns.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import prod

from xdsl.dialects.builtin import I64, DenseArrayBase, IntAttr
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, ParametrizedAttribute, SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.properties import ints
from boltir.dialects.shape_rules import transposed_shape
from boltir.dialects.tensors import Shape


class Combiner(StrEnum):
    """What makes one value of several."""

    SUM = "sum"
    MAX = "max"


class Along(StrEnum):
    """What a reduction walks along: the columns of a row, or the rows of a column."""

    COLUMNS = "columns"
    ROWS = "rows"


@irdl_attr_definition
class CombinerAttr(EnumAttribute[Combiner], SpacedOpaqueSyntaxAttribute):
    name = "fused.combiner"


@irdl_attr_definition
class AlongAttr(EnumAttribute[Along], SpacedOpaqueSyntaxAttribute):
    name = "fused.along"


class StoreAttr(ParametrizedAttribute, ABC):
    """What becomes of the values that an epilogue yields for one output."""

    @abstractmethod
    def stored_shape(self, result: Shape) -> Shape:
        """The shape of the output of a kernel with results of shape `result`.

        Raises:
            VerifyException: such a result cannot be stored so.
        """

    @property
    def description(self) -> str:
        """What is stored, as remarks say it."""
        return str(self).removeprefix("#fused.")


@irdl_attr_definition
class ElementsAttr(StoreAttr):
    """Every element of the result where it is."""

    name = "fused.elements"

    def stored_shape(self, result: Shape) -> Shape:
        return result


@irdl_attr_definition
class ColumnsAttr(StoreAttr):
    """The `size` columns from `begin` on: `#fused.columns<64, 128>`."""

    name = "fused.columns"
    begin: IntAttr
    size: IntAttr

    @staticmethod
    def of(begin: int, size: int) -> "ColumnsAttr":
        return ColumnsAttr(IntAttr(begin), IntAttr(size))

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            begin = parser.parse_integer()
            parser.parse_punctuation(",")
            return IntAttr(begin), IntAttr(parser.parse_integer())

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.begin.data}, {self.size.data}>")

    def verify(self) -> None:
        if self.begin.data < 0 or self.size.data < 1:
            raise VerifyException(f"columns begin at 0 or later and are at least one, got {self.description}")

    def stored_shape(self, result: Shape) -> Shape:
        columns, end = _columns(result), self.begin.data + self.size.data
        if end > columns:
            raise VerifyException(f"columns {self.begin.data} to {end} exceed the {columns} of the result")
        return (*result[:-1], self.size.data)


@irdl_attr_definition
class PermutedAttr(StoreAttr):
    """The result seen as a row-major `view`, transposed: `#fused.permuted<[2, 128, 12, 64], [0, 2, 1, 3]>`.

    The view splits or merges rows and splits columns; none of its dimensions holds parts of several rows.
    """

    name = "fused.permuted"
    view: DenseArrayBase[I64]
    permutation: DenseArrayBase[I64]

    @staticmethod
    def of(view: Sequence[int], permutation: Sequence[int]) -> "PermutedAttr":
        return PermutedAttr(ints(view), ints(permutation))

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        def parse_list() -> DenseArrayBase[I64]:
            return ints(parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer))

        with parser.in_angle_brackets():
            view = parse_list()
            parser.parse_punctuation(",")
            return view, parse_list()

    def print_parameters(self, printer: Printer) -> None:
        view, permutation = (list(values.get_values()) for values in (self.view, self.permutation))
        printer.print_string(f"<{view}, {permutation}>")

    def verify(self) -> None:
        if min(self.view.get_values(), default=0) < 1:
            raise VerifyException(f"the view of a result has positive extents, got {self.description}")
        transposed_shape(self.view.get_values(), self.permutation.get_values())

    def stored_shape(self, result: Shape) -> Shape:
        view = self.view.get_values()
        if prod(view) != prod(result):
            raise VerifyException(f"{list(view)} is no view of a result of shape {list(result)}")
        self.column_rank(_columns(result))
        return transposed_shape(view, self.permutation.get_values())

    def column_rank(self, columns: int) -> int:
        """How many of the view's last dimensions make up a row of so many columns.

        Raises:
            VerifyException: a dimension holds parts of several rows.
        """
        view = self.view.get_values()
        for rank in range(1, len(view) + 1):
            if prod(view[-rank:]) == columns:
                return rank
        raise VerifyException(f"the last extents of view {list(view)} do not make up rows of {columns} columns")


@irdl_attr_definition
class PaddedAttr(StoreAttr):
    """Zeros behind the last column, up to `columns` in all: `#fused.padded<8>`."""

    name = "fused.padded"
    columns: IntAttr

    @staticmethod
    def of(columns: int) -> "PaddedAttr":
        return PaddedAttr(IntAttr(columns))

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return (IntAttr(parser.parse_integer()),)

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.columns.data}>")

    def stored_shape(self, result: Shape) -> Shape:
        columns = _columns(result)
        if self.columns.data < columns:
            raise VerifyException(f"the {columns} columns of the result do not fit into {self.columns.data}")
        return (*result[:-1], self.columns.data)


@irdl_attr_definition
class ReducedAttr(StoreAttr):
    """One value for each `group` of consecutive columns, or rows: `#fused.reduced<sum, columns, 64>`.

    Along columns, N of them become ceil(N / group). Along rows, the R rows of all leading dimensions become
    ceil(R / group) rows. The last group may be smaller.
    """

    name = "fused.reduced"
    combiner: CombinerAttr
    along: AlongAttr
    group: IntAttr

    @staticmethod
    def of(combiner: Combiner, along: Along, group: int) -> "ReducedAttr":
        return ReducedAttr(CombinerAttr(combiner), AlongAttr(along), IntAttr(group))

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            combiner = CombinerAttr(parser.parse_str_enum(Combiner))
            parser.parse_punctuation(",")
            along = AlongAttr(parser.parse_str_enum(Along))
            parser.parse_punctuation(",")
            return combiner, along, IntAttr(parser.parse_integer())

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.combiner.data.value}, {self.along.data.value}, {self.group.data}>")

    def verify(self) -> None:
        if self.group.data < 1:
            raise VerifyException(f"a group holds at least one element, got {self.description}")

    def stored_shape(self, result: Shape) -> Shape:
        columns, group = _columns(result), self.group.data
        if self.along.data is Along.COLUMNS:
            return (*result[:-1], -(-columns // group))
        return (-(-prod(result[:-1]) // group), columns)


def _columns(result: Shape) -> int:
    if not result:
        raise VerifyException("a scalar result has no columns")
    return result[-1]
