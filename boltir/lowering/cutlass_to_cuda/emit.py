"""cutlass -> CUDA C++: one source per kernel, one host program, one header."""

from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target as EmissionTarget

from boltir.collector import collector_paused
from boltir.lowering.cutlass_to_cuda.program import Launch, Program, program_of
from boltir.lowering.render import render_kernel, render_template


@dataclass(frozen=True)
class CudaSources:
    """The text of a compiled network.

    Attributes:
        program: what the sources were made from.
        kernels: CUDA C++ by kernel name; each stands alone, several also compile as one unit.
        host: the host program, plain C++.
        header: the C interface of the host program.
    """

    program: Program
    kernels: dict[str, str]
    host: str
    header: str


@dataclass(frozen=True)
class _LaunchRow:
    """A launch with its slices of the host program's tables."""

    kernel: str
    integers: dict[str, int]
    places: int
    first_place: int
    first_integer: int


@collector_paused()
def emit_cuda(module: ModuleOp) -> CudaSources:
    """Render every kernel and the host program of a planned `cutlass` module.

    Raises:
        BoltError: the module is not ready, or holds something with no CUDA form.
    """
    program = program_of(module)
    kernels = {kernel.sym_name.data: render_kernel(kernel) for kernel in program.kernels}
    return CudaSources(program, kernels, _render_host(program), render_template("boltir_model.h.jinja", {}))


def _render_host(program: Program) -> str:
    return render_template(
        "program.cpp.jinja",
        {
            "kernels": sorted(kernel.sym_name.data for kernel in program.kernels),
            "places": [place for launch in program.launches for place in launch.places],
            "launches": _rows(program.launches),
            "max_operands": max((len(launch.places) for launch in program.launches), default=1),
            "arena_bytes": program.arena_bytes,
            "weights_bytes": program.weights_bytes,
            "inputs": len(program.inputs),
            "outputs": len(program.outputs),
        },
    )


def _rows(launches: list[Launch]) -> list[_LaunchRow]:
    rows: list[_LaunchRow] = []
    place = integer = 0
    for launch in launches:
        rows.append(_LaunchRow(launch.kernel, dict(launch.integers), len(launch.places), place, integer))
        place += len(launch.places)
        integer += len(launch.integers)
    return rows


@dataclass(frozen=True)
class CudaTarget(EmissionTarget):
    """Prints all generated sources as one text, each under a line that names its file."""

    name = "cuda"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        sources = emit_cuda(module)
        files = {f"kernels/{name}.cu": text for name, text in sources.kernels.items()}
        for path, text in {**files, "boltir_model.h": sources.header, "model.cpp": sources.host}.items():
            output.write(f"// ===== {path}\n{text}\n")
