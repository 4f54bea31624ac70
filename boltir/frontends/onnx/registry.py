"""The table of supported ONNX operators; modules in `ops/` fill it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from boltir.frontends.onnx.node import Node
from boltir.frontends.onnx.values import Value

Convert = Callable[[Node], Value | Sequence[Value]]

_GROUPS = (
    "elementwise",
    "quantization",
    "linear",
    "convolution",
    "pooling",
    "normalization",
    "reduction",
    "shape",
    "movement",
    "indexing",
    "space_depth",
    "resize",
    "structure",
)


@dataclass(frozen=True)
class Converter:
    """How one ONNX operator becomes graph operations.

    Attributes:
        convert: emits them and returns the node's results.
        group: the module of `ops/` that defines it.
        note: what of the operator is supported, for the documentation.
        fold: whether a node with constant operands only is computed at import instead.
    """

    op_type: str
    convert: Convert
    group: str
    note: str
    fold: bool


_CONVERTERS: dict[str, Converter] = {}


def converts(*op_types: str, note: str = "", fold: bool = True) -> Callable[[Convert], Convert]:
    """Register the decorated function as the converter of `op_types`."""

    def register(convert: Convert) -> Convert:
        group = convert.__module__.rpartition(".")[2]
        for op_type in op_types:
            _CONVERTERS[op_type] = Converter(op_type, convert, group, note, fold)
        return convert

    return register


@cache
def converters() -> dict[str, Converter]:
    """Every converter, by ONNX operator."""
    for group in _GROUPS:
        import_module(f"boltir.frontends.onnx.ops.{group}")
    return _CONVERTERS


def markdown_table() -> str:
    """The supported operators, one row each, for docs/onnx-import.md."""
    table = sorted(converters().values(), key=lambda row: (_GROUPS.index(row.group), row.op_type))
    rows = [f"| {row.op_type} | {row.group} | {row.note} |" for row in table]
    return "\n".join(["| operator | group | what is supported, if not all of it |", "|---|---|---|", *rows])
