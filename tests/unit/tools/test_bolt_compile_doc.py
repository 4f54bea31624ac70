"""The commands in docs/bolt-compile.md print what the page says."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from boltir.tools import bolt_compile
from tests.support.onnx_model import OnnxModel
from tests.support.vision import conv

PAGE = Path(__file__).parents[3] / "docs" / "bolt-compile.md"


def sessions(page: str) -> list[tuple[str, str]]:
    """The commands of all console blocks, with what they print."""
    blocks = re.findall(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    commands = [command for block in blocks for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(line, printed) for line, _, printed in (command.partition("\n") for command in commands)]


def output_of(command: str, capfd: pytest.CaptureFixture[str]) -> str:
    """What `command` prints; run in this process where no shell is needed, which is much faster."""
    words = shlex.split(command)
    if words[0] == "bolt-compile" and "|" not in words:
        bolt_compile.main(words[1:])
        return "".join(capfd.readouterr())
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, shell=True, env=environment, capture_output=True, text=True, check=False).stdout


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    model = OnnxModel()
    features = model.node("Relu", conv(model, model.input("image", ("batch", 8, 8, 8)), 8, 16, 3))
    Path("net.onnx").write_bytes(model.build(features=features).SerializeToString())
    for command, expected in sessions(PAGE.read_text()):
        assert output_of(command, capfd) == expected, command
