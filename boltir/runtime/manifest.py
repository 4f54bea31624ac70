"""An artifact's `manifest.json`: what it is and holds, for people and programs that do not load its library."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boltir.errors import BoltError
from boltir.files import MANIFEST

if TYPE_CHECKING:  # loading an artifact does not load the compiler
    from boltir.lowering.cutlass_to_cuda.program import Launch, Program, Tensor

FORMAT = 2
"""The version of manifest.json that this boltir writes and reads."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """What `manifest.json` says of the artifact in `folder`.

    Raises:
        BoltError: there is none, or it is of another version.
    """
    hint = "give a folder that bolt-compile wrote"
    if not folder.is_dir():
        raise BoltError("there is no such folder", where=str(folder), hint=hint)
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        version = manifest["format"]
    except FileNotFoundError:
        raise BoltError(f"is no artifact: it has no {MANIFEST}", where=str(folder), hint=hint) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise BoltError(f"is no artifact: its {MANIFEST} is damaged", where=str(folder), hint=hint) from None
    if version != FORMAT:
        message = f"the artifact has format {version}, this boltir runs format {FORMAT}"
        raise BoltError(message, where=str(folder), hint="compile the network again")
    return manifest


def write_manifest(program: Program, checksum: int, versions: Mapping[str, str], folder: Path) -> None:
    """Write `manifest.json` into `folder`.

    Args:
        checksum: of weights.bin.
        versions: of what made the artifact.
    """
    content = {
        "format": FORMAT,
        "versions": dict(versions),
        "target": program.target,
        "dtypes": _dtypes(program),
        "inputs": _tensors(program.inputs),
        "outputs": _tensors(program.outputs),
        "arena_bytes": program.arena_bytes,
        "weights_bytes": program.weights_bytes,
        "weights_checksum": f"{checksum:016x}",
        "kernels": {kernel.sym_name.data: str(kernel.template) for kernel in program.kernels},
        "launches": [_launch(launch) for launch in program.launches],
        "weights": [asdict(slot) for slot in program.weights],
    }
    (folder / MANIFEST).write_text(json.dumps(content, indent=2) + "\n")


def _dtypes(program: Program) -> list[str]:
    """The element types that kernels read and write."""
    signatures = [kernel.signature for kernel in program.kernels]
    elements = (e for s in signatures for e in (*s.inputs, *s.all_epilogue_operands, *s.outputs))
    return sorted(set(map(str, elements)))


def _tensors(tensors: Iterable[Tensor]) -> list[dict[str, object]]:
    return [{"name": t.name, "shape": list(t.shape), "dtype": str(t.element_type)} for t in tensors]


def _launch(launch: Launch) -> dict[str, object]:
    return {
        "kernel": launch.kernel,
        "integers": dict(launch.integers),
        "origin": list(launch.origin),
        "bytes": launch.bytes,
        "flops": launch.flops,
    }
