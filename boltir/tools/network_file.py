"""A network as a file of IR text with its weights beside it."""

from __future__ import annotations

from pathlib import Path

from boltir.collector import collector_paused
from boltir.compiler import Network, compiler_context
from boltir.errors import BoltError
from boltir.files import MODULE_FILE, replacing_folder, write_atomically
from boltir.pass_manager import InvalidOperationError, module_text, verify_module
from boltir.tools.side_file import open_side_file, save_side_file
from boltir.tools.source import LocatingParser, decode


@collector_paused()
def read_network(path: Path) -> Network:
    """A network from IR text, with the weights file that the module names.

    Raises:
        BoltError: the file cannot be read, or its IR does not verify.
        ParseError: it is not IR; with file, line and column.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BoltError(error.strerror or "cannot be read", where=str(path)) from None
    ctx = compiler_context()
    parser = LocatingParser(ctx, decode(data, str(path)), str(path))
    module = parser.parse_module()
    try:
        verify_module(module)
    except InvalidOperationError as error:
        raise BoltError(str(error), where=parser.place_of(error.op) or str(path)) from None
    open_side_file(ctx, module, path.parent, None)
    return Network(module, ctx.weights)


def write_network(network: Network, folder: Path) -> Path:
    """Write `model.mlir` and, if it has new weights, `model.safetensors` to `folder`; returns the module's path.

    Raises:
        BoltError: the folder holds something else or cannot be written, or a weight in use has no bytes.
    """
    with replacing_folder(folder) as staging:
        save_side_file(compiler_context(network), network.module, staging / MODULE_FILE)
        write_atomically(staging / MODULE_FILE, module_text(network.module) + "\n")
    return folder / MODULE_FILE
