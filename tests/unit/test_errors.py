"""Errors say where, what, and what to do, on lines of bounded length."""

from __future__ import annotations

import pytest

from boltir.errors import BoltError, UnsupportedError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (BoltError("too many groups"), "too many groups"),
        (BoltError("too many groups", where="node 'conv1'"), "node 'conv1': too many groups"),
        (BoltError("unknown target", hint="one of sm_75, sm_80"), "unknown target (one of sm_75, sm_80)"),
        (BoltError("is missing", where="x", hint="give --input-shape"), "x: is missing (give --input-shape)"),
    ],
)
def test_the_text_is_where_what_and_what_to_do(error: BoltError, text: str) -> None:
    assert str(error) == text


def test_the_parts_stay_available() -> None:
    error = BoltError("is missing", where="x", hint="give it")
    assert (error.message, error.where, error.hint) == ("is missing", "x", "give it")


def test_places_named_by_a_model_stay_on_one_short_line() -> None:
    error = BoltError("is bad", where="evil\nname\r\x1b[31m" + "x" * 10_000)
    assert "\n" not in str(error)
    assert "\x1b" not in str(error)
    assert len(str(error)) < 200
    assert str(error).endswith("...: is bad")


def test_an_unsupported_model_is_told_from_a_wrong_one() -> None:
    with pytest.raises(BoltError):
        raise UnsupportedError("no lowering for LSTM")
