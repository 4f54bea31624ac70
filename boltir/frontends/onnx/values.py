"""What a name in a model stands for: a tensor computed at run time, or a value known at import."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from xdsl.ir import SSAValue

from boltir.frontends.onnx.element_types import Array

Shape = tuple[int, ...]


class Constant:
    """A value known at import. It becomes an operation only where a graph operation reads it."""

    def __init__(self, name: str, read: Callable[[], Array]) -> None:
        self.name = name
        self._read = read

    @classmethod
    def of(cls, name: str, array: Array) -> Constant:
        return cls(name, lambda: array)

    @cached_property
    def array(self) -> Array:
        """The elements, read from the file on first use."""
        return self._read()


Value = SSAValue | Constant
