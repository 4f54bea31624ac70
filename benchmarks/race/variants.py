"""boltir's contenders: subjects compiled with different pipelines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boltir
from boltir.compiler import run_pipeline
from boltir.levels import LEVELS
from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
from boltir.pipelines import level_pipeline
from boltir.profiler.first_check import FirstCheck
from boltir.remarks import Remarks
from boltir.runtime.artifact import build_artifact
from boltir.runtime.build import Builder
from boltir.runtime.kernel_source import KernelSource
from boltir.target import Target
from race.benchmark import Benchmark
from race.subject import Subject

TARGET = "sm_90a"

DEFAULT = tuple(spec for level in LEVELS for spec in level_pipeline(level, target=TARGET, dtype="f16"))
"""The pass specs of the default pipeline, from the graph to a planned module."""

Networks = dict[tuple[Subject, str], boltir.Network]
"""Subjects at the cutlass level, by the subject and the contender."""


def without(*passes: str) -> tuple[str, ...]:
    """The default pipeline without some passes."""
    return replaced(dict.fromkeys(passes))


def replaced(others: dict[str, str | None]) -> tuple[str, ...]:
    """The default pipeline with some passes replaced by other specs, or by nothing."""
    names = [spec.partition("{")[0] for spec in DEFAULT]
    assert others.keys() <= {*names}, f"the default pipeline lacks one of {', '.join(others)}"
    specs = (others.get(name, spec) for name, spec in zip(names, DEFAULT, strict=True))
    return tuple(spec for spec in specs if spec is not None)


def artifact_folder(work: Path, subject: Subject, contender: str) -> Path:
    return work / f"{subject.slug}-{contender.replace(' ', '_')}"


def lower_all(benchmark: Benchmark, subjects: Iterable[Subject], check: FirstCheck | None = None) -> Networks:
    """Every variant of each subject at the cutlass level; with `check`, without persistent kernels that fail it."""
    pairs = [(subject, contender) for subject in subjects for contender in benchmark.variants]
    while True:
        refused = {} if check is None else check.refused
        networks = {pair: pair[0].network() for pair in pairs}
        for (_, contender), network in networks.items():
            run_pipeline(network, _split(benchmark.variants[contender])[0], refused=refused)
        modules, remarks = [network.module for network in networks.values()], Remarks()
        right = check is None or check.passes(modules, remarks)
        for message in dict.fromkeys(remark.message for remark in remarks if remark.kind == "missed"):
            print(message, flush=True)
        if right:
            break
    for (_, contender), network in networks.items():
        run_pipeline(network, _split(benchmark.variants[contender])[1], refused=refused)
    return networks


def _split(pipeline: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The specs that make a finished module of the fused level, and the rest."""
    rest = next(number for number, spec in enumerate(pipeline) if spec.startswith("select-templates"))
    return pipeline[:rest], pipeline[rest:]


def compile_kernels(networks: Networks, *, show_progress: bool) -> int:
    """Put the networks' kernels into the compile cache, all at once; returns how many were not there."""
    sources = [emit_cuda(network.module) for network in networks.values()]
    kernels = [KernelSource(name, text) for source in sources for name, text in source.kernels.items()]
    return Builder(Target.named(TARGET), show_progress=show_progress).compile_kernels(kernels)


def build_artifacts(networks: Networks, work: Path) -> None:
    """Compile the networks and lay the artifacts below `work`."""
    compile_kernels(networks, show_progress=False)
    builder = Builder(Target.named(TARGET), show_progress=False)

    def build(subject: Subject, contender: str) -> None:
        network = networks[subject, contender]
        folder = artifact_folder(work, subject, contender)
        build_artifact(emit_cuda(network.module), network.weights, folder, builder)

    with ThreadPoolExecutor(builder.jobs) as pool:
        for future in [pool.submit(build, *key) for key in networks]:
            future.result()
