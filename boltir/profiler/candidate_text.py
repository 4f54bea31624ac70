"""Candidates as text, which is what the database knows them by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from xdsl.context import Context
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from boltir.context import CompilerContext
from boltir.dialects.cutlass import Cutlass
from boltir.dialects.cutlass.template import TemplateAttr


def candidate_text(template: TemplateAttr, arguments: Mapping[str, int]) -> str:
    """The instantiation and its launch integers; equal for equal ones."""
    return f"{template} {json.dumps(dict(arguments), sort_keys=True, separators=(',', ':'))}"


def parse_candidate(text: str) -> tuple[TemplateAttr, dict[str, int]] | None:
    """What `candidate_text` wrote; None for what another version of boltir wrote and this one does not know."""
    instantiation, _, integers = text.rpartition(" {")
    template = parse_template(instantiation)
    try:
        arguments: dict[str, Any] = json.loads("{" + integers)
    except ValueError:
        return None
    if template is None or not all(isinstance(value, int) for value in arguments.values()):
        return None
    return template, arguments


def parse_template(text: str) -> TemplateAttr | None:
    """The instantiation that has this text; None for one that this version of boltir does not know, or refuses."""
    try:
        template = Parser(_context(), text).parse_attribute()
    except (ParseError, VerifyException, ValueError):
        return None
    return template if isinstance(template, TemplateAttr) else None


@cache
def _context() -> Context:
    context = CompilerContext()
    context.load_dialect(Cutlass)
    return context
