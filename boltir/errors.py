"""What a user did wrong, where, and what to do about it."""

from xdsl.utils.exceptions import VerifyException


class BoltError(Exception):
    """A mistake in the user's input (file, IR, option, shape, environment).

    Commands print it as one `error:` line and exit with status 1.

    Args:
        message: what is wrong.
        where: the place: `file:line`, a node's name, an option.
        hint: what to do about it.
    """

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.message = message
        self.where = where
        self.hint = hint
        super().__init__(message)

    def __str__(self) -> str:
        prefix = f"{one_line(self.where)}: " if self.where else ""
        suffix = f" ({self.hint})" if self.hint else ""
        return f"{prefix}{self.message}{suffix}"


def one_line(text: str, limit: int = 120) -> str:
    """`text` on one line and of bounded length: names in models can hold anything."""
    printable = "".join(c if c.isprintable() else " " for c in text[: limit + 1])
    return printable if len(printable) <= limit else printable[: limit - 3] + "..."


class UnsupportedError(BoltError):
    """Well-formed input that boltir has no lowering for."""


class NoFixedTensorError(VerifyException):
    """A value is no tensor of fixed shape: an operation on tensors is wrong, or a pass is not for the module."""
