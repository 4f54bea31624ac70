"""The tables that `bolt-compile` prints."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from boltir.remarks import Remark, RemarkKind
from boltir.tools.summary import fusion_table


def remark(kind: RemarkKind, pass_name: str, message: str, reason: str = "") -> Remark:
    return Remark(kind, pass_name, "fused.gemm", "", message, reason)


def rows(*remarks: Remark) -> list[list[str]]:
    """The cells of the table without its head."""
    text = StringIO()
    Console(file=text, width=120).print(fusion_table(remarks))
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.getvalue().splitlines() if "│" in line]


def test_missed_fusions_are_counted_by_their_reason() -> None:
    assert rows(
        remark("passed", "fuse-epilogue", "one kernel for a + b"),
        remark("missed", "fuse-epilogue", "the shape changes from 1x4 to 2x4", "the shape changes"),
        remark("missed", "fuse-epilogue", "loads 9 operands", "too many operands"),
        remark("missed", "fuse-epilogue", "the shape changes from 1x8 to 2x8", "the shape changes"),
        remark("missed", "split-epilogue", "cannot load a row"),
    ) == [
        ["fuse-epilogue", "1", "2", "the shape changes"],
        ["", "", "1", "too many operands"],
        ["split-epilogue", "0", "1", "cannot load a row"],
        ["all", "1", "4", ""],
    ]


def test_persistent_kernels_are_counted_between_what_makes_and_what_undoes_fusions() -> None:
    assert rows(
        remark("missed", "split-epilogue", "cannot load a row"),
        remark("missed", "form-persistent-kernels", "expected 5 us as chain_gemm, 4 us apart", "it would be slower"),
        remark("passed", "form-persistent-kernels", "one kernel for 2 products"),
        remark("passed", "fold-into-store", "stored transposed"),
    ) == [
        ["fold-into-store", "1", "0", ""],
        ["form-persistent-kernels", "1", "1", "it would be slower"],
        ["split-epilogue", "0", "1", "cannot load a row"],
        ["all", "2", "2", ""],
    ]


def test_other_passes_and_notes_are_left_out() -> None:
    others = remark("missed", "pad-alignment", "too few"), remark("note", "fuse-epilogue", "nothing to do")
    assert rows(*others, remark("passed", "fold-prologue", "folded")) == [
        ["fold-prologue", "1", "0", ""],
        ["all", "1", "0", ""],
    ]
