"""`bolt-run --check`: what the GPU computed against what the reference interpreter computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boltir.compiler import Network
from boltir.dialects.cutlass import WeightOp
from boltir.errors import BoltError
from boltir.files import MODULE_FILE, WEIGHTS
from boltir.interpreters.arrays import shape_and_dtype
from boltir.runtime.device import Array
from boltir.runtime.manifest import read_manifest
from boltir.tools.network_file import read_network


@dataclass(frozen=True)
class Difference:
    """How far an output is from the reference.

    Attributes:
        absolute: the largest difference of two elements; infinite where only one of them is a number.
        relative: the same over the largest magnitude in the reference.
    """

    absolute: float
    relative: float


def stored_network(folder: Path) -> Network:
    """The module that an artifact's kernels were made from, with the weights in its `weights.bin`.

    Raises:
        BoltError: a file of the artifact is missing or damaged.
    """
    network = read_network(folder / MODULE_FILE)
    slots = {slot["name"]: slot for slot in read_manifest(folder)["weights"]}
    types = {op.weight_name: op.result.type for op in network.module.walk() if isinstance(op, WeightOp)}
    try:
        block = np.memmap(folder / WEIGHTS, np.uint8, "r") if types else np.empty(0, np.uint8)
        for name, kind in types.items():
            (shape, dtype), begin, size = shape_and_dtype(kind), slots[name]["offset"], slots[name]["size"]
            network.weights.added[name] = block[begin : begin + size].view(dtype).reshape(shape)
    except (OSError, ValueError, KeyError):
        hint = "compile the network again"
        raise BoltError("does not hold the weights of the network", where=str(folder / WEIGHTS), hint=hint) from None
    return network


def difference(result: Array, expected: Array) -> Difference:
    """How far `result` is from `expected`, which has its shape."""
    got, wanted = result.astype(np.float64), expected.astype(np.float64)
    same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(got - wanted))
    absolute = float(np.max(np.where(np.isnan(apart), np.inf, apart)))
    finite = np.abs(wanted[np.isfinite(wanted)])
    scale = float(np.max(finite, initial=0.0))
    return Difference(absolute, absolute / scale if scale else (np.inf if absolute else 0.0))


def check_differences(names: Sequence[str], differences: Sequence[Difference], tolerance: float) -> None:
    """Whether all outputs are close enough.

    Raises:
        BoltError: one is further from the reference than `tolerance` times its largest magnitude.
    """
    for name, apart in zip(names, differences, strict=True):
        if not apart.relative <= tolerance:
            off = f"off by {apart.relative:.2g} of its largest magnitude"
            raise BoltError(f"{off}, more than {tolerance:g}", where=f"output '{name}'")
