"""`#cutlass.choice`: the template that a fused operation is to become, with the integers of its launch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import DictionaryAttr
from xdsl.ir import Attribute, Operation, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.integers import check_integers, integers_attr, integers_of, integers_text, parse_integers
from boltir.dialects.cutlass.template import TemplateAttr, template_of

CHOICE_ATTRIBUTE = "cutlass.choice"
"""The attribute of a fused operation that says which template it becomes."""


@irdl_attr_definition
class ChoiceAttr(ParametrizedAttribute):
    """A template with the values of its `launch_parameters`: `#cutlass.choice<#cutlass.pointwise<...> <size_0 = 8>>`.

    Integers that stores and general operands need besides are the same for every template, and no part of a choice.
    """

    name = "cutlass.choice"
    template: Attribute
    arguments: DictionaryAttr

    @staticmethod
    def of(template: TemplateAttr, integers: Mapping[str, int]) -> ChoiceAttr:
        return ChoiceAttr(template, integers_attr(integers))

    @property
    def template_attr(self) -> TemplateAttr:
        return template_of(self.template)

    @property
    def integers(self) -> Mapping[str, int]:
        """The launch integers by name."""
        return integers_of(self.arguments)

    def verify(self) -> None:
        template = self.template_attr
        check_integers(self.arguments)
        given, expected = list(self.integers), list(template.launch_parameters)
        if sorted(given) != sorted(expected):
            raise VerifyException(f"the choice gives {given}, launches of {template.family} take {expected}")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return [parser.parse_attribute(), parse_integers(parser)]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_attribute(self.template)
            printer.print_string(" " + integers_text(self.arguments))


def choice_of(op: Operation) -> ChoiceAttr | None:
    """What was chosen for `op`, if anything was."""
    choice = op.attributes.get(CHOICE_ATTRIBUTE)
    return choice if isinstance(choice, ChoiceAttr) else None
