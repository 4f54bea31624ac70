"""boltir's two contenders in the epilogue benchmark: pairs compiled with and without fusion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from epilogue_pairs import Pair

import boltir
from boltir.compiler import run_pipeline
from boltir.levels import LEVELS
from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
from boltir.pipelines import level_pipeline
from boltir.runtime.artifact import build_artifact
from boltir.runtime.build import Builder
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target

TARGET = "sm_90a"

FUSED, UNFUSED = VARIANTS = ("fused", "unfused")

FUSING_PASSES = ("merge-parallel-convolutions", "fuse-horizontal-gemms", "fuse-dual-gemm", "fold-into-store")
"""The passes, besides fuse-epilogue, that make one kernel of several."""


def pipeline(variant: str) -> tuple[str, ...]:
    """The pass specs of a variant, from the graph to a planned module.

    Unfused, products and convolutions have no epilogue. What follows them is fused with itself: one kernel.
    """
    specs = tuple(spec for level in LEVELS for spec in level_pipeline(level, target=TARGET, dtype="f16"))
    if variant == FUSED:
        return specs
    names = [spec.partition("{")[0] for spec in specs]
    assert {"fuse-epilogue", *FUSING_PASSES} <= {*names}, "a pass to leave out has another name"
    return tuple(
        "fuse-epilogue{pointwise_only=true}" if name == "fuse-epilogue" else spec
        for name, spec in zip(names, specs, strict=True)
        if name not in FUSING_PASSES
    )


def lowered(pair: Pair, variant: str) -> boltir.Network:
    """The pair at the cutlass level."""
    network = pair.network()
    run_pipeline(network, pipeline(variant))
    return network


def artifact_folder(work: Path, pair: Pair, variant: str) -> Path:
    return work / f"{pair.slug}-{variant}"


def lower_all(pairs: Sequence[Pair]) -> dict[tuple[Pair, str], boltir.Network]:
    """Both variants of each pair at the cutlass level."""
    return {(pair, variant): lowered(pair, variant) for pair in pairs for variant in VARIANTS}


def compile_kernels(networks: Iterable[boltir.Network], *, show_progress: bool) -> int:
    """Put the networks' kernels into the compile cache, all at once; returns how many were not there."""
    sources = [emit_cuda(network.module) for network in networks]
    kernels = [KernelSource(name, text) for source in sources for name, text in source.kernels.items()]
    return Builder(Target.named(TARGET), show_progress=show_progress).compile_kernels(kernels)


def build_artifacts(pairs: Sequence[Pair], work: Path) -> None:
    """Compile both variants of each pair and lay the artifacts below `work`."""
    networks = lower_all(pairs)
    compile_kernels(networks.values(), show_progress=False)
    builder = Builder(Target.named(TARGET), show_progress=False)

    def build(pair: Pair, variant: str) -> None:
        network = networks[pair, variant]
        build_artifact(emit_cuda(network.module), network.weights, artifact_folder(work, pair, variant), builder)

    with ThreadPoolExecutor(builder.jobs) as pool:
        for future in [pool.submit(build, *key) for key in networks]:
            future.result()
