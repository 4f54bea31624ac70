"""The folder that a compiled network is: sources, shared library, weights, manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import boltir
from boltir.files import HEADER, HOST, KERNELS, LIBRARY, MODULE_FILE, WEIGHTS, replacing_folder
from boltir.lowering.cutlass_to_cuda.emit import TABLES, CudaSources, host_sources
from boltir.runtime.build import Builder, BuildReport
from boltir.runtime.kernel_source import KernelSource
from boltir.runtime.manifest import write_manifest
from boltir.runtime.weights_file import write_weights
from boltir.weights import WeightStore

CHECKSUM = "checksum.cpp"


@dataclass(frozen=True)
class Artifact:
    """A compiled network on disk.

    Attributes:
        folder: holds the IR, the sources, `libmodel.so`, `weights.bin` and `manifest.json`.
        build: what nvcc did; None if the sources were written without building them.
    """

    folder: Path
    build: BuildReport | None


def build_artifact(sources: CudaSources, weights: WeightStore, folder: Path, builder: Builder) -> Artifact:
    """Write the sources, build the library and lay the artifact at `folder`, whole or not at all.

    Args:
        builder: one for the sources' target.

    Raises:
        BoltError: `folder` holds something else, a weight has no bytes, or nvcc fails.
    """
    kernels = [KernelSource(name, text) for name, text in sources.kernels.items()]
    versions = {"cutlass": builder.cutlass.version, "nvcc": builder.nvcc.version}
    with replacing_folder(folder) as staging:
        host = _write_sources(sources, weights, staging, versions)
        report = builder.build_library(kernels, host, staging / LIBRARY)
    return Artifact(folder, report)


def write_artifact_sources(sources: CudaSources, weights: WeightStore, folder: Path) -> Artifact:
    """Write everything but the library to `folder`, whole or not at all.

    Raises:
        BoltError: `folder` holds something else, or a weight has no bytes.
    """
    with replacing_folder(folder) as staging:
        _write_sources(sources, weights, staging, {})
    return Artifact(folder, None)


def _write_sources(
    sources: CudaSources, weights: WeightStore, folder: Path, versions: Mapping[str, str]
) -> dict[str, str]:
    """Write IR, kernels, host program, weights and manifest into a folder; returns the host program's files."""
    checksum = write_weights(sources.program, weights, folder / WEIGHTS)
    host = {**host_sources(), TABLES: sources.tables, CHECKSUM: _checksum_source(checksum)}
    (folder / MODULE_FILE).write_text(sources.module + "\n")
    (folder / KERNELS).mkdir()
    for name, text in sources.kernels.items():
        (folder / KERNELS / f"{name}.cu").write_text(text)
    (folder / HOST).mkdir()
    for name, text in host.items():
        (folder / (HEADER if name == HEADER else f"{HOST}/{name}")).write_text(text)
    write_manifest(sources.program, checksum, {"boltir": boltir.__version__, **versions}, folder)
    return host


def _checksum_source(checksum: int) -> str:
    """Apart from the tables, which do not depend on the weights' values."""
    return f'#include "program.h"\n\nconst uint64_t boltir::kWeightsChecksum = 0x{checksum:016x};\n'
