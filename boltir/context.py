"""The compiler context: what passes share besides the IR."""

from dataclasses import dataclass, field

from xdsl.context import Context

from boltir.remarks import Remarks
from boltir.weights import WeightStore


@dataclass
class CompilerContext(Context):
    """An xDSL context that also holds the weights' bytes and the remarks of one compilation."""

    weights: WeightStore = field(default_factory=WeightStore)
    remarks: Remarks = field(default_factory=Remarks)


def weights_of(ctx: Context) -> WeightStore:
    """The weights of `ctx`; an empty store for a plain xDSL context."""
    return ctx.weights if isinstance(ctx, CompilerContext) else WeightStore()


def remarks_of(ctx: Context) -> Remarks:
    """The remarks of `ctx`; for a plain xDSL context they go nowhere."""
    return ctx.remarks if isinstance(ctx, CompilerContext) else Remarks()
