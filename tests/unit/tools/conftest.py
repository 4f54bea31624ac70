"""What several tests of `bolt-tune` share."""

from pathlib import Path

import pytest

from tests.support.fake_tuning import FakeBackend, MakeFakeBuilder


@pytest.fixture
def backends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[FakeBackend]:
    """The devices that the command opened."""
    opened: list[FakeBackend] = []

    def open_backend(device: int) -> FakeBackend:
        opened.append(FakeBackend())
        return opened[-1]

    def make_builder(target: str) -> MakeFakeBuilder:
        return MakeFakeBuilder(tmp_path / "cache")

    monkeypatch.setattr("boltir.profiler.backend.starting.WorkerBackend", open_backend)
    monkeypatch.setattr("boltir.profiler.local.LocalBuilder", make_builder)
    monkeypatch.setattr("boltir.tools.bolt_tune.LocalBuilder", make_builder)
    monkeypatch.setenv("BOLTIR_TUNING_DB", str(tmp_path / "tuning.db"))
    return opened
