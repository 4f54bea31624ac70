"""What importing the context changes in xDSL."""

import subprocess
import sys

import pytest
from xdsl.dialects.builtin import BytesAttr, StringAttr
from xdsl.ir import Attribute
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError

from boltir.context import CompilerContext

UNTERMINATED = '"' + "x" * 60


def parsed(text: str) -> Attribute:
    return Parser(CompilerContext(), text).parse_attribute()


@pytest.mark.parametrize(
    "command",
    [
        "from boltir.tools.bolt_opt import main; sys.exit(main(['-']))",
        "from boltir.profiler.candidate_text import parse_template; sys.exit(parse_template(sys.stdin.read()) is None)",
    ],
)
def test_a_string_without_an_end_is_refused_at_once(command: str) -> None:
    process = [sys.executable, "-c", f"import sys; {command}"]
    outcome = subprocess.run(process, input=UNTERMINATED, text=True, capture_output=True, timeout=10, check=False)
    assert (outcome.returncode, "Traceback" in outcome.stderr) == (1, False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('""', StringAttr("")),
        ('"plain µ"', StringAttr("plain µ")),
        (r'"a\"b\\c\nd\te\41"', StringAttr('a"b\\c\nd\teA')),
        (r'"\FF\00"', BytesAttr(b"\xff\x00")),
    ],
)
def test_strings_and_their_escapes_are_read(text: str, value: Attribute) -> None:
    assert parsed(text) == value


@pytest.mark.parametrize("text", [r'"\x"', '"a\nb"', r'"\"', '"a\vb"'])
def test_what_is_no_string_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="closing string literal"):
        parsed(text)
