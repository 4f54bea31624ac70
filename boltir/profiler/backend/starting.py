"""GPUs that come up while something else is done: that takes as long as importing the compiler."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from boltir.profiler.backend.process import WorkerBackend
from boltir.runtime.nvcc import Nvcc


@contextmanager
def starting_backends(devices: Sequence[int]) -> Generator[Sequence[WorkerBackend]]:
    """The backends of these GPUs, which may not be up yet; they end with the block.

    Where all is measured already, a GPU need not come up at all: knowing what it is suffices.
    """
    with ExitStack() as stack, ThreadPoolExecutor(1) as thread:
        backends = [WorkerBackend(device) for device in devices]
        for backend in backends:
            stack.callback(backend.close)
            backend.launch()
        thread.submit(Nvcc.find)  # remembers what it finds; whoever needs it meets the error
        yield backends
