"""docs/onnx-import.md lists what the importer supports."""

from pathlib import Path

from boltir.frontends.onnx.proto import NEWEST_OPSET, OLDEST_OPSET
from boltir.frontends.onnx.registry import converters, markdown_table

PAGE = Path(__file__).parents[3] / "docs" / "onnx-import.md"


def test_the_table_of_operators_is_up_to_date() -> None:
    """To update it, replace the table of the page with what `markdown_table()` returns."""
    assert markdown_table() in PAGE.read_text()


def test_the_page_names_the_range_of_opsets() -> None:
    assert f"opset {OLDEST_OPSET} to {NEWEST_OPSET}" in PAGE.read_text()


def test_the_table_has_a_row_per_operator() -> None:
    assert len(markdown_table().splitlines()) == len(converters()) + 2
