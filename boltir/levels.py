"""The levels of IR: which one a module is at, and whether it is a network at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from xdsl.utils.exceptions import VerifyException

from boltir.errors import BoltError, UnsupportedError

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.dialects.func import FuncOp

Level = Literal["graph", "fused", "cutlass"]

LEVELS: tuple[Level, ...] = ("graph", "fused", "cutlass")
"""The levels of IR, in the order of lowering."""


def level_of(module: ModuleOp) -> Level:
    """The level that a module is at: the first one whose operations its functions hold, `graph` without any.

    Weights and constants stay `graph` operations at the fused level; they alone do not make a level.
    """
    from xdsl.dialects.func import FuncOp

    blocks = (block for function in module.ops if isinstance(function, FuncOp) for block in function.body.blocks)
    kinds = {op.name for block in blocks for op in block.ops} - {"graph.weight", "graph.constant"}
    dialects = {kind.partition(".")[0] for kind in kinds}
    for level in LEVELS:
        if level in dialects:
            return level
    return "graph"


def check_network(module: ModuleOp) -> None:
    """Whether `module` has what every level of a network has: one straight-line `@main` on tensors or buffers.

    Raises:
        BoltError: what is missing or not supported.
    """
    from xdsl.dialects.func import FuncOp

    main = next((op for op in module.ops if isinstance(op, FuncOp) and op.sym_name.data == "main"), None)
    if main is None or not main.body.blocks:
        raise BoltError("the module has no function @main")
    if len(main.body.blocks) > 1:
        raise UnsupportedError("control flow between blocks is not supported", where="@main")
    if level_of(module) != "cutlass":
        _check_arguments(main)


def _check_arguments(main: FuncOp) -> None:
    from boltir.dialects.tensors import check_tensor

    for index, argument in enumerate(main.body.block.args):
        try:
            check_tensor(argument)
        except VerifyException as error:
            raise UnsupportedError(str(error), where=f"@main, argument {index}") from None
