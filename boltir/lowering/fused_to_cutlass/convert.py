"""fused -> cutlass: every kernel to be becomes a template instantiation and a launch on buffers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, MemRefType, ModuleOp, StringAttr, SymbolRefAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from boltir.context import remarks_of, weights_of
from boltir.dialects import cutlass, graph
from boltir.dialects.cutlass.kernel import KernelOp
from boltir.dialects.fused import ChainOp, FusedOp, ReshapeOp
from boltir.dialects.fused.origin import ORIGIN_ATTRIBUTE
from boltir.dialects.properties import int_attr
from boltir.dialects.tensors import tensor_type
from boltir.errors import UnsupportedError
from boltir.lowering.fused_to_cutlass.chains.problem import chain_signature, detach_operands
from boltir.lowering.fused_to_cutlass.in_place import is_in_place
from boltir.lowering.fused_to_cutlass.kernels import KernelTable, build_launch, kernel_signature
from boltir.lowering.fused_to_cutlass.results import copy_unwritten_results, result_origin
from boltir.lowering.fused_to_cutlass.select_templates import select_templates
from boltir.lowering.fused_to_cutlass.selection import Selection
from boltir.lowering.fused_to_cutlass.stores import in_place_concat
from boltir.remarks import Remarks, location_text
from boltir.target import Target
from boltir.weights import WeightStore


def buffer_type(value: SSAValue) -> MemRefType[Attribute]:
    """The memref that holds tensor `value`, densely in row-major order."""
    kind = tensor_type(value)
    return MemRefType(kind.element_type, kind.get_shape())


@dataclass
class FunctionConverter:
    """Rebuilds one function on memrefs: arguments first, then one argument per result."""

    function: FuncOp
    table: KernelTable
    weights: WeightStore
    remarks: Remarks
    buffers: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    block: Block = field(default_factory=Block)
    chosen: Mapping[FusedOp | ChainOp, Selection] = field(default_factory=dict[FusedOp | ChainOp, Selection])

    def convert(self) -> FuncOp:
        """The converted function; the old one is left without users, to be erased."""
        source = self.function.body.block
        terminator = source.last_op
        if not isinstance(terminator, ReturnOp):
            raise UnsupportedError("a network's function must end with func.return", where=self.function.sym_name.data)
        copy_unwritten_results(terminator)
        self.chosen = select_templates(self.function, self.table.target, self.remarks)
        results = tuple(terminator.arguments)
        types = [buffer_type(value) for value in (*source.args, *results)]
        self.block = Block(arg_types=types)
        for old, new in zip((*source.args, *results), self.block.args, strict=True):
            new.name_hint = old.name_hint
        self.buffers.update(zip(source.args, self.block.args, strict=False))
        self._place_results(results)
        for op in tuple(source.ops):
            self._convert_op(op)
        converted = FuncOp(self.function.sym_name.data, FunctionType.from_lists(types, []), Region(self.block))
        converted.attributes[cutlass.OUTPUTS_ATTRIBUTE] = int_attr(len(results))
        return converted

    def _place_results(self, results: Sequence[SSAValue]) -> None:
        """The kernels whose outputs are returned write straight into the function's arguments."""
        for value, argument in zip(results, self.block.args[len(self.block.args) - len(results) :], strict=True):
            origin = result_origin(value)
            if origin is not None:
                self.buffers[origin] = self._reinterpret(argument, buffer_type(origin))

    def _reinterpret(self, buffer: SSAValue, kind: MemRefType[Attribute]) -> SSAValue:
        if buffer.type == kind:
            return buffer
        op = cutlass.ReinterpretOp(operands=[buffer], result_types=[kind])
        self.block.add_op(op)
        return op.result

    def _convert_op(self, op: Operation) -> None:
        match op:
            case FusedOp():
                self._convert_kernel(op)
            case ChainOp():
                self._convert_chain(op)
            case ReshapeOp():
                self.buffers[op.output] = self._reinterpret(self.buffers[op.input], buffer_type(op.output))
            case graph.WeightOp():
                self._read_weight(op.result, op.weight_name)
            case graph.ConstantOp():
                from boltir.interpreters.arrays import dense_array

                self._read_weight(op.result, self.weights.add("constant", dense_array(op.value)))
            case ReturnOp():
                self.block.add_op(ReturnOp())
            case _:
                hint = "lower the module to the fused level first, with convert-graph-to-fused"
                raise UnsupportedError(
                    f"{op.name} is not of the fused level", where=location_text(op) or None, hint=hint
                )

    def _read_weight(self, value: SSAValue, name: str) -> None:
        op = cutlass.WeightOp(properties={"symbol": SymbolRefAttr(name)}, result_types=[buffer_type(value)])
        self.block.add_op(op)
        self.buffers[value] = op.result

    def _convert_kernel(self, op: FusedOp) -> None:
        if is_in_place(op):
            return
        selection = self.chosen[op]
        if (place := in_place_concat(op)) is not None:
            self.buffers[op.outputs[0]] = self._buffer_of(place[0].outputs[0])
        for output in op.outputs:
            self._buffer_of(output)
        signature = kernel_signature(op, selection.template)
        kernel = self.table.kernel_for(selection, signature, [op.detach_region(op.epilogue)])
        self._launch(op, kernel, op.inputs, op.epilogue_operands, op.outputs)

    def _convert_chain(self, chain: ChainOp) -> None:
        selection, signature = self.chosen[chain], chain_signature(chain.anchors)
        operands = detach_operands(chain)
        kernel = self.table.kernel_for(selection, signature, operands.epilogues)
        self._buffer_of(chain.output)
        self._launch(chain, kernel, operands.inputs, operands.epilogue_operands, (chain.output,))

    def _launch(self, op: FusedOp | ChainOp, kernel: KernelOp, *values: Sequence[SSAValue]) -> None:
        """Launch the kernel that `op` becomes; `values` are its inputs, epilogue operands and outputs."""
        inputs, operands, outputs = ([self.buffers[value] for value in group] for group in values)
        launch = build_launch(kernel, self.chosen[op], inputs, operands, outputs, location=op.location)
        if ORIGIN_ATTRIBUTE in op.attributes:
            launch.attributes[ORIGIN_ATTRIBUTE] = op.attributes[ORIGIN_ATTRIBUTE]
        self.block.add_op(launch)

    def _buffer_of(self, value: SSAValue) -> SSAValue:
        """The buffer of a kernel's output, which is allocated before the first launch that writes to it."""
        if value not in self.buffers:
            op = cutlass.AllocOp(result_types=[buffer_type(value)])
            op.result.name_hint = value.name_hint
            self.block.add_op(op)
            self.buffers[value] = op.result
        return self.buffers[value]


@dataclass(frozen=True)
class ConvertFusedToCutlassPass(ModulePass):
    """Makes launches on buffers of kernels, of the templates attached to them or that select-templates attaches."""

    name: ClassVar[str] = "convert-fused-to-cutlass"
    target: str = "sm_80"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        table = KernelTable(Target.named(self.target))
        op.attributes["cutlass.target"] = StringAttr(self.target)
        functions = [function for function in op.ops if isinstance(function, FuncOp) and function.body.blocks]
        for function in functions:
            converted = FunctionConverter(function, table, weights_of(ctx), remarks_of(ctx)).convert()
            Rewriter.insert_op(converted, InsertPoint.before(function))
            function.detach()
            function.erase(safe_erase=False)
        op.body.block.insert_ops_before(list(table.kernels.values()), next(iter(op.ops)))
