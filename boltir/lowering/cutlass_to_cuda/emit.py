"""cutlass -> CUDA C++: one source per kernel, and the host program."""

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target as EmissionTarget

from boltir.collector import collector_paused
from boltir.errors import BoltError
from boltir.files import HEADER
from boltir.lowering.cutlass_to_cuda.program import Program, program_of
from boltir.lowering.cutlass_to_cuda.tables import render_tables
from boltir.lowering.render import render_kernel
from boltir.weights import SIDE_FILE_ATTRIBUTE

TABLES = "program.cpp"


@dataclass(frozen=True)
class CudaSources:
    """The text of a compiled network.

    Attributes:
        program: what the sources were made from.
        module: the IR they were made from, which names no side file: the weights are in the artifact.
        kernels: CUDA C++ by kernel name; each stands alone, several also compile as one unit.
        tables: plain C++: what the host program of every network needs to know of this one.
    """

    program: Program
    module: str
    kernels: dict[str, str]
    tables: str


@collector_paused()
def emit_cuda(module: ModuleOp) -> CudaSources:
    """Render every kernel and the tables of a planned `cutlass` module.

    Raises:
        BoltError: the module is not ready, or holds something with no CUDA form.
    """
    program = program_of(module)
    taken = set(re.findall(r"\bboltir_(\w+)\(", host_sources()[HEADER]))
    for kernel in program.kernels:
        _check_symbol(kernel.sym_name.data, taken)
    kernels = {kernel.sym_name.data: render_kernel(kernel) for kernel in program.kernels}
    return CudaSources(program, _text_of(module), kernels, render_tables(program))


def _text_of(module: ModuleOp) -> str:
    attributes = module.attributes
    module.attributes = {name: value for name, value in attributes.items() if name != SIDE_FILE_ATTRIBUTE}
    text = str(module)
    module.attributes = attributes
    return text


def _check_symbol(name: str, taken: set[str]) -> None:
    """Whether `boltir_<name>` can be a function of the library."""
    if not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise BoltError("a kernel's name is made of letters, digits and _", where=f"cutlass.kernel @{name}")
    if name in taken:
        raise BoltError(f"{HEADER} has a function of that name", where=f"cutlass.kernel @{name}", hint="rename it")


def host_sources() -> dict[str, str]:
    """The part of the host program that is the same for every network: C++ and headers by file name."""
    folder = files("boltir.lowering").joinpath("host")
    return {entry.name: entry.read_text() for entry in folder.iterdir() if entry.name.endswith((".cpp", ".h"))}


@dataclass(frozen=True)
class CudaTarget(EmissionTarget):
    """Prints all generated sources as one text, each under a line that names its file."""

    name = "cuda"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        sources = emit_cuda(module)
        kernels = {f"kernels/{name}.cu": text for name, text in sources.kernels.items()}
        for path, text in {**kernels, f"host/{TABLES}": sources.tables}.items():
            output.write(f"// ===== {path}\n{text}\n")
