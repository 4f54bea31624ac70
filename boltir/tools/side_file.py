"""The weights file beside a module: finding it when the module is read, writing it when the module is."""

from __future__ import annotations

import os
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp, StringAttr, SymbolRefAttr

from boltir.context import CompilerContext
from boltir.weights import SIDE_FILE_ATTRIBUTE, WeightStore


def side_file_name(module: ModuleOp) -> str | None:
    """The weights file that `module` names, relative to the module's own folder."""
    name = module.attributes.get(SIDE_FILE_ATTRIBUTE)
    return name.data if isinstance(name, StringAttr) else None


def open_side_file(ctx: CompilerContext, module: ModuleOp, folder: Path, override: Path | None) -> None:
    """Give `ctx` the weights of a module that was read from `folder`; `override` is `--weights`."""
    name = side_file_name(module)
    recorded = folder / name if name is not None else None
    ctx.weights = WeightStore(override or recorded)


def save_side_file(ctx: CompilerContext, module: ModuleOp, output: Path) -> None:
    """Make the module that is about to be written to `output` find its weights from there.

    Weights that passes created are written, with the others in use, to a safetensors file beside
    `output`; without any, the module goes on naming the file it had.

    Raises:
        BoltError: the file cannot be written, or a weight in use has no bytes.
    """
    path = ctx.weights.path
    if ctx.weights.added:
        path = output.with_suffix(".safetensors")
        ctx.weights.save(path, weights_used(module))
    if path is not None:
        relative = os.path.relpath(path.absolute(), output.absolute().parent)
        module.attributes[SIDE_FILE_ATTRIBUTE] = StringAttr(relative)


def weights_used(module: ModuleOp) -> tuple[str, ...]:
    """The symbols that `graph.weight` and `cutlass.weight` read, each once, in order."""
    symbols = (op.properties.get("symbol") for op in module.walk() if op.name.endswith(".weight"))
    return tuple(dict.fromkeys(s.root_reference.data for s in symbols if isinstance(s, SymbolRefAttr)))
