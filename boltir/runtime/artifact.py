"""The folder that a compiled network is: sources, shared library, weights, manifest."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.ir import Attribute

from boltir.dialects.properties import is_strings
from boltir.errors import BoltError
from boltir.files import HEADER, HOST, KERNELS, LIBRARY, MANIFEST, WEIGHTS, replacing_folder
from boltir.lowering.cutlass_to_cuda.emit import CudaSources
from boltir.lowering.cutlass_to_cuda.program import Program
from boltir.runtime.build import Builder, BuildReport
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target
from boltir.weights import WeightStore

_FORMAT = 1


@dataclass(frozen=True)
class Artifact:
    """A compiled network on disk.

    Attributes:
        folder: holds the sources, `libmodel.so`, `weights.bin` and `manifest.json`.
        build: what nvcc did; None if the sources were written without building them.
    """

    folder: Path
    build: BuildReport | None


def build_artifact(
    sources: CudaSources, module: ModuleOp, weights: WeightStore, folder: Path, *, show_progress: bool = False
) -> Artifact:
    """Write the sources, build the library and lay the artifact at `folder`, whole or not at all.

    Raises:
        BoltError: `folder` holds something else, there is no nvcc, or nvcc fails.
    """
    target = Target.named(sources.program.target)
    kernels = [KernelSource(name, text) for name, text in sources.kernels.items()]
    builder = Builder(target, show_progress=show_progress)
    with replacing_folder(folder) as staging:
        write_sources(sources, module, weights, staging)
        # The library's interface is declared in a header of its own; the host unit must stand alone.
        host = sources.host.replace(f'#include "{HEADER}"', sources.header)
        report = builder.build_library(kernels, host, staging / LIBRARY)
    return Artifact(folder, report)


def write_artifact_sources(sources: CudaSources, module: ModuleOp, weights: WeightStore, folder: Path) -> Artifact:
    """Write everything but the library to `folder`, whole or not at all.

    Raises:
        BoltError: `folder` holds something else, or a weight has no bytes.
    """
    with replacing_folder(folder) as staging:
        write_sources(sources, module, weights, staging)
    return Artifact(folder, None)


def write_sources(sources: CudaSources, module: ModuleOp, weights: WeightStore, folder: Path) -> None:
    """Write kernels, host program, header, weights and manifest into an existing folder."""
    (folder / KERNELS).mkdir()
    for name, text in sources.kernels.items():
        (folder / KERNELS / f"{name}.cu").write_text(text)
    (folder / HOST).write_text(sources.host)
    (folder / HEADER).write_text(sources.header)
    _write_weights(sources.program, weights, folder / WEIGHTS)
    (folder / MANIFEST).write_text(json.dumps(_manifest(sources.program, module), indent=2) + "\n")


def _write_weights(program: Program, weights: WeightStore, path: Path) -> None:
    """Lay every weight at its offset; the gaps are zeros."""
    with path.open("wb") as stream:
        for slot in program.weights:
            data = weights.get(slot.name).tobytes()
            if len(data) != slot.size:
                raise BoltError(f"has {len(data)} bytes, the network reads {slot.size}", where=f"weight @{slot.name}")
            stream.seek(slot.offset)
            stream.write(data)
        stream.truncate(program.weights_bytes)


def _manifest(program: Program, module: ModuleOp) -> dict[str, object]:
    return {
        "format": _FORMAT,
        "target": program.target,
        "inputs": _tensors(module, "graph.input_names", program.inputs),
        "outputs": _tensors(module, "graph.output_names", program.outputs),
        "arena_bytes": program.arena_bytes,
        "weights_bytes": program.weights_bytes,
        "kernels": {kernel.sym_name.data: str(kernel.template) for kernel in program.kernels},
        "launches": [
            {"kernel": launch.kernel, "integers": dict(launch.integers), "origin": list(launch.origin)}
            for launch in program.launches
        ],
        "weights": [asdict(slot) for slot in program.weights],
    }


def _tensors(module: ModuleOp, attribute: str, types: tuple[MemRefType[Attribute], ...]) -> list[dict[str, object]]:
    given = module.attributes.get(attribute)
    names = [name.data for name in given] if is_strings(given) else []
    names += [f"{index}" for index in range(len(names), len(types))]
    return [
        {"name": name, "shape": list(kind.get_shape()), "dtype": str(kind.element_type)}
        for name, kind in zip(names, types, strict=True)
    ]
