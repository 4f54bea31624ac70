"""Names from a model made fit for the IR: they can hold anything, in any length."""

import re
from dataclasses import dataclass, field

from xdsl.dialects.builtin import LocationAttr, NameLoc, StringAttr, UnknownLoc

_LONGEST_LOCATION = 120
_LONGEST_SYMBOL = 64
_ROOM_FOR_COUNTER = 8
_HINT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def printable(name: str, limit: int = _LONGEST_LOCATION) -> str:
    """`name` in printable ASCII on one line, at most `limit` characters long."""
    text = name[: limit + 1]
    if not (text.isascii() and text.isprintable()):
        text = "".join(c if c.isascii() and c.isprintable() else "?" for c in text)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def location(name: str) -> LocationAttr:
    """The IR location of what the model calls `name`."""
    return NameLoc(StringAttr(printable(name)), UnknownLoc()) if name else UnknownLoc()


def value_hint(name: str) -> str | None:
    """`name`, if the IR can print a value under it."""
    return name if _HINT.fullmatch(name) else None


@dataclass
class SymbolNames:
    """Gives each name a symbol of its own: [A-Za-z][A-Za-z0-9_]*, at most 64 characters."""

    _used: set[str] = field(default_factory=set[str])
    _counts: dict[str, int] = field(default_factory=dict[str, int])

    def fresh(self, name: str) -> str:
        """A symbol that resembles `name` and was not given before."""
        base = re.sub(r"[^A-Za-z0-9]+", "_", name[: 4 * _LONGEST_SYMBOL]).strip("_")
        if not base[:1].isalpha():
            base = f"w_{base}".rstrip("_")
        base = symbol = base[: _LONGEST_SYMBOL - _ROOM_FOR_COUNTER]
        while symbol in self._used:
            self._counts[base] = count = self._counts.get(base, 0) + 1
            symbol = f"{base}_{count}"
        self._used.add(symbol)
        return symbol
