"""The bytes of a network's weights, which live beside the IR and never in its text."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boltir.errors import BoltError
from boltir.files import replacing

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

SIDE_FILE_ATTRIBUTE = "graph.weights"
"""The module attribute that names the side file, relative to the IR's own folder."""


@dataclass
class WeightStore:
    """Maps the symbols that `graph.weight` reads to arrays.

    Arrays come from a safetensors side file, opened when the first one is asked for, or were added
    by a pass (constant folding). Passes never change an array: a changed weight is a new symbol.
    """

    path: Path | None = None
    added: dict[str, "Array"] = field(default_factory=dict[str, "Array"])
    _stored: "dict[str, Array] | None" = None
    _copies: dict[str, int] = field(default_factory=dict[str, int])

    def _from_file(self) -> "dict[str, Array]":
        if self._stored is None:
            self._stored = {} if self.path is None else _load(self.path)
        return self._stored

    def __contains__(self, name: str) -> bool:
        return name in self.added or name in self._from_file()

    def get(self, name: str) -> "Array":
        """The array of weight `name`.

        Raises:
            BoltError: there is no such weight, or the side file is missing or damaged.
        """
        if name in self.added:
            return self.added[name]
        stored = self._from_file()
        if name not in stored:
            hint = "give the side file with --weights" if self.path is None else f"looked in {self.path}"
            raise BoltError("the module has no bytes for this weight", where=f"weight @{name}", hint=hint)
        return stored[name]

    def add(self, base: str, array: "Array") -> str:
        """Store `array` under a fresh symbol that starts with `base`; returns the symbol."""
        name, count = base, self._copies.get(base, 0)
        while name in self:
            count += 1
            name = f"{base}_{count}"
        self._copies[base] = count
        self.added[name] = array
        return name

    def save(self, path: Path, names: Iterable[str]) -> None:
        """Write the named weights to a safetensors file, whole or not at all."""
        import numpy as np
        from safetensors.numpy import save_file

        arrays = {name: np.asarray(self.get(name), order="C") for name in names}
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            save_file(arrays, temporary)


def _load(path: Path) -> "dict[str, Array]":
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except FileNotFoundError:
        raise BoltError("the weights file does not exist", where=str(path)) from None
    except SafetensorError as error:
        raise BoltError(f"not a whole safetensors file: {error}", where=str(path)) from None
