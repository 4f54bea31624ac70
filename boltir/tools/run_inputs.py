"""The inputs of `bolt-run`: read from numpy files, or made up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from zipfile import BadZipFile

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, SSAValue

from boltir.dialects.cutlass import ReinterpretOp, launches
from boltir.errors import BoltError
from boltir.runtime.device import Array
from boltir.runtime.tensors import TensorDescription

INTEGERS_BELOW = 2
"""What random integers stay below where nothing says more: 0 and 1 are legal as masks, flags and indices."""


def read_inputs(options: Sequence[str], descriptions: Sequence[TensorDescription]) -> dict[str, Array]:
    """The arrays that `--input NAME=FILE` options name.

    Raises:
        BoltError: an option is not of that form, names no input or one twice, or its file holds no such array.
    """
    known = {description.name: description for description in descriptions}
    arrays: dict[str, Array] = {}
    for option in options:
        name, path = _split(option, known)
        if name not in known:
            listed = ", ".join(map(str, descriptions)) or "none"
            raise BoltError(f"the network has no input '{name}'", where="--input", hint=f"its inputs: {listed}")
        if name in arrays:
            raise BoltError(f"input '{name}' is given twice", where="--input")
        arrays[name] = _stored_as(known[name], read_array(path, name))
    return arrays


def _split(option: str, known: Iterable[str]) -> tuple[str, Path]:
    """Name and file; both may hold an `=`, so the longest known name comes first."""
    matching = [name for name in known if option.startswith(f"{name}=")]
    name = max(matching, key=len) if matching else option.partition("=")[0]
    path = option[len(name) + 1 :]
    if not (name and path):
        raise BoltError(f"expected NAME=FILE.npy or NAME=FILE.npz, got '{option}'", where="--input")
    return name, Path(path)


def read_array(path: Path, name: str) -> Array:
    """The array in an `.npy` file; of an `.npz` file the one called `name`, or the only one.

    Raises:
        BoltError: the file cannot be read as such, or holds no such array.
    """
    try:
        loaded: Any = np.load(path)
        if isinstance(loaded, np.ndarray):
            return cast(Array, loaded)
        with loaded:
            names = list(loaded)
            if name not in names and len(names) != 1:
                listed = ", ".join(names) or "nothing"
                raise BoltError(f"holds no array '{name}'", where=str(path), hint=f"it holds {listed}")
            return loaded[name if name in names else names[0]]
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "is no file of numpy arrays"
        raise BoltError(reason, where=str(path), hint="numpy.save writes one") from None


def _stored_as(description: TensorDescription, array: Array) -> Array:
    """numpy's files have no bf16: for such an input they hold f32."""
    held_as_f32 = description.dtype.name == "bf16" and array.dtype == np.float32
    return array.astype(description.dtype.numpy) if held_as_f32 else array


def random_input(description: TensorDescription, below: int, seed: int) -> Array:
    """Normally distributed numbers; for integers 0 to `below` - 1, for truth values both."""
    random = np.random.default_rng(seed)
    if description.dtype.is_float:
        return random.standard_normal(description.shape, np.float32).astype(description.dtype.numpy)
    most = 2 if description.dtype.name == "i1" else below
    return random.integers(0, most, description.shape).astype(description.dtype.numpy)


def index_limits(module: ModuleOp) -> Mapping[int, int]:
    """What the entries of an input that picks rows of a table must stay below, by the input's position.

    Found where a `gather` kernel reads the input itself.
    """
    main = next(op for op in module.ops if isinstance(op, FuncOp) and op.sym_name.data == "main")
    limits: dict[int, int] = {}
    for launch, kernel in launches(module):
        source = _source(launch.inputs[1]) if kernel.template_attr.family == "gather" else None
        if isinstance(source, BlockArgument) and source.block is main.body.block:
            axis = launch.integers["axis"]
            limits[source.index] = min(axis, limits.get(source.index, axis))
    return limits


def _source(value: SSAValue) -> SSAValue:
    while isinstance(value.owner, ReinterpretOp):
        value = value.owner.input
    return value
