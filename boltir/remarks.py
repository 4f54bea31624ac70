"""Optimisation remarks: what was done, what was refused and why, as data and as text."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Literal

from xdsl.dialects.builtin import FileLineColLoc, NameLoc
from xdsl.ir import Operation

RemarkKind = Literal["passed", "missed", "note"]


@dataclass(frozen=True)
class Remark:
    """One decision of one pass about one operation.

    Attributes:
        reason: the message without names and numbers, by which decisions are counted; empty: the message itself.
    """

    kind: RemarkKind
    pass_name: str
    op: str
    location: str
    message: str
    reason: str = ""

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        return f"{where}{self.kind}: [{self.pass_name}] {self.op}: {self.message}"


def location_text(op: Operation) -> str:
    """The location of `op` as `name` or `file:line:column`; empty when it is unknown."""
    location = op.location
    if isinstance(location, NameLoc):
        return location.desc.data
    if isinstance(location, FileLineColLoc):
        return f"{location.filename.data}:{location.line.data}:{location.column.data}"
    return ""


@dataclass
class Remarks:
    """Collects the remarks of one compilation, in order."""

    collected: list[Remark] = field(default_factory=list[Remark])

    def __iter__(self) -> Iterator[Remark]:
        return iter(self.collected)

    def passed(self, pass_name: str, op: Operation, message: str) -> None:
        self._emit("passed", pass_name, op, message)

    def missed(self, pass_name: str, op: Operation, message: str, *, reason: str = "") -> None:
        """Something could have been done; `reason` is the message without this operation's names and numbers."""
        self._emit("missed", pass_name, op, message, reason)

    def note(self, pass_name: str, op: Operation, message: str) -> None:
        self._emit("note", pass_name, op, message)

    def _emit(self, kind: RemarkKind, pass_name: str, op: Operation, message: str, reason: str = "") -> None:
        self.collected.append(Remark(kind, pass_name, op.name, location_text(op), message, reason))

    def write_text(self, stream: IO[str]) -> None:
        for remark in self.collected:
            print(remark, file=stream)

    def write_json_lines(self, path: Path) -> None:
        import json

        path.write_text("".join(json.dumps(asdict(remark)) + "\n" for remark in self.collected))
