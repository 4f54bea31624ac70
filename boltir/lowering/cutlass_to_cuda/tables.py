"""The host program's tables: a program as C++ initialisers."""

from collections.abc import Iterable
from dataclasses import dataclass

from boltir.errors import one_line
from boltir.lowering.cutlass_to_cuda.program import Launch, Program, Tensor
from boltir.lowering.render import render_template
from boltir.target import TARGETS, Target

DTYPES = {
    "f16": "BOLTIR_F16",
    "bf16": "BOLTIR_BF16",
    "f32": "BOLTIR_F32",
    "i8": "BOLTIR_I8",
    "i32": "BOLTIR_I32",
    "i64": "BOLTIR_I64",
    "i1": "BOLTIR_BOOL",
    "ui8": "BOLTIR_U8",
}
"""The enumerators of boltir_model.h by element type."""

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-+./:;,()[]@'")
_NUL_PICTURE = "\N{SYMBOL FOR NULL}"


@dataclass(frozen=True)
class _TensorRow:
    name: str
    dtype: str
    shape: tuple[int, ...]
    first_extent: int
    bytes: int
    label: str


@dataclass(frozen=True)
class _LaunchRow:
    """A launch with its slices of the tables of places and integers."""

    kernel: str
    family: str
    origin: str
    bytes: int
    flops: int
    places: int
    first_place: int
    integers: tuple[str, ...]
    first_integer: int


def render_tables(program: Program) -> str:
    """`program.cpp`: the tables that host/program.h declares."""
    inputs = _tensor_rows("input", program.inputs, 0)
    outputs = _tensor_rows("output", program.outputs, sum(len(row.shape) for row in inputs))
    values = {
        "target": Target.named(program.target),
        "targets": list(TARGETS.values()),
        "kernels": sorted(kernel.sym_name.data for kernel in program.kernels),
        "inputs": inputs,
        "outputs": outputs,
        "places": [place for launch in program.launches for place in launch.places],
        "launches": _launch_rows(program.launches),
        "max_operands": max((len(launch.places) for launch in program.launches), default=0),
        "arena_bytes": program.arena_bytes,
        "weights_bytes": program.weights_bytes,
    }
    return render_template("program.cpp.jinja", values)


def c_string(text: str) -> str:
    """`text` as a string literal of C, in UTF-8. It cannot hold a zero byte, so U+2400 stands for one.

    Whatever could mean something to the compiler is written in octal, which, unlike hexadecimal, ends by itself.
    """
    data = text.replace("\0", _NUL_PICTURE).encode(errors="replace")
    return '"' + "".join(chr(byte) if byte in _PLAIN else f"\\{byte:03o}" for byte in data) + '"'


def _int64(value: int) -> str:
    """`value` in C++, which reads the least one as the negative of a number that does not fit."""
    return "INT64_MIN" if value == -(2**63) else str(value)


def _tensor_rows(side: str, tensors: Iterable[Tensor], first_extent: int) -> list[_TensorRow]:
    rows: list[_TensorRow] = []
    for tensor in tensors:
        label = f"{side} '{one_line(tensor.name, 60)}'"
        dtype = DTYPES[str(tensor.element_type)]
        rows.append(_TensorRow(c_string(tensor.name), dtype, tensor.shape, first_extent, tensor.bytes, c_string(label)))
        first_extent += len(tensor.shape)
    return rows


def _launch_rows(launches: Iterable[Launch]) -> list[_LaunchRow]:
    rows: list[_LaunchRow] = []
    place = integer = 0
    for launch in launches:
        rows.append(
            _LaunchRow(
                kernel=launch.kernel,
                family=launch.family,
                origin=c_string("; ".join(launch.origin)),
                bytes=launch.bytes,
                flops=launch.flops,
                places=len(launch.places),
                first_place=place,
                integers=tuple(map(_int64, launch.integers.values())),
                first_integer=integer,
            )
        )
        place += len(launch.places)
        integer += len(launch.integers)
    return rows
