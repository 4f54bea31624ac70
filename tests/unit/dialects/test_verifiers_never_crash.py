"""Malformed IR is refused with an error about the IR, never with a crash of a verifier or parser of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from traceback import format_exception, walk_tb

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.universe import XDSL_UNIVERSE
from xdsl.utils.exceptions import ParseError, VerifyException

import boltir.dialects
from boltir.universe import UNIVERSE

DIALECT_TESTS = Path(__file__).parents[2] / "filecheck" / "dialects"
OPS_TESTS = sorted((*DIALECT_TESTS.rglob("ops.mlir"), *DIALECT_TESTS.rglob("chains.mlir")))
OURS = str(Path(boltir.dialects.__file__).parent)
TOKEN = re.compile(r'[%@#^]?[A-Za-z_][\w.$]*|-?\d+(?:\.\d+(?:e[+-]\d+)?)?|"[^"\n]*"|->|[^\s\w]|\s+')
INTEGERS = ("0", "1", "-1", "2", "3", "5", "64", "2147483648", "9223372036854775807", "-9223372036854775808")


def new_context() -> Context:
    ctx = Context()
    for universe in (XDSL_UNIVERSE, UNIVERSE):
        for name, factory in universe.all_dialects.items():
            ctx.register_dialect(name, factory)
    return ctx


CONTEXT = new_context()


def alone(op: Operation) -> Operation:
    """A copy of `op` in a function of its own, whose arguments are the operands."""
    block = Block(arg_types=[operand.type for operand in op.operands])
    block.add_op(op.clone(dict(zip(op.operands, block.args, strict=True))))
    block.add_op(ReturnOp())
    return FuncOp("main", ([argument.type for argument in block.args], []), Region(block))


def valid_operations() -> Iterator[Operation]:
    """What the dialects' ops tests hold, one by one."""
    for path in OPS_TESTS:
        for top_level in Parser(CONTEXT, path.read_text()).parse_module().ops:
            if isinstance(top_level, FuncOp):
                yield from (alone(op) for op in top_level.body.block.ops if not isinstance(op, ReturnOp))
            else:
                yield top_level


def text_of(op: Operation, *, generic: bool) -> str:
    stream = StringIO()
    Printer(stream, print_generic_format=generic).print_op(op)
    return stream.getvalue()


SEEDS = [TOKEN.findall(text_of(op, generic=generic)) for op in valid_operations() for generic in (False, True)]
VOCABULARY = sorted({token for seed in SEEDS for token in seed if not token.isspace()})


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid operation's text after one to three edits of single tokens."""
    tokens = list(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 3))):
        position = draw(st.integers(0, len(tokens) - 1))
        match draw(st.sampled_from(("delete", "repeat", "replace", "integer"))):
            case "delete":
                tokens[position] = ""
            case "repeat":
                tokens[position] *= 2
            case "replace":
                tokens[position] = draw(st.sampled_from(VOCABULARY))
            case _:
                numbers = [i for i, token in enumerate(tokens) if token.lstrip("-").isdigit()]
                if numbers:
                    tokens[draw(st.sampled_from(numbers))] = draw(st.sampled_from(INTEGERS))
    return "".join(tokens)


def crash_of(text: str) -> str | None:
    """What went wrong in code of ours while `text` was parsed, verified and printed, if anything did."""
    try:
        module = Parser(CONTEXT, text).parse_module()
        module.verify()
        str(module)
    except (ParseError, VerifyException):
        return None
    except Exception as error:
        frames = (frame.f_code.co_filename for frame, _ in walk_tb(error.__traceback__))
        ours = any(filename.startswith(OURS) for filename in frames)
        return "".join(format_exception(error)) if ours else None  # xDSL's own parser can crash, too
    return None


def test_unmutated_seeds_verify() -> None:
    for seed in SEEDS:
        Parser(CONTEXT, "".join(seed)).parse_module().verify()


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_mutated_ir_is_refused_or_accepted_but_never_crashes(text: str) -> None:
    if (crash := crash_of(text)) is not None:
        pytest.fail(f"{text}\n{crash}")
