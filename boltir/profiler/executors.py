"""What builds kernels: this machine's cores, or a Dask cluster."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from boltir.errors import BoltError
from boltir.runtime.build import default_jobs

_PATIENCE = 10  # seconds for a scheduler to answer


@contextmanager
def building_on(scheduler: str | None) -> Generator[Executor]:
    """The executor for the block: a Dask scheduler's cluster, or an nvcc per core here and some more.

    Those compile what is quick while every core has a kernel of 3.x: without the right results nothing is measured.

    Raises:
        BoltError: Dask is not installed, or no scheduler answers at that address, which may be none.
    """
    if scheduler is None:
        with ThreadPoolExecutor(default_jobs() * 9 // 8) as executor:
            yield executor
        return
    try:
        distributed: Any = import_module("distributed")
    except ModuleNotFoundError:
        raise BoltError("building on a cluster needs Dask", hint="pip install 'boltir[dask]'") from None
    try:
        client = distributed.Client(scheduler, timeout=_PATIENCE)
    except (OSError, TypeError, ValueError) as error:  # a TypeError: tls:// without certificates
        raise BoltError(f"no Dask scheduler answers: {error}", where=scheduler) from None
    with client:
        yield client.get_executor(pure=False)
