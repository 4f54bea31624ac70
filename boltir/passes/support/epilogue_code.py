"""Moving the scalar code of one kernel into the epilogue of another."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Block, SSAValue

from boltir.dialects.fused import FusedOp


def append_epilogue(op: FusedOp, arguments: Sequence[SSAValue], block: Block) -> list[SSAValue]:
    """Move the scalar code of `op` to the end of `block`, with `arguments` for its own; returns what it yields."""
    source, terminator = op.epilogue.block, op.epilogue_yield
    for old, new in zip(source.args, arguments, strict=True):
        old.replace_all_uses_with(new)
    for scalar in tuple(source.ops):
        if scalar is not terminator:
            scalar.detach()
            block.add_op(scalar)
    return list(terminator.values)
