"""What a command is given as MODEL: an ONNX file or IR text, the files that it names, and the shapes for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boltir.compiler import Network, import_onnx
from boltir.errors import BoltError


def parse_input_shapes(options: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The shapes given as `NAME=1x3x48x192`.

    Raises:
        BoltError: an option is not of that form, or names an input twice.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for option in options:
        name, equals, extents = option.rpartition("=")
        numbers = extents.split("x")
        if not (name and equals and all(number.isdecimal() and int(number) > 0 for number in numbers)):
            raise BoltError(f"expected NAME=1x3x48x192, got '{option}'", where="--input-shape")
        if name in shapes:
            raise BoltError(f"input '{name}' is given twice", where="--input-shape")
        shapes[name] = tuple(map(int, numbers))
    return shapes


def load_model(path: Path, shapes: dict[str, tuple[int, ...]]) -> Network:
    """Read a model by its suffix.

    Raises:
        BoltError: an unknown suffix, or a file that cannot be read as what it claims to be.
    """
    if path.suffix == ".onnx":
        return import_onnx(path, input_shapes=shapes)
    if path.suffix != ".mlir":
        raise BoltError("expected an .onnx or .mlir file", where=str(path))
    if shapes:
        raise BoltError("IR has fixed shapes already", where="--input-shape")
    from boltir.tools.network_file import read_network

    return read_network(path)


def named_files(path: Path, network: Network) -> tuple[str, ...]:
    """The files, relative to the model's folder, that the model at `path` has its data in; `network` was read from it.

    Raises:
        BoltError: the model cannot be read.
    """
    if path.suffix == ".onnx":
        from boltir.frontends.onnx.external_data import external_files

        return external_files(path)
    from boltir.tools.side_file import side_file_name

    name = side_file_name(network.module)
    return () if name is None else (name,)
