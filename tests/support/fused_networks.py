"""Networks of fused kernels, built one by one, and whether passes leave what they compute."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp, TensorType, f16, f32
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from boltir.context import CompilerContext
from boltir.dialects.fused import Conv2dOp, DualGemmOp, FusedOp, GemmOp, YieldOp
from boltir.dialects.fused.scalar_builder import ScalarBuilder
from boltir.dialects.properties import bool_attr, ints
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


def product(
    network: Network, value: SSAValue, columns: int, kinds: Sequence[str] = (), *, column_major: bool = True
) -> SSAValue:
    """The matrix `value` times a new one; operands of these kinds are added."""
    depth = static_shape(value)[-1]
    b = network.argument(columns, depth) if column_major else network.argument(depth, columns)
    operands = _operands(network, static_shape(value)[:-1], columns, kinds)
    return network.add(
        GemmOp.build_kernel(
            [value, b],
            {"transpose_b": bool_attr(column_major)},
            result_element_types=[element_type(value)],
            epilogue_operands=operands,
            epilogue=epilogue(GemmOp, operands, 1),
        )
    )


def convolution(
    network: Network, value: SSAValue, columns: int, kinds: Sequence[str] = (), *, window: int = 1, stride: int = 1
) -> SSAValue:
    """The image `value` seen through windows, one at each `stride`-th pixel; operands of these kinds are added."""
    filter = network.argument(columns, window, window, static_shape(value)[-1])
    n, *extents, _ = static_shape(value)
    pixels = (n, *((extent - 1) // stride + 1 for extent in extents))
    operands = _operands(network, pixels, columns, kinds)
    return network.add(
        Conv2dOp.build_kernel(
            [value, filter],
            {"padding": ints([window // 2] * 4), "strides": ints([stride] * 2)},
            result_element_types=[element_type(value)],
            epilogue_operands=operands,
            epilogue=epilogue(Conv2dOp, operands, 1),
        )
    )


def _operands(network: Network, rows: Sequence[int], columns: int, kinds: Sequence[str]) -> list[SSAValue]:
    shapes = {"row": (columns,), "column": (*rows, 1), "scalar": (1,), "full": (*rows, columns)}
    return [network.argument(*shapes[kind]) for kind in kinds]


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
