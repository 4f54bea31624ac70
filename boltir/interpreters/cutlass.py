"""The interpretation of the `cutlass` dialect: buffers in one arena, kernels on pointers and integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.chain import ChainAttr
from boltir.dialects.cutlass.kernel import KernelOp, LaunchOp
from boltir.dialects.cutlass.memory import AllocOp, ArenaOp, ReinterpretOp, ViewOp, WeightOp
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.fused.broadcast import Broadcast
from boltir.dialects.fused.linear import PAIR_GROUP
from boltir.errors import BoltError
from boltir.interpreters.arrays import Array, shape_and_dtype, widen
from boltir.interpreters.chain import last_product
from boltir.interpreters.epilogue import run_epilogue
from boltir.interpreters.launch import Anchored, Launch
from boltir.interpreters.launch_stores import poison_output, write_output
from boltir.interpreters.memory import flat, poisoned, strided_view
from boltir.interpreters.reference.linear import alternating
from boltir.interpreters.registry import require_type
from boltir.interpreters.templates import ANCHORS
from boltir.weights import WeightStore


@register_impls
@dataclass
class CutlassFunctions(InterpreterFunctions):
    """Every memref is a numpy view of the memory it names, so a wrong memory plan corrupts results here too."""

    weights: WeightStore
    kernels: dict[str, KernelOp] = field(default_factory=dict[str, KernelOp])

    @staticmethod
    def of(module: ModuleOp, weights: WeightStore) -> CutlassFunctions:
        """The functions for one module, whose kernels they look up."""
        kernels = {op.sym_name.data: op for op in module.ops if isinstance(op, KernelOp)}
        return CutlassFunctions(weights, kernels)

    @impl(ArenaOp)
    def run_arena(self, interpreter: Interpreter, op: ArenaOp, args: PythonValues) -> PythonValues:
        return (poisoned(*shape_and_dtype(op.result.type)),)

    @impl(AllocOp)
    def run_alloc(self, interpreter: Interpreter, op: AllocOp, args: PythonValues) -> PythonValues:
        return (poisoned(*shape_and_dtype(op.result.type)),)

    @impl(ViewOp)
    def run_view(self, interpreter: Interpreter, op: ViewOp, args: PythonValues) -> PythonValues:
        shape, dtype = shape_and_dtype(op.result.type)
        begin = op.offset.value.data
        end = begin + prod(shape) * dtype.itemsize
        return (args[0][begin:end].view(dtype).reshape(shape),)

    @impl(WeightOp)
    def run_weight(self, interpreter: Interpreter, op: WeightOp, args: PythonValues) -> PythonValues:
        array = self.weights.get(op.weight_name)
        require_type(array, op.result.type, f"weight @{op.weight_name}")
        return (array,)

    @impl(ReinterpretOp)
    def run_reinterpret(self, interpreter: Interpreter, op: ReinterpretOp, args: PythonValues) -> PythonValues:
        shape, dtype = shape_and_dtype(op.result.type)
        return (flat(args[0]).view(dtype).reshape(shape),)

    @impl(LaunchOp)
    def run_launch(self, interpreter: Interpreter, op: LaunchOp, args: PythonValues) -> PythonValues:
        kernel = self._kernel(op)
        inputs, operands = len(op.inputs), len(op.epilogue_operands)
        launch = Launch(
            op.kernel_name,
            kernel.template_attr.values(),
            op.integers,
            args[:inputs],
            args[inputs : inputs + operands],
            tuple(kind.data for kind in kernel.broadcasts),
            kernel.signature.output_stores,
        )
        _execute(interpreter, kernel, launch, args[inputs + operands :])
        return ()

    def _kernel(self, op: LaunchOp) -> KernelOp:
        if op.kernel_name not in self.kernels:
            raise BoltError(f"there is no cutlass.kernel @{op.kernel_name}")
        kernel = self.kernels[op.kernel_name]
        try:
            op.check_against(kernel)
        except VerifyException as error:
            raise BoltError(str(error), where=f"cutlass.launch @{op.kernel_name}") from error
        return kernel


def _execute(interpreter: Interpreter, kernel: KernelOp, launch: Launch, outputs: PythonValues) -> None:
    # A kernel's threads run in no order: an output that shares memory with an operand destroys it.
    signature = kernel.signature
    extents = kernel.result_extents(launch.integers) if signature.stores else ()
    for index, output in enumerate(outputs):
        poison_output(launch, index, output, extents)
    template = kernel.template_attr
    if template.family == "pointwise":
        shape, strides = launch.series("size"), None
        arguments = _pointwise_arguments(launch, shape)
    else:
        anchored, last = _anchored(interpreter, kernel, template, launch)
        accumulators = _accumulators(anchored.accumulator, signature.accumulators)
        shape, strides = accumulators[0].shape, anchored.strides
        count = len(last.epilogue_operands)
        arguments = [*accumulators, *(last.epilogue_operand(i, shape, strides) for i in range(count))]
    results = run_epilogue(interpreter, kernel.epilogue, arguments, shape)
    for index, (value, output) in enumerate(zip(results, outputs, strict=True)):
        values = value.reshape(extents) if extents else value
        write_output(launch, index, values, output, strides, template)


def _anchored(
    interpreter: Interpreter, kernel: KernelOp, template: TemplateAttr, launch: Launch
) -> tuple[Anchored, Launch]:
    """What is computed before the last epilogue, and the launch with that epilogue's operands."""
    if isinstance(template, ChainAttr):
        return last_product(interpreter, kernel, template, launch)
    if template.family not in ANCHORS:
        raise BoltError(f"the interpreter has no meaning for template {template.family}")
    return ANCHORS[template.family](launch), launch


def _accumulators(values: Array, count: int) -> Sequence[Array]:
    return (values,) if count == 1 else alternating(values, PAIR_GROUP)


def _pointwise_arguments(launch: Launch, shape: tuple[int, ...]) -> list[Array]:
    """Operands with an offset and strides of their own are read through them, the others as the result lies."""
    kinds = [*(Broadcast.FULL for _ in launch.inputs), *launch.broadcasts]
    arguments: list[Array] = []
    for index, buffer in enumerate((*launch.inputs, *launch.epilogue_operands)):
        role = f"cutlass.launch @{launch.kernel}, operand {index}"
        if f"x{index}_offset" in launch.integers:
            strides, offset = launch.series(f"x{index}_stride"), launch.integers[f"x{index}_offset"]
            view = strided_view(buffer, shape, strides, offset, role=role)
        else:
            view = strided_view(buffer, () if kinds[index] is Broadcast.SCALAR else shape, role=role)
        arguments.append(widen(view))
    return arguments
