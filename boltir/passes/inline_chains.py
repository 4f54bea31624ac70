"""`inline-chains`: persistent kernels become the kernels they were made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.context import remarks_of
from boltir.dialects.fused import ChainOp, YieldOp
from boltir.passes.support.rewriting import functions


@dataclass(frozen=True)
class InlineChainsPass(ModulePass):
    """Makes every anchor of a `fused.chain` a kernel of its own, for targets without persistent templates."""

    name: ClassVar[str] = "inline-chains"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in functions(op):
            for chain in tuple(function.body.block.ops):
                if isinstance(chain, ChainOp):
                    count = len(chain.anchors)
                    remarks_of(ctx).missed(self.name, chain, f"no persistent kernel: its {count} anchors run apart")
                    inline(chain)


def inline(chain: ChainOp) -> Operation:
    """Put the anchors of `chain` in its place, and return the first of them."""
    first, terminator = chain.anchors[0], chain.body.block.last_op
    assert isinstance(terminator, YieldOp)
    result = terminator.values[0]
    result.name_hint = chain.output.name_hint
    Rewriter.erase_op(terminator)
    Rewriter.inline_block(chain.body.block, InsertPoint.before(chain), chain.inputs)
    Rewriter.replace_op(chain, [], [result])
    return first
