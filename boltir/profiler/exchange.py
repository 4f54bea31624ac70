"""Tuning databases as text: one JSON object per line, sorted, so that two exports can be compared and merged."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from boltir.errors import BoltError
from boltir.profiler.candidate_text import parse_candidate
from boltir.profiler.database import Record
from boltir.profiler.key import Machine, TuningKey
from boltir.profiler.measurement import Measurement, Status

FORMAT, VERSION = "boltir-tuning", 1


def export_text(records: Iterable[Record]) -> str:
    """The records as text; equal databases give equal texts."""
    header = json.dumps({"format": FORMAT, "version": VERSION})
    return "".join(f"{line}\n" for line in (header, *(json.dumps(_values(record)) for record in records)))


def import_text(text: str, where: str) -> Iterator[Record]:
    """The records that `export_text` wrote.

    Args:
        where: what errors call the text.

    Raises:
        BoltError: a line is none of an export's, or the text is of another version.
    """
    lines = text.splitlines()
    header = _parsed(lines[0], f"{where}:1") if lines else {}
    if header != {"format": FORMAT, "version": VERSION}:
        raise BoltError("is no export of a tuning database of this version", where=where)
    for number, line in enumerate(lines[1:], 2):
        yield _record(_parsed(line, f"{where}:{number}"), f"{where}:{number}")


def _values(record: Record) -> dict[str, object]:
    key, machine, measurement = record.key, record.key.machine, record.measurement
    return {
        "target": machine.target,
        "device": machine.device,
        "versions": machine.versions,
        "summary": key.summary,
        "problem": key.problem,
        "candidate": record.candidate,
        "status": measurement.status.value,
        "seconds": measurement.seconds,
        "spread": measurement.spread,
        "samples": measurement.samples,
        "error": measurement.error,
        "measured_at": record.measured_at,
    }


def _record(values: dict[str, Any], where: str) -> Record:
    if not _is_record(values):
        raise BoltError("is no record of a tuning database", where=where)
    machine = Machine(values["target"], values["device"], values["versions"])
    seconds, spread = float(values["seconds"]), float(values["spread"])
    measurement = Measurement(Status(values["status"]), seconds, spread, values["samples"], values["error"])
    key = TuningKey(values["summary"], values["problem"], machine)
    return Record(key, values["candidate"], measurement, float(values["measured_at"]))


def _is_record(values: dict[str, Any]) -> bool:
    if set(values) != set(_KINDS) or not all(is_right(values[name]) for name, is_right in _KINDS.items()):
        return False
    return values["status"] != Status.OK or values["seconds"] > 0


def _is_line(value: object) -> bool:
    """Whether it can be shown: terminals obey control characters."""
    return isinstance(value, str) and value.isprintable()


def _is_text(value: object) -> bool:
    return isinstance(value, str) and all(map(_is_line, value.split("\n")))


def _is_candidate(value: object) -> bool:
    """Whether it is one of another version of boltir, or has all integers that its launches take."""
    if not isinstance(value, str) or not _is_line(value):
        return False
    try:
        candidate = parse_candidate(value)
    except RecursionError:
        return False
    return candidate is None or set(candidate[1]) == set(candidate[0].launch_parameters)


def _is_status(value: object) -> bool:
    return isinstance(value, str) and value in set(Status)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= sys.float_info.max


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_INTEGER


_LARGEST_INTEGER = (1 << 63) - 1  # of SQLite
_KINDS: Mapping[str, Callable[[object], bool]] = {
    **dict.fromkeys(("target", "device", "versions", "summary", "error"), _is_line),
    "problem": _is_text,
    "candidate": _is_candidate,
    "status": _is_status,
    **dict.fromkeys(("seconds", "spread", "measured_at"), _is_number),
    "samples": _is_count,
}


def _parsed(line: str, where: str) -> dict[str, Any]:
    try:
        values: object = json.loads(line)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise BoltError("expected a JSON object", where=where)
    return cast("dict[str, Any]", values)
