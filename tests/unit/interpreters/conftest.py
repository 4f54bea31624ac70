from collections.abc import Callable

import pytest
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.dialects.math import Math
from xdsl.parser import Parser

from boltir.context import CompilerContext
from boltir.dialects.cutlass import Cutlass
from boltir.dialects.fused import Fused
from boltir.dialects.graph import Graph


@pytest.fixture
def parse() -> Callable[[str], ModuleOp]:
    """Parses and verifies a module of any level."""
    context = CompilerContext()
    for dialect in (Arith, Builtin, Cutlass, Func, Fused, Graph, Math):
        context.load_dialect(dialect)

    def parse_module(text: str) -> ModuleOp:
        module = Parser(context, text).parse_module()
        module.verify()
        return module

    return parse_module
