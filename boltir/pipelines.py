"""Pipelines as text: the named ones, and the parsing of what a user writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from xdsl.utils.arg_spec import ArgSpec, parse_pipeline
from xdsl.utils.exceptions import ArgSpecParseError

from boltir.errors import BoltError
from boltir.levels import LEVELS
from boltir.precision import Precision
from boltir.target import Target

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

    PassFactories = Mapping[str, Callable[[], type[ModulePass]]]


def level_pipeline(level: str, *, target: str, dtype: str, templates: str = "heuristic") -> tuple[str, ...]:
    """The pass specs that bring a module from the level above to a finished module of `level`.

    `graph` starts at what a frontend gives. `templates` is what select-templates takes them from.

    Raises:
        BoltError: an unknown target or dtype, or a dtype that the target does not have.
    """
    precision = Precision.named(dtype, Target.named(target))
    if level == "graph":
        return _graph_pipeline(f"{{target={target} dtype={precision.name}}}", precision)
    if level == "fused":
        return _fused_pipeline(target, templates)
    return (
        f"select-templates{{target={target} source={templates}}}",
        f"convert-fused-to-cutlass{{target={target}}}",
        "plan-memory",
    )


def _graph_pipeline(machine: str, precision: Precision) -> tuple[str, ...]:
    return (
        "canonicalize",
        "recognize-composites",
        "fold-batch-norm",
        "merge-parallel-convolutions",
        "fold-prologue",
        "fold-constants",
        "assign-layout",
        "canonicalize",
        "cse",
        "hoist-slices",
        f"fuse-horizontal-gemms{machine}",
        "decompose-ops",
        f"unfold-windows{machine}",
        f"pad-alignment{machine}",
        f"lower-precision{{dtype={precision.name}}}",
        f"transpose-weights{machine}",
        "fold-constants",
        "canonicalize",
        "cse",
        "dce",
    )


def _fused_pipeline(target: str, templates: str) -> tuple[str, ...]:
    return (
        "convert-graph-to-fused",
        "fold-constants",
        "canonicalize",
        f"fuse-epilogue{{target={target}}}",
        f"fuse-dual-gemm{{target={target}}}",
        "fold-constants",
        "fold-into-store",
        "canonicalize",
        f"form-persistent-kernels{{target={target} source={templates}}}",
        "fold-constants",
        "dce",
    )


def _default(target: str, dtype: str) -> tuple[str, ...]:
    return tuple(spec for level in LEVELS for spec in level_pipeline(level, target=target, dtype=dtype))


NAMED_PIPELINES: dict[str, Callable[[str, str], tuple[str, ...]]] = {"default": _default}
"""Pipelines by name: pass specs, in order, as a function of target (`sm_80`) and dtype (`f16`)."""


def named_pipeline(name: str, *, target: str = "sm_80", dtype: str = "f16") -> tuple[str, ...]:
    """The pass specs of the pipeline called `name`.

    Raises:
        BoltError: there is no such pipeline, target or dtype.
    """
    if name not in NAMED_PIPELINES:
        raise BoltError(f"unknown pipeline '{name}'", hint=f"one of {', '.join(NAMED_PIPELINES)}")
    return NAMED_PIPELINES[name](target, dtype)


def expand_named_pipeline(spec: str) -> str:
    """The pipeline text that `NAME` or `NAME{target=sm_80 dtype=f16}` stands for.

    Raises:
        BoltError: no such pipeline, or an option it does not have.
    """
    specs = _parse_specs(spec)
    if len(specs) != 1:
        raise BoltError(f"expected one pipeline name, got '{spec}'")
    options: dict[str, str] = {"target": "sm_80", "dtype": "f16"}
    for key, values in specs[0].parameters.items():
        if key not in options or len(values) != 1:
            raise BoltError(f"a pipeline has the options target and dtype, not '{key}'", where=f"pipeline '{spec}'")
        options[key] = str(values[0])
    return ",".join(named_pipeline(specs[0].name, **options))


def build_passes(text: str, available: PassFactories) -> tuple[ModulePass, ...]:
    """The passes that `text` names, in xDSL's spelling (`a,b{x=1}`) or MLIR's (`builtin.module(a,b{x=1})`).

    Raises:
        BoltError: a syntax error, an unknown pass or a bad pass option.
    """
    return tuple(_build_pass(spec, available) for spec in _parse_specs(strip_anchors(text)))


def _build_pass(spec: ArgSpec, available: PassFactories) -> ModulePass:
    if spec.name not in available:
        raise BoltError(f"unknown pass '{spec.name}'", hint=_suggestion(spec.name, available))
    try:
        return available[spec.name]().from_spec(spec)
    except ValueError as error:
        raise BoltError(str(error), where=f"pass '{spec.name}'") from None


def _suggestion(name: str, available: PassFactories) -> str:
    from difflib import get_close_matches

    match = get_close_matches(name, available, n=1)
    return f"did you mean '{match[0]}'?" if match else "see --list-passes"


def _parse_specs(text: str) -> tuple[ArgSpec, ...]:
    try:
        return tuple(parse_pipeline(text))
    except ArgSpecParseError as error:
        # The message ends in: file:line:column, the source, a caret line, what is wrong.
        _, place, *_, reason = str(error).rstrip().splitlines()
        raise BoltError(f"{reason.strip()}, in '{text}'", where=place) from None


def strip_anchors(text: str) -> str:
    """`text` without the operation anchors of MLIR's spelling.

    Every pass of ours is a module pass that visits each function, so `builtin.module(a,func.func(b))`
    means `a,b`.

    Raises:
        BoltError: unbalanced parentheses, or parentheses after something that is not an anchor.
    """
    pieces: list[str] = []
    depth = 0
    for piece in filter(None, _split_at_parentheses(text)):
        if piece == ")":
            depth -= 1
        elif piece == "(":
            depth += 1
            pieces.append(_without_anchor(pieces.pop() if pieces else "", text))
        else:
            pieces.append(piece)
        if depth < 0:
            break
    if depth != 0:
        raise BoltError(f"unbalanced parentheses in '{text}'", where="pass pipeline")
    return "".join(pieces)


def _split_at_parentheses(text: str) -> Iterator[str]:
    """The parentheses of `text` outside pass options, and the text between them without its spaces."""
    start, braces, quoted = 0, 0, False
    for position, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character in "{}":
            braces += 1 if character == "{" else -1
        elif braces == 0 and (character in "()" or character.isspace()):
            yield text[start:position]
            yield character.strip()
            start = position + 1
    yield text[start:]


def _without_anchor(piece: str, text: str) -> str:
    before, comma, anchor = piece.rpartition(",")
    if anchor.strip() != "any" and "." not in anchor:
        raise BoltError(
            f"'{anchor.strip()}(' is not an operation to run passes on, in '{text}'",
            where="pass pipeline",
            hint="pass options go in braces",
        )
    return before + comma
