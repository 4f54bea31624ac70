"""Each operation appears in its dialect's lit tests, in pretty form."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from xdsl.ir import Dialect

from boltir.universe import UNIVERSE

LIT_TESTS = Path(__file__).parents[2] / "filecheck" / "dialects"


@pytest.mark.parametrize("factory", UNIVERSE.all_dialects.values(), ids=UNIVERSE.all_dialects)
def test_every_operation_is_in_a_lit_test_of_its_dialect(factory: Callable[[], Dialect]) -> None:
    dialect = factory()
    texts = (path.read_text() for path in (LIT_TESTS / dialect.name).glob("*.mlir"))
    tested = set(re.findall(rf"\b{dialect.name}\.\w+", "".join(texts)))
    assert {op.name for op in dialect.operations} <= tested
