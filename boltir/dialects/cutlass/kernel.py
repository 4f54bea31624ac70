"""Kernels and their launches."""

from collections.abc import Iterator, Mapping
from itertools import islice
from math import prod

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    MemRefType,
    ModuleOp,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
)
from xdsl.ir import Attribute
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_region_def,
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
from xdsl.utils.symbol_table import SymbolTable

from boltir.dialects.cutlass.integers import check_integers, integers_of, integers_text, parse_integers
from boltir.dialects.cutlass.memory import element_bits, memref_type
from boltir.dialects.cutlass.store import Store, StoreAttr, StoreKind
from boltir.dialects.cutlass.template import KernelSignature, StageSignature, TemplateAttr, template_of
from boltir.dialects.fused.broadcast import BroadcastAttr, BroadcastList
from boltir.dialects.fused.epilogue import YieldOp, verify_epilogue, yield_of
from boltir.dialects.properties import check_attributes, int_prop, ints_prop
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import compute_type
from boltir.errors import BoltError
from boltir.target import Target


@irdl_op_definition
class KernelOp(IRDLOperation):
    """One instantiation of a template, with its epilogue, for one target

    Verified before nvcc sees it: the template's rules on that target, and the epilogue's types. A kernel of dependent
    products has an epilogue for each: `stages` are those before the last. Operands of all of them are listed in their
    order; `stage_operands` says how many each stage has.
    """

    name = "cutlass.kernel"
    sym_name = prop_def(SymbolNameConstraint())
    target = prop_def(StringAttr)
    template = prop_def(Attribute)
    input_types = prop_def(ArrayAttr)
    epilogue_types = prop_def(ArrayAttr, default_value=ArrayAttr[Attribute]([]))
    broadcasts = prop_def(ArrayAttr[BroadcastAttr], default_value=ArrayAttr[BroadcastAttr]([]))
    output_types = prop_def(ArrayAttr)
    stores = opt_prop_def(ArrayAttr[StoreAttr])
    accumulators = int_prop(1)
    general_rank = int_prop(0)
    stage_operands = ints_prop(())
    stages = var_region_def("single_block")
    epilogue = region_def("single_block")

    traits = traits_def(SymbolOpInterface(), IsolatedFromAbove())
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (BroadcastList,)
    assembly_format = (
        "$sym_name $target $template $input_types (`epilogue` $epilogue_types^ custom<BroadcastList>($broadcasts))?"
        " `->` $output_types attr-dict-with-keyword (`stages` $stages^ `then`)? $epilogue"
    )

    @property
    def template_attr(self) -> TemplateAttr:
        return template_of(self.template)

    @property
    def signature(self) -> KernelSignature:
        *stages, last = self._operands_by_epilogue()
        return KernelSignature(
            tuple(self.input_types),
            last.epilogue_operands,
            last.broadcasts,
            tuple(self.output_types),
            self._stores(),
            self.accumulators.value.data,
            self.general_rank.value.data,
            tuple(stages),
        )

    def _operands_by_epilogue(self) -> Iterator[StageSignature]:
        operands, broadcasts = iter(self.epilogue_types), (kind.data for kind in self.broadcasts)
        for count in self.stage_operands.get_values():
            yield StageSignature(tuple(islice(operands, count)), tuple(islice(broadcasts, count)))
        yield StageSignature(tuple(operands), tuple(broadcasts))

    def result_extents(self, integers: Mapping[str, int]) -> tuple[int, int, int]:
        """Batch, rows and columns of the result of a launch with these integers.

        Raises:
            VerifyException: the template computes no matrix products.
        """
        batch, rows, columns = self.template_attr.result_extents(integers)
        return batch, rows, columns // self.accumulators.value.data

    def _stores(self) -> tuple[Store, ...]:
        stores = () if self.stores is None else tuple(store.data for store in self.stores)
        return stores if any(store != Store() for store in stores) else ()

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        """The names of the integers each launch gives, in the order of the kernel's interface."""
        return (*self.template_attr.launch_parameters, *self.signature.launch_parameters)

    @property
    def epilogue_yield(self) -> YieldOp:
        """The terminator of the epilogue."""
        return yield_of(self.epilogue)

    def verify_(self) -> None:
        check_attributes(self)
        self._verify_operands()
        template, signature = self.template_attr, self.signature
        if not signature.outputs:
            raise VerifyException("a kernel needs at least one output")
        if template.has_accumulator and not signature.inputs:
            raise VerifyException(f"the template {template.family} needs an input to accumulate")
        for element in (*signature.inputs, *signature.outputs):
            compute_type(element)
        if self.stores is not None and len(self.stores) != len(signature.outputs):
            raise VerifyException(f"{len(signature.outputs)} outputs need as many stores, got {len(self.stores)}")
        if signature.accumulators not in (1, 2) or signature.general_rank < 0:
            raise VerifyException("a kernel has one or two accumulators, and no negative general_rank")
        accumulators = signature.accumulators * [compute_type(signature.inputs[0])] if template.has_accumulator else []
        for region, stage in zip(self.stages, signature.stages, strict=True):
            verify_epilogue(region, [*accumulators, *map(compute_type, stage.epilogue_operands)], 1)
        arguments = [*accumulators, *map(compute_type, signature.epilogue_operands)]
        verify_epilogue(self.epilogue, arguments, len(signature.outputs))
        try:
            target = Target.named(self.target.data)
        except BoltError as error:
            raise VerifyException(str(error)) from None
        template.check_legal(target, signature)
        if not template.has_epilogue and self.epilogue_yield.values[0] is not self.epilogue.block.args[0]:
            raise VerifyException(f"the template {template.family} stores its result as it is, without an epilogue")

    def _verify_operands(self) -> None:
        """Whether each epilogue has its operands, and each operand a broadcast kind."""
        if len(self.broadcasts) != len(self.epilogue_types):
            raise VerifyException("every epilogue operand needs a broadcast kind")
        counts = self.stage_operands.get_values()
        if len(counts) != len(self.stages):
            raise VerifyException(f"{len(self.stages)} stages need as many stage_operands, got {list(counts)}")
        if min(counts, default=0) < 0 or sum(counts) > len(self.epilogue_types):
            raise VerifyException(
                f"stage_operands = {list(counts)} take more than the {len(self.epilogue_types)} epilogue operands"
            )


@irdl_custom_directive
class LaunchArguments(CustomDirective):
    """Prints the launch's integers as `<m = 128, n = 64>`."""

    arguments: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        state.properties[self.arguments.name] = parse_integers(parser)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        arguments = self.arguments.get(op)
        if not isinstance(arguments, DictionaryAttr):
            return
        state.print_whitespace(printer)
        printer.print_string(integers_text(arguments))
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
        return integers_of(self.arguments)

    def verify_(self) -> None:
        check_attributes(self)
        for value in self.operands:
            memref_type(value)
        if not self.outputs:
            raise VerifyException("a launch needs at least one output")
        if self.kernel.nested_references.data:
            raise VerifyException(f"a kernel's symbol is one name, got {self.kernel}")
        check_integers(self.arguments)

    def check_against(self, kernel: KernelOp) -> None:
        """Whether this launch gives `kernel` what it takes.

        Raises:
            VerifyException: operand types, broadcast kinds or launch integers differ.
        """
        signature = kernel.signature
        for role, values, expected in (
            ("inputs", self.inputs, signature.inputs),
            ("epilogue operands", self.epilogue_operands, signature.all_epilogue_operands),
            ("outputs", self.outputs, signature.outputs),
        ):
            given = tuple(memref_type(value).element_type for value in values)
            if given != expected:
                listed = (", ".join(map(str, types)) for types in (given, expected))
                raise VerifyException("{} have elements ({}), the kernel takes ({})".format(role, *listed))
        if sorted(self.integers) != sorted(kernel.launch_parameters):
            raise VerifyException(
                f"launch arguments are {list(self.integers)}, the kernel takes {list(kernel.launch_parameters)}"
            )
        kernel.template_attr.check_launch(self.integers)

    def bytes_touched(self, kernel: KernelOp) -> int:
        """Bytes of device memory that the launch reads and writes, each once."""
        kinds = [memref_type(value) for value in self.operands]
        elements = [element_count(kind.get_shape()) for kind in kinds]
        for i, store in enumerate(kernel.signature.stores):
            if store.kind is StoreKind.PITCHED:
                elements[len(self.operands) - len(self.outputs) + i] = prod(kernel.result_extents(self.integers))
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
