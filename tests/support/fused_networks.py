"""Networks of fused kernels, built one by one, and whether passes leave what they compute."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp, TensorType, f16, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from boltir.context import CompilerContext
from boltir.dialects.fused import DualGemmOp, FusedOp, YieldOp
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.tensors import compute_type, element_type, static_shape
from boltir.interpreters import run
from boltir.interpreters.arrays import numpy_dtype
from boltir.weights import WeightStore

Array = npt.NDArray[np.generic]


class Network:
    """Builds `@main` kernel by kernel; every tensor that a kernel lacks becomes an argument."""

    def __init__(self, element: Attribute = f16) -> None:
        self.block, self.element = Block(), element

    def argument(self, *shape: int) -> SSAValue:
        return self.block.insert_arg(TensorType(self.element, shape), len(self.block.args))

    def add(self, op: Operation) -> SSAValue:
        self.block.add_op(op)
        return op.results[0]

    def finish(self, results: Sequence[SSAValue]) -> ModuleOp:
        self.block.add_op(ReturnOp(*results))
        types = ([argument.type for argument in self.block.args], [value.type for value in results])
        module = ModuleOp([FuncOp("main", types, Region(self.block))])
        module.verify()
        return module


def epilogue(kind: type[FusedOp], operands: Sequence[SSAValue], outputs: int) -> Region:
    """Output i is (i + 1) times the sum of the accumulators and all operands."""
    scalars = [f32] * (2 if kind is DualGemmOp else 1) + [compute_type(element_type(value)) for value in operands]
    block = Block(arg_types=scalars)
    build = ScalarBuilder(block)
    total = block.args[0]
    for argument in block.args[1:]:
        total = build.add(total, argument)
    values = [build.multiply(total, build.constant(i + 1)) for i in range(outputs)]
    block.add_op(YieldOp(operands=[values]))
    return Region(block)


def random_inputs(module: ModuleOp) -> list[Array]:
    """Small whole numbers, whose sums and products no type rounds."""
    random = np.random.default_rng(0)
    (function,) = module.ops
    assert isinstance(function, FuncOp)
    arguments = function.body.block.args
    return [random.integers(-2, 3, static_shape(value)).astype(numpy_dtype(element_type(value))) for value in arguments]


def outputs_after(module: ModuleOp, passes: Sequence[ModulePass], inputs: Sequence[Array]) -> list[Array]:
    """What a copy of `module` computes after `passes`."""
    changed, context = module.clone(), CompilerContext()
    for module_pass in passes:
        module_pass.apply(context, changed)
        changed.verify()
    return run(changed, inputs, WeightStore())


def same(module: ModuleOp, passes: Sequence[ModulePass]) -> None:
    """`passes` leave what `module` computes."""
    inputs = random_inputs(module)
    expected = run(module, inputs, WeightStore())
    for result, reference in zip(outputs_after(module, passes, inputs), expected, strict=True):
        np.testing.assert_array_equal(result, reference)
