"""The commands in docs/bolt-run.md that need no GPU print what the page says; what a GPU prints is in `text` blocks."""

import re
import shlex
from pathlib import Path

import pytest

from boltir.tools.bolt_run import main

PAGE = Path(__file__).parents[3] / "docs" / "bolt-run.md"


def sessions() -> list[tuple[str, str]]:
    """The commands of all console blocks, with what they print."""
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    commands = [command for block in blocks for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(line, printed) for line, _, printed in (command.partition("\n") for command in commands)]


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert sessions()
    for command, expected in sessions():
        name, *arguments = shlex.split(command)
        assert name == "bolt-run"
        main(arguments)
        assert "".join(capsys.readouterr()) == expected, command
