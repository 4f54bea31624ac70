"""The compiler context: what passes share besides the IR."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xdsl.context import Context
from xdsl.utils.mlir_lexer import MLIRLexer

from boltir.remarks import Remarks
from boltir.weights import WeightStore

if TYPE_CHECKING:
    from boltir.ranking import Rankings, Refused

_STRING_REGEX = "_unescaped_characters_regex"
# xDSL 0.74 has a plain `+` here: it tries every way to take a string without an end apart, which is exponential.
setattr(MLIRLexer, _STRING_REGEX, re.compile(r'"(?:[^"\\\n\v\f]++|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*"'))


def _nothing() -> Refused:
    return {}


@dataclass
class CompilerContext(Context):
    """An xDSL context that also holds the weights' bytes and the remarks of one compilation.

    `rankings` says how fast templates were measured to be, if anything is known of that; `refused` which ones must not
    be used because of what they did when they were checked.
    """

    weights: WeightStore = field(default_factory=WeightStore)
    remarks: Remarks = field(default_factory=Remarks)
    rankings: Rankings | None = None
    refused: Refused = field(default_factory=_nothing)


def weights_of(ctx: Context) -> WeightStore:
    """The weights of `ctx`; an empty store for a plain xDSL context."""
    return ctx.weights if isinstance(ctx, CompilerContext) else WeightStore()


def remarks_of(ctx: Context) -> Remarks:
    """The remarks of `ctx`; for a plain xDSL context they go nowhere."""
    return ctx.remarks if isinstance(ctx, CompilerContext) else Remarks()


def rankings_of(ctx: Context) -> Rankings | None:
    """The measured rankings of `ctx`, if it has any."""
    return ctx.rankings if isinstance(ctx, CompilerContext) else None


def refused_of(ctx: Context) -> Refused:
    """The templates that passes with `ctx` must not choose, with the reasons."""
    return ctx.refused if isinstance(ctx, CompilerContext) else {}
