"""The table that `bolt-compile` prints when it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from boltir.lowering.cutlass_to_cuda.program import Program
from boltir.remarks import Remark, Remarks
from boltir.runtime.artifact import Artifact

FUSING_PASSES = (
    "fold-prologue",
    "fuse-horizontal-gemms",
    "fuse-dual-gemm",
    "fuse-epilogue",
    "fold-into-store",
    "form-persistent-kernels",
    "split-stores",
    "split-dual-gemm",
    "split-epilogue",
    "first-check",
)
"""The passes that make fewer kernels of more, or undo it, in their usual order."""


def print_summary(program: Program, artifact: Artifact, remarks: Remarks) -> None:
    """Print kernels by kind, what was fused, memory, build time and where the artifact is."""
    console = Console(highlight=False)
    console.print(kernel_table(program))
    if any(remark.pass_name in FUSING_PASSES for remark in remarks):
        console.print(fusion_table(remarks))
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


def fusion_table(remarks: Iterable[Remark]) -> Table:
    """How often each pass fused, how often it did not, and why."""
    decisions = [remark for remark in remarks if remark.pass_name in FUSING_PASSES]
    fused = Counter(remark.pass_name for remark in decisions if remark.kind == "passed")
    missed = [remark for remark in decisions if remark.kind == "missed"]
    table = Table("pass", "fused", "missed", "why missed")
    for name in FUSING_PASSES:
        reasons = Counter(remark.reason or remark.message for remark in missed if remark.pass_name == name)
        rows = [(str(count), reason) for reason, count in reasons.most_common()]
        if fused[name] or rows:
            table.add_row(name, str(fused[name]), *(rows[0] if rows else ("0", "")))
        for row in rows[1:]:
            table.add_row("", "", *row)
    table.add_section()
    table.add_row("all", str(fused.total()), str(len(missed)), "")
    return table
