"""A Dask cluster of two processes on this machine."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest


@contextmanager
def dask_executor() -> Generator[Executor]:
    """Its executor during the block; the test is skipped where Dask is not installed."""
    if find_spec("distributed") is None:
        pytest.skip("Dask is not installed")
    dask: Any = import_module("distributed")
    with (
        dask.LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as here,
        dask.Client(here) as client,
    ):
        yield client.get_executor(pure=False)
