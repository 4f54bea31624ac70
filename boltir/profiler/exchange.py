"""Tuning databases as text: one JSON object per line, sorted, so that two exports can be compared and merged."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, cast

from boltir.errors import BoltError
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


_TEXTS = ("target", "device", "versions", "summary", "problem", "candidate", "status", "error")
_NUMBERS = ("seconds", "spread", "samples", "measured_at")


def _record(values: dict[str, Any], where: str) -> Record:
    texts, numbers = [values.get(name) for name in _TEXTS], [values.get(name) for name in _NUMBERS]
    right_kinds = all(isinstance(text, str) for text in texts) and all(_is_number(number) for number in numbers)
    if not right_kinds or len(values) != len(texts) + len(numbers) or values["status"] not in set(Status):
        raise BoltError("is no record of a tuning database", where=where)
    machine = Machine(values["target"], values["device"], values["versions"])
    measurement = Measurement(
        Status(values["status"]), values["seconds"], values["spread"], int(values["samples"]), values["error"]
    )
    key = TuningKey(values["summary"], values["problem"], machine)
    return Record(key, values["candidate"], measurement, values["measured_at"])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _parsed(line: str, where: str) -> dict[str, Any]:
    try:
        values: object = json.loads(line)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise BoltError("expected a JSON object", where=where)
    return cast("dict[str, Any]", values)
