"""What every template attribute is: named parameters, launch integers, and legality on a target."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self, cast, get_type_hints

from xdsl.dialects.builtin import IntAttr
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, Data, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from boltir.dialects.cutlass.store import Store, StoreKind, dimension_names
from boltir.dialects.fused.broadcast import Broadcast
from boltir.target import Target

ParameterValue = int | bool | str | tuple[int, ...]
"""What a template parameter is in Python."""


@irdl_attr_definition
class IntsAttr(Data[tuple[int, ...]]):
    """A list of integers, such as a threadblock tile: `[128, 128, 32]`."""

    name = "cutlass.ints"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[int, ...]:
        with parser.in_angle_brackets():
            return _parse_ints(parser)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(_text_of(self.data))


@irdl_attr_definition
class FlagAttr(Data[bool]):
    """A truth value: `true`."""

    name = "cutlass.flag"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> bool:
        with parser.in_angle_brackets():
            return parser.parse_boolean()

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(_text_of(self.data))


@dataclass(frozen=True)
class StageSignature:
    """The operands of an epilogue before the last, in a kernel of dependent products."""

    epilogue_operands: tuple[Attribute, ...]
    broadcasts: tuple[Broadcast, ...]


@dataclass(frozen=True)
class KernelSignature:
    """The element types of a kernel's operands, how its epilogue operands broadcast, and how it stores its outputs.

    Attributes:
        stores: one per output; empty where every output stores its elements.
        accumulators: how many the anchor gives the epilogue. Two stand in alternating groups of 8 columns of the
            product, which has twice the columns of the result.
        general_rank: over how many dimensions a matrix family addresses its general operands, of which the last is
            the columns. The other families have the rank among their parameters.
        stages: of a kernel of dependent products the epilogues before the last, whose operands come first.
    """

    inputs: tuple[Attribute, ...]
    epilogue_operands: tuple[Attribute, ...]
    broadcasts: tuple[Broadcast, ...]
    outputs: tuple[Attribute, ...]
    stores: tuple[Store, ...] = ()
    accumulators: int = 1
    general_rank: int = 0
    stages: tuple[StageSignature, ...] = ()

    @property
    def all_epilogue_operands(self) -> tuple[Attribute, ...]:
        """The element types of the operands of all epilogues, in their order."""
        before = (element for stage in self.stages for element in stage.epilogue_operands)
        return (*before, *self.epilogue_operands)

    @property
    def output_stores(self) -> tuple[Store, ...]:
        """One store per output."""
        return self.stores or (Store(),) * len(self.outputs)

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        """The launch integers of general operands and of stores, which come after those of the template."""
        sizes = dimension_names("size", self.general_rank)
        general = (i for i, kind in enumerate(self.broadcasts) if kind is Broadcast.GENERAL)
        strides = (name for i in general for name in dimension_names(f"e{i}_stride", self.general_rank))
        stores = (name for i, store in enumerate(self.output_stores) for name in store.launch_parameters(i))
        return (*sizes, *strides, *stores)

    def count(self, kind: Broadcast) -> int:
        """How many epilogue operands broadcast that way."""
        return self.broadcasts.count(kind)


class TemplateAttr(ParametrizedAttribute, ABC):
    """One kernel template with its parameters, printed `#cutlass.gemm<stages = 3, ...>`.

    Subclasses declare the parameters as fields of type IntAttr, IntsAttr, FlagAttr or an EnumAttribute.
    """

    @property
    def has_accumulator(self) -> bool:
        """Whether the epilogue's first argument is an accumulator."""
        return True

    @property
    def has_epilogue(self) -> bool:
        """Whether the epilogue can be anything but the accumulator as it is."""
        return True

    @property
    def store_kinds(self) -> frozenset[StoreKind]:
        """How the family can store outputs."""
        return frozenset({StoreKind.ELEMENTS})

    @property
    def products(self) -> int:
        """How many dependent products a kernel computes, each with an epilogue."""
        return 1

    @property
    def most_accumulators(self) -> int:
        """How many accumulators the family can give its epilogue."""
        return 1

    def result_extents(self, integers: Mapping[str, int]) -> tuple[int, int, int]:
        """Batch, rows and columns of the product that a launch with these integers computes.

        Raises:
            VerifyException: the family computes no matrix products.
        """
        raise VerifyException(f"the template {self.family} computes no matrix product")

    @property
    def result_tile(self) -> tuple[int, int]:
        """Rows and columns of the result that reduced stores make one value of.

        Raises:
            VerifyException: the family has no such tiles.
        """
        raise VerifyException(f"the template {self.family} does not reduce its result")

    @property
    @abstractmethod
    def launch_parameters(self) -> tuple[str, ...]:
        """The names of the integers each launch gives, in the order of the kernel's interface."""

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        """Whether nvcc can build this kernel for `target` and the result is right. Overrides begin with this one.

        Raises:
            VerifyException: the rule that is broken, with the numbers.
        """
        for store in signature.stores:
            if store.kind not in self.store_kinds:
                raise VerifyException(f"the template {self.family} has no {store.kind.value} store")
        epilogues = len(signature.stages) + 1
        if epilogues != self.products:
            raise VerifyException(f"the template {self.family} has {self.products} epilogues, the kernel {epilogues}")
        if signature.accumulators > self.most_accumulators:
            raise VerifyException(f"the template {self.family} does not accumulate {signature.accumulators} products")

    @property
    def divisors(self) -> Mapping[str, int]:
        """Launch integers that must be multiples of a number: what one access of the kernel moves."""
        return {}

    def check_launch(self, integers: Mapping[str, int]) -> None:
        """Whether a launch with these integers is right.

        Raises:
            VerifyException: the rule that is broken, with the numbers.
        """
        for name, divisor in self.divisors.items():
            if integers[name] % divisor:
                raise VerifyException(f"{name} = {integers[name]} is no multiple of {divisor}, which one access moves")

    def flops(self, integers: Mapping[str, int]) -> int:
        """Floating-point operations of a launch with these integers; a multiplication and its addition are two.

        Only matrix products, convolutions and attention count. Epilogues and every other family count 0: they
        take as long as their bytes do.
        """
        return 0

    def elements_touched(self, integers: Mapping[str, int], elements: Sequence[int]) -> Sequence[int]:
        """How many elements of each operand a launch with these integers reads or writes.

        Args:
            elements: how many each operand has: inputs, then epilogue operands, then outputs.
        """
        return elements

    @property
    def family(self) -> str:
        """The template's name: `gemm` for `#cutlass.gemm`."""
        return self.name.removeprefix("cutlass.")

    def source(self, signature: KernelSignature) -> str:
        """The name of the file, without its suffixes, that is rendered to kernels of `signature`."""
        return self.family

    @classmethod
    def of(cls, **values: ParameterValue) -> Self:
        """Build the template from plain Python values, one per parameter."""
        kinds = _parameter_kinds(cls)
        return cls(*(_attribute_of(kind, values[name]) for name, kind in kinds.items()))

    def values(self) -> dict[str, ParameterValue]:
        """The parameters as plain Python values."""
        return {name: _value_of(getattr(self, name)) for name in _parameter_kinds(type(self))}

    @property
    def derived(self) -> Mapping[str, ParameterValue]:
        """What the parameters imply, and the source of the kernel is told beside them, so that one place decides it."""
        return {}

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        parsed: list[Attribute] = []
        with parser.in_angle_brackets():
            for name, kind in _parameter_kinds(cls).items():
                if parsed:
                    parser.parse_punctuation(",")
                parser.parse_keyword(name)
                parser.parse_punctuation("=")
                parsed.append(_parse(parser, kind))
        return parsed

    def print_parameters(self, printer: Printer) -> None:
        listed = ", ".join(f"{name} = {_text_of(value)}" for name, value in self.values().items())
        printer.print_string(f"<{listed}>")


def template_of(attribute: Attribute) -> TemplateAttr:
    """`attribute`, which must be a template.

    Raises:
        VerifyException: it is none.
    """
    if not isinstance(attribute, TemplateAttr):
        raise VerifyException(f"{attribute} is not a template")
    return attribute


@cache
def _parameter_kinds(cls: type[TemplateAttr]) -> dict[str, type[Attribute]]:
    """Parameter names in order, with their attribute classes."""
    hints = get_type_hints(cls)
    return {name: hints[name] for name, _ in cls.get_irdl_definition().parameters}


def _enumeration_of(kind: type[Attribute]) -> type[StrEnum]:
    """The enumeration behind a subclass of EnumAttribute."""
    return cast(type[EnumAttribute[StrEnum]], kind).enum_type


def _attribute_of(kind: type[Attribute], value: ParameterValue) -> Attribute:
    if kind is IntAttr and isinstance(value, int):
        return IntAttr(value)
    if kind is IntsAttr and isinstance(value, tuple):
        return IntsAttr(value)
    if kind is FlagAttr and isinstance(value, bool):
        return FlagAttr(value)
    return cast(type[Data[Any]], kind)(_enumeration_of(kind)(value))


def _value_of(attribute: Attribute) -> ParameterValue:
    data = cast(Data[Any], attribute).data
    return data.value if isinstance(data, StrEnum) else data


def _text_of(value: ParameterValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    return str(value)


def _parse_ints(parser: AttrParser) -> tuple[int, ...]:
    return tuple(parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer))


def _parse(parser: AttrParser, kind: type[Attribute]) -> Attribute:
    if kind is IntAttr:
        return IntAttr(parser.parse_integer())
    if kind is IntsAttr:
        return IntsAttr(_parse_ints(parser))
    if kind is FlagAttr:
        return FlagAttr(parser.parse_boolean())
    return cast(type[Data[Any]], kind)(parser.parse_str_enum(_enumeration_of(kind)))
