"""The compile cache: what it finds again, and that several processes may use it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from boltir.errors import BoltError
from boltir.runtime.compile_cache import CompileCache, content_key


def store(cache: CompileCache, keys: list[str], data: bytes) -> Path:
    with cache.scratch() as folder:
        (folder / "unit.o").write_bytes(data)
        return cache.add(keys, folder / "unit.o")


def test_every_kernel_of_a_batch_is_found(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path)
    path = store(cache, ["a", "b"], b"two kernels")

    assert cache.find("a") == cache.find("b") == path
    assert path.read_bytes() == b"two kernels"
    assert cache.find("c") is None


def test_nothing_but_the_cache_is_left(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path)
    store(cache, ["a"], b"")

    assert not list((tmp_path / "scratch").iterdir())
    assert [path.name for path in (tmp_path / "kernels").iterdir()] == ["a"]


def test_a_deleted_object_is_a_miss(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path)
    store(cache, ["a"], b"").unlink()

    assert cache.find("a") is None


def test_keys_tell_their_parts_apart() -> None:
    assert content_key("ab", "c") != content_key("a", "bc")
    assert content_key("a") == content_key("a")


def test_the_environment_chooses_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BOLTIR_CACHE_DIR", str(tmp_path))
    assert CompileCache.default() == CompileCache(tmp_path)


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BoltError, match=r"cannot create the cache: .* \(set BOLTIR_CACHE_DIR"):
        store(CompileCache(tmp_path / "file"), ["a"], b"")


WRITER = """
import sys
from pathlib import Path
from boltir.runtime.compile_cache import CompileCache

cache = CompileCache(Path(sys.argv[1]))
for round in range(200):
    with cache.scratch() as folder:
        (folder / "unit.o").write_bytes(b"x" * 100_000)
        cache.add([f"shared-{round % 5}", f"own-{sys.argv[2]}-{round}"], folder / "unit.o")
    found = cache.find(f"shared-{round % 5}")
    assert found is not None and len(found.read_bytes()) == 100_000
"""


def test_two_processes_never_see_half_an_object(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name], env=environment) for name in ("a", "b")
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]

    cache = CompileCache(tmp_path)
    assert all(cache.find(f"own-{name}-{round}") for name in ("a", "b") for round in range(200))
