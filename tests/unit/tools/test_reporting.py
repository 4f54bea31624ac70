"""What every command does about standard output, in processes of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = "import sys; from boltir.tools.reporting import run_command; sys.exit(run_command(lambda: print({text!r})))"


def run(text: str, output: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A command that prints `text` to the file `output`."""
    with Path(output).open("wb") as stream:
        command = [sys.executable, "-c", COMMAND.format(text=text)]
        environment = {"PYTHONPATH": ":".join(sys.path), **environment}
        return subprocess.run(command, stdout=stream, stderr=subprocess.PIPE, env=environment, check=False)


@pytest.mark.parametrize("count", [1, 100_000])
def test_a_full_disk_is_one_error(count: int) -> None:
    outcome = run("x" * count, "/dev/full")
    assert (outcome.returncode, outcome.stderr) == (1, b"error: cannot write: No space left on device\n")


def test_what_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    outcome = run("1 µs", str(tmp_path / "out"), PYTHONIOENCODING="ascii")
    assert (outcome.returncode, outcome.stderr) == (0, b"")
    assert (tmp_path / "out").read_bytes() == b"1 \\xb5s\n"
