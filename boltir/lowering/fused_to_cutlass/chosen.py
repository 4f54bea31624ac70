"""Choices of a template that come from elsewhere than the cost model: whether they can be obeyed."""

from collections.abc import Mapping

from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass import choice_of
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.fused import FusedOp
from boltir.lowering.fused_to_cutlass.acceptance import completed
from boltir.lowering.fused_to_cutlass.families import families
from boltir.lowering.fused_to_cutlass.family import Family
from boltir.lowering.fused_to_cutlass.kernels import kernel_signature
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection, obeyed
from boltir.lowering.fused_to_cutlass.selectors import answers
from boltir.target import Target


def given_selection(op: FusedOp, target: Target) -> Selection | None:
    """The template that is attached to `op`, with all launch integers; None if nothing is attached.

    Raises:
        UnsupportedError: it cannot compute `op` on `target`.
    """
    choice = choice_of(op)
    if choice is None:
        return None
    answer = legal_selection(op, choice.template_attr, choice.integers, target)
    return obeyed(answer, op, target, "run select-templates for this target")


def legal_selection(
    op: FusedOp, template: TemplateAttr, arguments: Mapping[str, int], target: Target
) -> Selection | Refusal:
    """`template` with all launch integers, if a launch with `arguments` computes `op`, else the rule that it breaks."""
    missing = [name for name in template.launch_parameters if name not in arguments]
    if missing:
        return Refusal(f"launches of {template.family} take {', '.join(missing)}, too")
    if len(arguments) > len(template.launch_parameters):
        return Refusal(f"launches of {template.family} take {', '.join(template.launch_parameters)} and no more")
    try:
        template.check_legal(target, kernel_signature(op, template))
    except VerifyException as error:
        return Refusal(str(error))
    selection = Selection(template, arguments)
    if not _computes(selection, op, target):
        return Refusal(f"launches of {template.family} compute this with other parameters or integers")
    answer = completed(selection, op)
    if isinstance(answer, Selection):
        try:
            template.check_launch(answer.arguments)
        except VerifyException as error:
            return Refusal(str(error))
    return answer


def _computes(selection: Selection, op: FusedOp, target: Target) -> bool:
    """Whether the kernel reads and writes what `op` does: only mainloops and slices of K are free to choose."""
    candidates = [family for family in families(op, target) if isinstance(family, Family)]
    if any(_is_of(selection, family) for family in candidates):
        return True
    given = (selection.template, selection.arguments)
    found = (answer for answer in answers(op, target) if isinstance(answer, Selection))
    return any((answer.template, answer.arguments) == given for answer in found)


def _is_of(selection: Selection, family: Family) -> bool:
    given = {name: value for name, value in selection.arguments.items() if name in family.arguments}
    values = selection.template.values()
    fixed = all(values.get(name) == value for name, value in family.fixed)
    return type(selection.template) is family.kind and fixed and given == family.arguments
