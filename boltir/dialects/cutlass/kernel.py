"""Kernels and their launches."""

from collections.abc import Iterator, Mapping

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    IntegerAttr,
    MemRefType,
    ModuleOp,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    i64,
)
from xdsl.ir import Attribute
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
)
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa
from xdsl.utils.symbol_table import SymbolTable

from boltir.dialects.cutlass.memory import element_bits, memref_type
from boltir.dialects.cutlass.template import KernelSignature, TemplateAttr
from boltir.dialects.fused.broadcast import BroadcastAttr, BroadcastList
from boltir.dialects.fused.epilogue import YieldOp, verify_epilogue, yield_of
from boltir.dialects.properties import check_attributes, int_attr
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import compute_type
from boltir.errors import BoltError
from boltir.target import Target


@irdl_op_definition
class KernelOp(IRDLOperation):
    """One instantiation of a template, with its epilogue, for one target

    Verified before nvcc sees it: the template's rules on that target, and the epilogue's types.
    """

    name = "cutlass.kernel"
    sym_name = prop_def(SymbolNameConstraint())
    target = prop_def(StringAttr)
    template = prop_def(Attribute)
    input_types = prop_def(ArrayAttr)
    epilogue_types = prop_def(ArrayAttr, default_value=ArrayAttr[Attribute]([]))
    broadcasts = prop_def(ArrayAttr[BroadcastAttr], default_value=ArrayAttr[BroadcastAttr]([]))
    output_types = prop_def(ArrayAttr)
    epilogue = region_def("single_block")

    traits = traits_def(SymbolOpInterface(), IsolatedFromAbove())
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (BroadcastList,)
    assembly_format = (
        "$sym_name $target $template $input_types (`epilogue` $epilogue_types^ custom<BroadcastList>($broadcasts))?"
        " `->` $output_types attr-dict-with-keyword $epilogue"
    )

    @property
    def template_attr(self) -> TemplateAttr:
        if not isinstance(self.template, TemplateAttr):
            raise VerifyException(f"{self.template} is not a template")
        return self.template

    @property
    def signature(self) -> KernelSignature:
        return KernelSignature(
            tuple(self.input_types),
            tuple(self.epilogue_types),
            tuple(kind.data for kind in self.broadcasts),
            tuple(self.output_types),
        )

    @property
    def epilogue_yield(self) -> YieldOp:
        """The terminator of the epilogue."""
        return yield_of(self.epilogue)

    def verify_(self) -> None:
        check_attributes(self)
        template, signature = self.template_attr, self.signature
        if not signature.outputs:
            raise VerifyException("a kernel needs at least one output")
        if template.has_accumulator and not signature.inputs:
            raise VerifyException(f"the template {template.family} needs an input to accumulate")
        for element in (*signature.inputs, *signature.outputs):
            compute_type(element)
        if len(signature.broadcasts) != len(signature.epilogue_operands):
            raise VerifyException("every epilogue operand needs a broadcast kind")
        accumulator = [compute_type(signature.inputs[0])] if template.has_accumulator else []
        arguments = [*accumulator, *map(compute_type, signature.epilogue_operands)]
        verify_epilogue(self.epilogue, arguments, len(signature.outputs))
        try:
            target = Target.named(self.target.data)
        except BoltError as error:
            raise VerifyException(str(error)) from None
        template.check_legal(target, signature)
        if not template.has_epilogue and self.epilogue_yield.values[0] is not self.epilogue.block.args[0]:
            raise VerifyException(f"the template {template.family} stores its result as it is, without an epilogue")


@irdl_custom_directive
class LaunchArguments(CustomDirective):
    """Prints the launch's integers as `<m = 128, n = 64>`."""

    arguments: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        entries: dict[str, Attribute] = {}

        def entry() -> None:
            position, name = parser.pos, parser.parse_identifier()
            if name in entries:
                parser.raise_error(f"launch argument '{name}' is given twice", position)
            parser.parse_punctuation("=")
            entries[name] = int_attr(parser.parse_integer())

        parser.parse_comma_separated_list(Parser.Delimiter.ANGLE, entry)
        state.properties[self.arguments.name] = DictionaryAttr(entries)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        arguments = self.arguments.get(op)
        if not isinstance(arguments, DictionaryAttr):
            return
        state.print_whitespace(printer)
        entries = (f"{name} = {value.value.data}" for name, value in arguments.data.items() if isa(value, IntegerAttr))
        printer.print_string("<" + ", ".join(entries) + ">")
        state.should_emit_space = True
        state.last_was_punctuation = False


@irdl_op_definition
class LaunchOp(IRDLOperation):
    """Runs a kernel on buffers; the integers are the template's launch parameters by name"""

    name = "cutlass.launch"
    kernel = prop_def(SymbolRefAttr)
    inputs = var_operand_def(MemRefType)
    epilogue_operands = var_operand_def(MemRefType)
    outputs = var_operand_def(MemRefType)
    arguments = prop_def(DictionaryAttr)

    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    custom_directives = (LaunchArguments,)
    assembly_format = (
        "$kernel custom<LaunchArguments>($arguments) (`(` $inputs^ `:` type($inputs) `)`)?"
        " (`epilogue` `(` $epilogue_operands^ `:` type($epilogue_operands) `)`)?"
        " `outs` `(` $outputs `:` type($outputs) `)` attr-dict"
    )

    @property
    def kernel_name(self) -> str:
        return self.kernel.root_reference.data

    @property
    def integers(self) -> Mapping[str, int]:
        """The launch's integers by name; MLIR sorts them, the kernel's interface has its own order."""
        entries = self.arguments.data.items()
        return {name: value.value.data for name, value in entries if isa(value, IntegerAttr)}

    def verify_(self) -> None:
        check_attributes(self)
        for value in self.operands:
            memref_type(value)
        if not self.outputs:
            raise VerifyException("a launch needs at least one output")
        if self.kernel.nested_references.data:
            raise VerifyException(f"a kernel's symbol is one name, got {self.kernel}")
        for name, value in self.arguments.data.items():
            if not isa(value, IntegerAttr) or value.type != i64:
                raise VerifyException(f"launch argument '{name}' must be an i64 integer, got {value}")

    def check_against(self, kernel: KernelOp) -> None:
        """Whether this launch gives `kernel` what it takes.

        Raises:
            VerifyException: operand types, broadcast kinds or launch integers differ.
        """
        signature = kernel.signature
        for role, values, expected in (
            ("inputs", self.inputs, signature.inputs),
            ("epilogue operands", self.epilogue_operands, signature.epilogue_operands),
            ("outputs", self.outputs, signature.outputs),
        ):
            given = tuple(memref_type(value).element_type for value in values)
            if given != expected:
                listed = (", ".join(map(str, types)) for types in (given, expected))
                raise VerifyException("{} have elements ({}), the kernel takes ({})".format(role, *listed))
        template = kernel.template_attr
        if sorted(self.integers) != sorted(template.launch_parameters):
            raise VerifyException(
                f"launch arguments are {list(self.integers)}, the kernel takes {list(template.launch_parameters)}"
            )
        template.check_launch(self.integers)

    def bytes_touched(self, kernel: KernelOp) -> int:
        """Bytes of device memory that the launch reads and writes, each once."""
        kinds = [memref_type(value) for value in self.operands]
        elements = [element_count(kind.get_shape()) for kind in kinds]
        touched = kernel.template_attr.elements_touched(self.integers, elements)
        return sum(n * element_bits(kind.element_type) // 8 for n, kind in zip(touched, kinds, strict=True))

    def flops(self, kernel: KernelOp) -> int:
        """Floating-point operations of the launch, as its template counts them."""
        return kernel.template_attr.flops(self.integers)


def launches(module: ModuleOp) -> Iterator[tuple[LaunchOp, KernelOp]]:
    """Every launch in the module with its kernel, checked against each other.

    One symbol table serves all launches, so this is linear in the module.

    Raises:
        VerifyException: a launch names no kernel of the module, or does not fit it.
    """
    kernels = SymbolTable(module)
    for op in module.walk():
        if not isinstance(op, LaunchOp):
            continue
        kernel = kernels.lookup(op.kernel_name)
        if not isinstance(kernel, KernelOp):
            raise VerifyException(f"there is no cutlass.kernel @{op.kernel_name}")
        op.check_against(kernel)
        yield op, kernel
