"""The table that `bolt-compile` prints when it is done."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.table import Table

from boltir.lowering.cutlass_to_cuda.program import Program
from boltir.runtime.artifact import Artifact


def print_summary(program: Program, artifact: Artifact) -> None:
    """Print kernels by kind, memory, build time and where the artifact is."""
    console = Console(highlight=False)
    console.print(kernel_table(program))
    memory = f"arena {program.arena_bytes / 2**20:.2f} MiB, weights {program.weights_bytes / 2**20:.2f} MiB"
    console.print(f"{memory}, target {program.target}")
    if artifact.build is not None:
        built = artifact.build
        console.print(f"{built.compiled} kernels compiled, {built.reused} from the cache, {built.seconds:.1f} s")
    console.print(f"artifact: {artifact.folder}", soft_wrap=True)


def kernel_table(program: Program) -> Table:
    """Launches and distinct kernels per family of templates, and the graph operations they hold."""
    families = {kernel.sym_name.data: kernel.template_attr.family for kernel in program.kernels}
    launches = Counter(families[launch.kernel] for launch in program.launches)
    distinct = Counter(families.values())
    held = Counter[str]()
    for launch in program.launches:
        held[families[launch.kernel]] += len(launch.origin)
    table = Table("template", "launches", "kernels", "graph operations held")
    for family, count in launches.most_common():
        table.add_row(family, str(count), str(distinct[family]), str(held[family]))
    table.add_section()
    table.add_row("all", str(launches.total()), str(distinct.total()), str(held.total()))
    return table
