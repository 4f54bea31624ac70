"""Named integers as text: `<m = 128, n = 64>`, what a launch gives its kernel."""

from collections.abc import Mapping

from xdsl.dialects.builtin import DictionaryAttr, IntegerAttr, i64
from xdsl.ir import Attribute
from xdsl.parser import AttrParser
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from boltir.dialects.properties import int_attr


def integers_attr(integers: Mapping[str, int]) -> DictionaryAttr:
    """How integers by name are stored; MLIR sorts them by name."""
    return DictionaryAttr({name: int_attr(value) for name, value in integers.items()})


def integers_of(arguments: DictionaryAttr) -> Mapping[str, int]:
    """The integers by name; entries that are none are left out, which `check_integers` finds."""
    return {name: value.value.data for name, value in arguments.data.items() if isa(value, IntegerAttr)}


def check_integers(arguments: DictionaryAttr) -> None:
    """Whether every entry is an i64.

    Raises:
        VerifyException: one is not.
    """
    for name, value in arguments.data.items():
        if not isa(value, IntegerAttr) or value.type != i64:
            raise VerifyException(f"launch argument '{name}' must be an i64 integer, got {value}")


def parse_integers(parser: AttrParser) -> DictionaryAttr:
    """Reads `<m = 128, n = 64>`."""
    entries: dict[str, Attribute] = {}

    def entry() -> None:
        position, name = parser.pos, parser.parse_identifier()
        if name in entries:
            parser.raise_error(f"launch argument '{name}' is given twice", position)
        parser.parse_punctuation("=")
        entries[name] = int_attr(parser.parse_integer())

    parser.parse_comma_separated_list(AttrParser.Delimiter.ANGLE, entry)
    return DictionaryAttr(entries)


def integers_text(arguments: DictionaryAttr) -> str:
    """What `parse_integers` reads."""
    return "<" + ", ".join(f"{name} = {value}" for name, value in integers_of(arguments).items()) + ">"
