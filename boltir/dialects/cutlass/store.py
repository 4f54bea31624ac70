"""How a kernel stores an output: what of that is compiled into it, and what each launch gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from xdsl.ir import Data
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.fused.store import Along, Combiner

A = TypeVar("A")
B = TypeVar("B")


class StoreKind(StrEnum):
    """What becomes of a result of rows and columns.

    elements: every element, laid out as the template's launch integers say.
    pitched: every element, from element `begin` of a larger buffer on, rows `pitch` and batches `batch_stride` apart.
    columns: so many `columns` from `begin` on, densely.
    permuted: each element where strides say, of dimensions into which `size` splits the rows, then the columns.
    padded: every element, in rows of so many `columns`; the rest are zeros.
    reduced: one value per tile of the kernel: of each row (along columns) or each column (along rows), densely.
    """

    ELEMENTS = "elements"
    PITCHED = "pitched"
    COLUMNS = "columns"
    PERMUTED = "permuted"
    PADDED = "padded"
    REDUCED = "reduced"


_INTEGERS = {
    StoreKind.ELEMENTS: (),
    StoreKind.PITCHED: ("begin", "pitch", "batch_stride"),
    StoreKind.COLUMNS: ("begin", "columns"),
    StoreKind.PADDED: ("columns",),
    StoreKind.REDUCED: (),
}


@dataclass(frozen=True)
class Store:
    """The store of one output.

    Attributes:
        rank: of a permuted store, the number of dimensions.
        column_rank: how many of them, the last ones, are the columns.
        combiner: of a reduced store, what makes one value of a tile's.
        along: what a tile's values lie along.
    """

    kind: StoreKind = StoreKind.ELEMENTS
    rank: int = 0
    column_rank: int = 0
    combiner: Combiner | None = None
    along: Along | None = None

    @property
    def text(self) -> str:
        """The store as it is written in a list of stores: `permuted<4, 2>`, `reduced<sum, columns>`."""
        match self.kind:
            case StoreKind.PERMUTED:
                parameters = f"<{self.rank}, {self.column_rank}>"
            case StoreKind.REDUCED if self.combiner is not None and self.along is not None:
                parameters = f"<{self.combiner.value}, {self.along.value}>"
            case _:
                parameters = ""
        return f"{self.kind.value}{parameters}"

    def launch_parameters(self, output: int) -> tuple[str, ...]:
        """The launch integers of this store of output number `output`."""
        if self.kind is StoreKind.PERMUTED:
            sizes = dimension_names(f"r{output}_size", self.rank)
            return (*sizes, *dimension_names(f"r{output}_stride", self.rank))
        return tuple(f"r{output}_{name}" for name in _INTEGERS[self.kind])

    def verify(self) -> None:
        """Whether the parameters are those of the kind.

        Raises:
            VerifyException: they are not.
        """
        is_permuted, is_reduced = self.kind is StoreKind.PERMUTED, self.kind is StoreKind.REDUCED
        in_range = 1 <= self.column_rank <= self.rank if is_permuted else self.rank == self.column_rank == 0
        if not in_range:
            raise VerifyException(f"{self.text} needs a rank of at least its column rank of at least 1")
        if (self.combiner is not None, self.along is not None) != (is_reduced, is_reduced):
            raise VerifyException(f"a combiner belongs to a reduced store, not to {self.kind.value}")


def dimension_names(prefix: str, count: int) -> tuple[str, ...]:
    """`prefix_0`, `prefix_1` and so on."""
    return tuple(f"{prefix}_{d}" for d in range(count))


def _parse_pair(parser: AttrParser, first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    with parser.in_angle_brackets():
        parsed = first()
        parser.parse_punctuation(",")
        return parsed, second()


@irdl_attr_definition
class StoreAttr(Data[Store]):
    """`#cutlass.store<permuted<4, 2>>`: how the kernel stores one of its outputs."""

    name = "cutlass.store"

    def verify(self) -> None:
        self.data.verify()

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Store:
        with parser.in_angle_brackets():
            kind = parser.parse_str_enum(StoreKind)
            if kind is StoreKind.PERMUTED:
                rank, column_rank = _parse_pair(parser, parser.parse_integer, parser.parse_integer)
                return Store(kind, rank, column_rank)
            if kind is StoreKind.REDUCED:
                combiner, along = _parse_pair(
                    parser, lambda: parser.parse_str_enum(Combiner), lambda: parser.parse_str_enum(Along)
                )
                return Store(kind, combiner=combiner, along=along)
            return Store(kind)

    def print_parameter(self, printer: Printer) -> None:
        printer.print_string(f"<{self.data.text}>")
