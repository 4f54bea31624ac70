"""Compiled kernels, kept between runs and shared between models: one object file may hold several kernels."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from boltir.errors import BoltError
from boltir.files import write_atomically

CACHE_VARIABLE = "BOLTIR_CACHE_DIR"


def content_key(*parts: str) -> str:
    """The name of whatever `parts` decide: SHA-256 in hex. Parts are delimited, so ("ab",) differs from ("a", "b")."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(f"{len(data)}:".encode() + data)
    return digest.hexdigest()


@dataclass(frozen=True)
class CompileCache:
    """A folder of object files, found by the kernels in them.

    `kernels/<key>` holds the name of the file in `objects/` that has the kernel. The object is in place
    before its kernels are listed, and every file appears under its name whole, so processes need no lock.
    Any file may be deleted at any time.
    """

    root: Path

    @staticmethod
    def default() -> CompileCache:
        """The user's cache: BOLTIR_CACHE_DIR, else the platform's folder for caches."""
        from platformdirs import user_cache_dir

        return CompileCache(Path(os.environ.get(CACHE_VARIABLE) or user_cache_dir("boltir")))

    def find(self, key: str) -> Path | None:
        """The object file that holds kernel `key`, if there is one."""
        try:
            name = (self.root / "kernels" / key).read_text()
        except OSError:
            return None
        path = self.root / "objects" / name
        return path if path.is_file() else None

    def add(self, keys: Iterable[str], object_file: Path) -> Path:
        """Keep `object_file`, which holds the kernels `keys`; returns where. The file must lie in `scratch()`."""
        keys = list(keys)
        path = self._folder("objects") / f"{content_key(*keys)}.o"
        os.replace(object_file, path)
        for key in keys:
            write_atomically(self._folder("kernels") / key, path.name)
        return path

    def add_log(self, name: str, text: str) -> Path:
        """Keep the compiler's output; returns where."""
        path = self._folder("logs") / f"{name}.log"
        write_atomically(path, text)
        return path

    @contextmanager
    def scratch(self) -> Generator[Path]:
        """A temporary folder on the cache's file system."""
        path = Path(tempfile.mkdtemp(dir=self._folder("scratch")))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def _folder(self, name: str) -> Path:
        path = self.root / name
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            hint = f"set {CACHE_VARIABLE} to a folder that can be written"
            raise BoltError(f"cannot create the cache: {error.strerror}", where=str(path), hint=hint) from None
        return path
