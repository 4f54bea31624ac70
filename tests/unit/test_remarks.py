"""Remarks: decisions as data and as text, each with its operation and place."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, LocationAttr, NameLoc, StringAttr, UnknownLoc
from xdsl.dialects.test import TestOp as AnOp

from boltir.remarks import Remark, Remarks, location_text


def op_at(location: LocationAttr | None) -> AnOp:
    op = AnOp()
    if location is not None:
        op.location = location
    return op


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (None, ""),
        (UnknownLoc(), ""),
        (NameLoc(StringAttr("Conv_3"), UnknownLoc()), "Conv_3"),
        (FileLineColLoc(StringAttr("net.mlir"), IntAttr(3), IntAttr(5)), "net.mlir:3:5"),
    ],
)
def test_where_an_operation_is(location: LocationAttr | None, text: str) -> None:
    assert location_text(op_at(location)) == text


def test_remarks_are_kept_in_order() -> None:
    remarks = Remarks()
    remarks.passed("fuse-epilogue", op_at(None), "relu joined")
    remarks.missed("fuse-epilogue", op_at(None), "consumer has 2 uses")
    remarks.note("plan-memory", op_at(None), "arena of 4096 bytes")
    assert [(remark.kind, remark.message) for remark in remarks] == [
        ("passed", "relu joined"),
        ("missed", "consumer has 2 uses"),
        ("note", "arena of 4096 bytes"),
    ]


def test_as_text_each_is_one_line_with_its_place() -> None:
    remarks = Remarks()
    remarks.missed("fuse-epilogue", op_at(NameLoc(StringAttr("Add_2"), UnknownLoc())), "consumer has 2 uses")
    stream = StringIO()
    remarks.write_text(stream)
    assert stream.getvalue() == "Add_2: missed: [fuse-epilogue] test.op: consumer has 2 uses\n"


def test_without_a_place_the_line_begins_with_the_kind() -> None:
    assert str(Remark("passed", "cse", "graph.add", "", "merged")) == "passed: [cse] graph.add: merged"


def test_as_data_each_is_one_json_line_whatever_the_names_hold(tmp_path: Path) -> None:
    remarks = Remarks()
    name = 'quo"te\nnew line é \u2028'
    remarks.passed("fuse-epilogue", op_at(NameLoc(StringAttr(name), UnknownLoc())), "done")
    remarks.missed("plan-memory", op_at(None), "3 buffers are large", reason="large buffers")
    remarks.write_json_lines(tmp_path / "remarks.jsonl")
    passed, missed = map(json.loads, (tmp_path / "remarks.jsonl").read_text().split("\n")[:-1])
    assert (passed["kind"], passed["pass_name"], passed["op"]) == ("passed", "fuse-epilogue", "test.op")
    assert (passed["location"], passed["message"], passed["reason"]) == (name, "done", "")
    assert (missed["location"], missed["message"], missed["reason"]) == ("", "3 buffers are large", "large buffers")
