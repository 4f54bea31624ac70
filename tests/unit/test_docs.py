"""The documentation shows what happens: IR that verifies, and commands with the output they have.

In a page, `$ cat net.mlir` gives a file its content and `$ bolt-opt net.mlir ...` is run on it and compared.
Blocks with other commands, output that holds times, and files that the page does not show are for reading only.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.parser import Parser
from xdsl.universe import XDSL_UNIVERSE

from boltir.tools.bolt_opt import main
from boltir.universe import UNIVERSE

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").rglob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
UNREPEATABLE = "--time-passes"


def blocks(page: Path, language: str) -> list[str]:
    return [match[2] for match in BLOCK.finditer(page.read_text()) if match[1] == language]


IR_BLOCKS = [(page.relative_to(ROOT), text) for page in PAGES for text in blocks(page, "mlir")]


@pytest.mark.parametrize(("page", "text"), IR_BLOCKS, ids=[f"{page}-{i}" for i, (page, _) in enumerate(IR_BLOCKS)])
def test_ir_in_the_documentation_verifies(page: Path, text: str) -> None:
    context = Context()
    for name, factory in (XDSL_UNIVERSE.all_dialects | UNIVERSE.all_dialects).items():
        context.register_dialect(name, factory)
    Parser(context, text, str(page)).parse_module().verify()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_documentation_print_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for block in blocks(page, "console"):
        commands = [(shlex.split(match[1]), match[2]) for match in COMMAND.finditer(block)]
        if not all(words[0] in ("cat", "bolt-opt") for words, _ in commands):
            continue
        for words, output in commands:
            if words[0] == "cat":
                (tmp_path / words[1]).write_text(output)
            elif (tmp_path / words[1]).exists() and UNREPEATABLE not in words:
                main(words[1:])
                captured = capsys.readouterr()
                assert (captured.out + captured.err).strip() == output.strip(), shlex.join(words)


LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What links call the page's headings: small letters, hyphens for spaces, no punctuation."""
    headings = HEADING.findall(FENCED.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(page: Path, target: str, anchor: str) -> bool:
    linked = page.parent / target if target else page
    return linked.exists() and (not anchor or anchor in anchors(linked))


@pytest.mark.parametrize("page", [*PAGES, *EXAMPLES], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = [match.groups("") for match in LINK.finditer(page.read_text()) if "://" not in match[1]]
    assert [link for link in links if not leads_somewhere(page, *link)] == []
