"""Tests here need an NVIDIA GPU; without one (or without torch, which holds the memory) they are skipped."""

import importlib
import importlib.util
from typing import Any

import pytest


def has_gpu() -> bool:
    """Whether torch is here and sees a GPU."""
    if importlib.util.find_spec("torch") is None:
        return False
    torch: Any = importlib.import_module("torch")
    return bool(torch.cuda.is_available())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    available = has_gpu()
    for item in items:
        item.add_marker(pytest.mark.gpu)
        if not available:
            item.add_marker(pytest.mark.skip(reason="needs an NVIDIA GPU and torch"))
