"""The outputs of `bolt-run`: written to numpy files, and summed up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from numpy.lib.format import write_array
from rich.table import Table
from rich.text import Text

from boltir.errors import BoltError
from boltir.files import replacing
from boltir.runtime.device import Array
from boltir.runtime.tensors import TensorDescription, type_text


def write_outputs(path: Path, descriptions: Sequence[TensorDescription], outputs: Sequence[Array]) -> None:
    """Write an `.npy` file (one output), an `.npz` file, or else a folder with an `.npy` file per output.

    numpy's files have no bf16: such an output is written as f32.

    Raises:
        BoltError: `path` cannot be written, or is an `.npy` file for several outputs.
    """
    pairs = zip(descriptions, outputs, strict=True)
    arrays = [array.astype(np.float32) if kind.dtype.name == "bf16" else array for kind, array in pairs]
    names = [description.name for description in descriptions]
    if path.suffix == ".npz":
        _write_archive(path, names, arrays)
    elif path.suffix == ".npy":
        if len(arrays) != 1:
            hint = "give an .npz file or a folder"
            raise BoltError(f"one array, but the network has {len(arrays)} outputs", where=str(path), hint=hint)
        _write_array(path, arrays[0])
    else:
        _write_folder(path, names, arrays)


def _write_archive(path: Path, names: Sequence[str], arrays: Sequence[Array]) -> None:
    # numpy.savez takes names as keywords, of which one, `file`, is its own.
    with replacing(path) as temporary, ZipFile(temporary, "w") as archive:
        for name, array in zip(names, arrays, strict=True):
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                write_array(stream, array)


def _write_array(path: Path, array: Array) -> None:
    with replacing(path) as temporary, temporary.open("wb") as stream:
        write_array(stream, array)


def _write_folder(folder: Path, names: Sequence[str], arrays: Sequence[Array]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BoltError(f"cannot write: {error.strerror}", where=str(folder)) from None
    for file_name, array in zip(file_names(names), arrays, strict=True):
        _write_array(folder / file_name, array)


def file_names(names: Sequence[str]) -> list[str]:
    """A file for each output: its name, with `_` for what is no letter, digit, dash or dot; all different."""
    taken: list[str] = []
    for name in names:
        base = re.sub(r"[^A-Za-z0-9_.-]|^\.", "_", name)[:100]
        candidates = (base, *(f"{base}_{count}" for count in range(1, len(names) + 1)))
        taken.append(next(candidate for candidate in candidates if candidate not in taken))
    return [f"{name}.npy" for name in taken]


def output_table(descriptions: Sequence[TensorDescription], outputs: Sequence[Array]) -> Table:
    """The type of each output, and its smallest, largest and mean element."""
    table = Table("output", "type", "min", "max", "mean")
    for description, output in zip(descriptions, outputs, strict=True):
        values = output.astype(np.float64)
        numbers = (f"{function(values):.4g}" for function in (np.min, np.max, np.mean))
        table.add_row(Text(description.name), type_text(description.dtype, description.shape), *numbers)
    return table
