"""Which graph operations a kernel holds."""

from collections.abc import Iterable

from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.ir import Operation

from boltir.dialects.properties import is_strings

ORIGIN_ATTRIBUTE = "fused.origin"
"""The attribute of a kernel that lists the names of the graph operations it came from, the anchor's first."""


def origin_of(op: Operation) -> tuple[str, ...]:
    """The names of the graph operations that `op` computes."""
    names = op.attributes.get(ORIGIN_ATTRIBUTE)
    return tuple(name.data for name in names) if is_strings(names) else ()


def set_origin(op: Operation, names: Iterable[str]) -> None:
    """Note that `op` computes the graph operations called `names`."""
    listed = [StringAttr(name) for name in names]
    if listed:
        op.attributes[ORIGIN_ATTRIBUTE] = ArrayAttr(listed)
