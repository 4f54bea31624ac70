"""The process that measures: answers requests on a connection until it is closed.

    python -m boltir.profiler.backend.worker MODULE:ENGINE DEVICE FILE_DESCRIPTOR

An error is answered with the error, and ends the process: a GPU's context may be good for nothing after it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any, Protocol

from boltir.errors import BoltError, one_line
from boltir.profiler.measure import Built, DeviceFacts, Workload
from boltir.profiler.measurement import Measurement


class Engine(Protocol):
    """What a worker measures with; made with the number of its device."""

    def facts(self) -> DeviceFacts: ...
    def load(self, workload: Workload) -> None: ...
    def measure(self, candidate: Built, fastest: float | None) -> Measurement: ...


def serve(engine: Engine, connection: Connection[Any, Any]) -> None:
    """Answer requests until the other end is closed.

    Raises:
        BoltError: a request failed; it has been answered with that.
    """
    actions = {"facts": engine.facts, "load": engine.load, "measure": engine.measure}
    while True:
        try:
            name, *arguments = connection.recv()
        except EOFError:
            return
        try:
            answer = actions[name](*arguments)
        except Exception as error:
            described = error if isinstance(error, BoltError) else BoltError(f"{type(error).__name__}: {error}")
            connection.send(BoltError(one_line(str(described), 300)))
            raise
        connection.send(answer)


def end_with(parent: int) -> None:
    """End this process soon after process `parent`, even if a kernel on the GPU never ends."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    end_with(os.getppid())
    engine, device, descriptor = sys.argv[1:]
    module, _, name = engine.partition(":")
    connection: Connection[Any, Any] = Connection(int(descriptor))
    try:
        made: Engine = getattr(import_module(module), name)(int(device))
    except BoltError as error:
        connection.recv()
        connection.send(error)
        return
    serve(made, connection)


if __name__ == "__main__":
    main()
