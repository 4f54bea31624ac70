"""Templates that boltir might not choose by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from boltir.dialects.cutlass.choice import CHOICE_ATTRIBUTE, ChoiceAttr
from boltir.dialects.cutlass.template import ParameterValue, TemplateAttr
from boltir.dialects.fused import FusedOp
from boltir.lowering.fused_to_cutlass.selection import Selection
from boltir.lowering.fused_to_cutlass.selectors import answers
from boltir.target import Target

SLICES = 2
"""Of K, for templates that cut it."""

Parameters = Mapping[str, ParameterValue]


def with_parameters(op: FusedOp, target: str, parameters: Callable[[TemplateAttr], Parameters]) -> FusedOp:
    """`op` with the template that boltir prefers for it, in which some parameters are others."""
    selection = next(answers(op, Target.named(target)))
    assert isinstance(selection, Selection), selection
    preferred = selection.template
    template = type(preferred).of(**{**preferred.values(), **parameters(preferred)})
    integers = {name: selection.arguments.get(name, SLICES) for name in template.launch_parameters}
    op.attributes[CHOICE_ATTRIBUTE] = ChoiceAttr.of(template, integers)
    return op
