"""Python's garbage collector, which IR makes walk far too much."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Generator[None]:
    """No cyclic garbage is collected meanwhile; as a decorator, while the function runs.

    Reading and lowering make many objects that stay, and the collector would walk all of them again and again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
