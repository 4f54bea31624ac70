"""Evaluating an epilogue region for all elements of a result at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.interpreter import Interpreter
from xdsl.ir import Region

from boltir.interpreters.arrays import Array


def run_epilogue(
    interpreter: Interpreter, region: Region, arguments: Sequence[Array], shape: tuple[int, ...]
) -> list[Array]:
    """What `region` yields for every element of a result of `shape`, in compute types.

    Args:
        arguments: one array per block argument, in its compute type, that broadcasts to `shape`.
    """
    yielded = interpreter.run_ssacfg_region(region, tuple(arguments), "epilogue")
    return [np.broadcast_to(value, shape) for value in yielded]
