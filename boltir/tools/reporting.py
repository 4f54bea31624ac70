"""How every command reports what went wrong: one `error:` line on stderr, exit status 1."""

from __future__ import annotations

import errno
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from io import TextIOWrapper
from typing import NoReturn

from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, ParseError

from boltir.errors import BoltError
from boltir.pass_manager import PassCrashError


def run_command(action: Callable[[], None]) -> int:
    """Run `action` and return the command's exit status.

    The user's mistakes become one line. So does a bug; with BOLTIR_TRACEBACK=1 its traceback follows.
    """
    _escape_unknown_characters()
    try:
        action()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _drop_output()
        return 1
    except (ArgSpecParseError, Exception) as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        _flush_or_drop_output()
        if os.environ.get("BOLTIR_TRACEBACK") == "1":
            raise
        return 1
    return 0


def _escape_unknown_characters() -> None:
    """A terminal that has no micro sign gets it as an escape sequence."""
    stream: object = sys.stdout
    if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="backslashreplace")


def _flush_or_drop_output() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()


def _drop_output() -> None:
    """Forget what standard output does not take: Python would complain once more while it shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def one_line(error: BaseException) -> str:
    """What `error` tells the user, on one line."""
    match error:
        case ParseError(span=span, msg=message):
            text = f"{span.get_location()}: {message}"
        case ArgSpecParseError():
            text = str(error).rstrip().splitlines()[-1]
        case BoltError() | DiagnosticException():
            text = str(error)
        case PassCrashError():
            text = f"{error} (BOLTIR_TRACEBACK=1 shows where)"
        case OSError(filename=str(name), strerror=str(reason)):
            text = f"{name}: {reason}"
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EFBIG, strerror=str(reason)):
            text = f"cannot write: {reason}"
        case _:
            text = f"internal error: {type(error).__name__}: {error} (BOLTIR_TRACEBACK=1 shows where)"
    return " ".join(text.split())


def usage_error(message: str) -> NoReturn:
    """What an `ArgumentParser` does about a bad command line.

    Raises:
        BoltError: always.
    """
    raise BoltError(message, hint="see --help")


class CommandLineParser(ArgumentParser):
    """An argument parser whose errors are like any other error of the command."""

    def error(self, message: str) -> NoReturn:
        usage_error(message)
